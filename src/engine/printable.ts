/** Text of any origin for terminals and logs. */

/**
 * Text in which nothing is left that a terminal takes for an order: control characters (ECMA-48) but
 * for tabs and ends of lines, and what turns the direction of writing (Unicode UAX 9). They are shown
 * as escapes.
 */
export const printable = (text: string): string =>
  text.replace(/(?![\t\n])[\p{Cc}\p{Cf}\u2028\u2029]/gu, escaped);

/** The same for text on one line. */
export const onOneLine = (text: string): string => printable(text).replace(/[\t\n]/g, escaped);

const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[\\d{1,2}m)`);

/** The same for text that was coloured (SGR sequences of one number): the colours stay. */
export const printableInColour = (text: string): string =>
  text
    .split(COLOUR)
    .map((part, i) => (i % 2 === 1 ? part : printable(part)))
    .join('');
