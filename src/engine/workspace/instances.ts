/**
 * Names of the images that are made of one unikernel: its own where there is one of it, else the
 * name with a number each, from 1 on.
 */
export function instanceNames(name: string, count = 1): string[] {
  if (count === 1) return [name];
  return Array.from({ length: count }, (_, i) => `${name}-${i + 1}`);
}
