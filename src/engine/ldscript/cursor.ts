/** The parser's place in the token stream, with what all parts of the grammar share. */
import type { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { LexMode } from './tokenizer.ts';
import { Tokenizer } from './tokenizer.ts';
import type { NodeRange, Token } from './types.ts';

export class Cursor {
  readonly tokenizer: Tokenizer;
  private depth = 0;

  constructor(text: string, file: string) {
    this.tokenizer = new Tokenizer(text, file);
  }

  /** Index that the next token will have: where a node begins. */
  mark(): number {
    return this.tokenizer.tokens.length;
  }

  /** The range from the token `first` to the last one taken. */
  range(first: number): NodeRange {
    const { tokens } = this.tokenizer;
    const last = tokens.length - 1;
    return { first, last, start: tokens[first]?.start ?? 0, end: tokens[last]?.end ?? 0 };
  }

  peek(mode: LexMode): Token {
    return this.tokenizer.peek(mode);
  }

  take(mode: LexMode): Token {
    return this.tokenizer.take(mode);
  }

  /** Whether the next token is this punctuation or this unquoted word. */
  at(mode: LexMode, text: string): boolean {
    const token = this.peek(mode);
    return token.kind !== 'string' && token.kind !== 'end' && token.text === text;
  }

  accept(mode: LexMode, text: string): boolean {
    if (!this.at(mode, text)) return false;
    this.take(mode);
    return true;
  }

  expect(mode: LexMode, text: string, where: string): Token {
    if (!this.at(mode, text)) throw this.expected(`'${text}' ${where}`, mode);
    return this.take(mode);
  }

  atName(mode: LexMode): boolean {
    const { kind } = this.peek(mode);
    return kind === 'name' || kind === 'string';
  }

  /** Takes a name, quoted or not, and returns it without its quotes. */
  name(mode: LexMode, what: string): string {
    if (!this.atName(mode)) throw this.expected(what, mode);
    const token = this.take(mode);
    return token.kind === 'string' ? token.text.slice(1, -1) : token.text;
  }

  /** `( name )` */
  parenthesizedName(mode: LexMode, where: string, what: string): string {
    this.expect(mode, '(', where);
    const name = this.name(mode, what);
    this.expect(mode, ')', `after ${what}`);
    return name;
  }

  /** Takes tokens as text up to the brace that closes the one just taken. */
  skipBraces(where: string): void {
    for (let open = 1; open > 0;) {
      const token = this.peek('raw');
      if (token.kind === 'end') throw this.expected(`'}' ${where}`, 'raw');
      this.take('raw');
      if (token.kind === 'punctuation' && token.text === '{') open += 1;
      if (token.kind === 'punctuation' && token.text === '}') open -= 1;
    }
  }

  /** Runs one level of recursion. */
  nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > LIMITS.depth.script)
      throw this.error(`nesting is deeper than ${LIMITS.depth.script} levels`);
    const result = parse();
    this.depth -= 1;
    return result;
  }

  expected(what: string, mode: LexMode): SpacerError {
    const token = this.peek(mode);
    const found = token.kind === 'end' ? 'the end of the script' : `'${shorten(token.text)}'`;
    return this.tokenizer.error(`expected ${what}, found ${found}`, token.start);
  }

  /** An error at the last token taken. */
  error(text: string): SpacerError {
    return this.tokenizer.error(text, this.tokenizer.tokens.at(-1)?.start ?? 0);
  }
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
