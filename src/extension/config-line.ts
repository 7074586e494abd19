/**
 * The line of an option in a configuration, from 0: `CONFIG_A=y` or `# CONFIG_A is not set`
 * (Kconfig's syntax), or the same in a header. The first line where the option is not mentioned.
 */
export function lineOfOption(text: string, option: string): number {
  const isNamed = new RegExp(`^(?:# |#define |#undef )?${option}(?:[ =]|$)`);
  return Math.max(
    0,
    text.split('\n').findIndex((line) => isNamed.test(line)),
  );
}
