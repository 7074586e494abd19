/** The statement that puts one input section at its place. */
interface Placed {
  readonly address: number;
  /** A pattern that names the object and no other of the link. */
  readonly object: string;
  readonly section: string;
}

/** @param base address of the output section */
export function inputAt(body: Placed, base: number): string {
  return `. = ${`0x${(body.address - base).toString(16)}`}; ${body.object}(${quoted(body.section)})\n `;
}

/** ld reads these characters as parts of a name or a pattern without quotes. */
const PLAIN_NAME = /^[A-Za-z0-9_./+*?-]+$/;

/** Characters that would be a pattern are matched by `?`, any one character. */
function quoted(name: string): string {
  const exact = name.replace(/["*?[\]\\]/g, '?');
  return PLAIN_NAME.test(exact) ? exact : `"${exact}"`;
}
