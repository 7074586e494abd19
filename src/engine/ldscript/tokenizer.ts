/**
 * What one character sequence means depends on where it stands: `a-b` is a difference in an
 * expression, one name in a list of input sections; `*` multiplies here and matches there. So there
 * is no one pass that turns the text into tokens: the parser asks for the next token in a mode, and
 * a token that was looked at in one mode is read again when the parser wants it in another. The modes
 * and their character sets are those of GNU ld 2.40.
 */
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Token, TokenKind } from './types.ts';

export type LexMode =
  /** Commands, names of output sections, left sides of assignments. */
  | 'script'
  | 'expression'
  /** Inside the braces of an output section. */
  | 'wild'
  /** Inside INPUT(...) and GROUP(...). */
  | 'files'
  /** Inside what is kept as text: VERSION, OVERLAY. */
  | 'raw';

/** A longest-match rule of one mode. Patterns are sticky and linear. */
interface Rule {
  readonly kind: TokenKind;
  readonly pattern: RegExp;
}

const QUOTED: Rule = { kind: 'string', pattern: /"[^"]*"/y };
const ASSIGN = /<<=|>>=|[-+*/&|]=/y;
const NUMBER: Rule = { kind: 'number', pattern: /(?:(?:\$|0[xX])[0-9A-Fa-f]+|[0-9]+)[MKmk]?/y };
const punctuation = (pattern: RegExp): Rule => ({ kind: 'punctuation', pattern });
const name = (pattern: RegExp): Rule => ({ kind: 'name', pattern });

/** In a mode the longest match wins; of two equally long ones, the first. */
const RULES: Record<LexMode, readonly Rule[]> = {
  script: [
    NUMBER,
    punctuation(ASSIGN),
    punctuation(/[>,~!+=}{)(:;-]/y),
    name(/[_a-zA-Z/.\\$~][_a-zA-Z0-9/.\\$~\-+:[\],=]*/y),
    QUOTED,
  ],
  expression: [
    { kind: 'number', pattern: /[0-9A-Fa-f]+[HhXxBbOoDd]/y },
    NUMBER,
    punctuation(ASSIGN),
    punctuation(/\|\||==|!=|>=|<=|<<|>>|&&|[>,&|~!?*+\-/%<=}{)(:;]/y),
    name(/[_a-zA-Z.\\$][_a-zA-Z0-9/.\\$~]*/y),
    name(/\/DISCARD\//y),
    QUOTED,
  ],
  wild: [
    punctuation(ASSIGN),
    punctuation(/[\][&=}{)(;]/y),
    name(/[_a-zA-Z0-9/.\\$~\-+:[\],=?*^!]+/y),
    QUOTED,
  ],
  files: [
    punctuation(/[,)(]/y),
    name(/=?[_a-zA-Z/.\\$~][_a-zA-Z0-9/.\\$~\-+:[\],=]*/y),
    name(/-l[_a-zA-Z0-9/.\\$~\-+:[\],=]+/y),
    QUOTED,
  ],
  raw: [punctuation(/[{}()]/y), name(/[^\s{}()"/#]+|\//y), QUOTED],
};

/** Reads tokens from one text, in the mode that its user asks for. */
export class Tokenizer {
  /** Tokens taken so far. */
  readonly tokens: Token[] = [];
  private position = 0;
  private ahead: { mode: LexMode; token: Token } | undefined;

  constructor(
    readonly text: string,
    readonly file: string,
  ) {
    if (text.length > LIMITS.bytes.script) {
      throw new SpacerError('script-syntax', 'the linker script is longer than 4 MiB', { file });
    }
  }

  /** The next token as `mode` reads it, without taking it. */
  peek(mode: LexMode): Token {
    if (this.ahead?.mode !== mode) this.ahead = { mode, token: this.read(mode) };
    return this.ahead.token;
  }

  take(mode: LexMode): Token {
    const token = this.peek(mode);
    this.tokens.push(token);
    this.position = token.end;
    this.ahead = undefined;
    return token;
  }

  /** The word that stands behind an offset and its trivia; empty where there is none. */
  wordAfter(offset: number): string {
    WORD.lastIndex = this.skipTrivia(offset);
    return WORD.exec(this.text)?.[0] ?? '';
  }

  /** An error at an offset of the text. */
  error(text: string, offset: number): SpacerError {
    return syntaxError(this.text, this.file, text, offset);
  }

  private read(mode: LexMode): Token {
    const start = this.skipTrivia(this.position);
    const leading = this.text.slice(this.position, start);
    if (start === this.text.length) return { kind: 'end', leading, text: '', start, end: start };
    let best: { kind: TokenKind; end: number } | undefined;
    for (const { kind, pattern } of RULES[mode]) {
      pattern.lastIndex = start;
      if (!pattern.test(this.text)) continue;
      if (best === undefined || pattern.lastIndex > best.end)
        best = { kind, end: pattern.lastIndex };
    }
    if (best === undefined) throw this.unreadable(start);
    return {
      kind: best.kind,
      leading,
      text: this.text.slice(start, best.end),
      start,
      end: best.end,
    };
  }

  private unreadable(offset: number): SpacerError {
    const character = String.fromCodePoint(this.text.codePointAt(offset) ?? 0);
    if (character === '"') return this.error('this quoted name has no end', offset);
    return this.error(`the character ${JSON.stringify(character)} cannot stand here`, offset);
  }

  /** Past white space, comments and `#` lines (line markers of the preprocessor). */
  private skipTrivia(from: number): number {
    let at = from;
    for (;;) {
      SPACE.lastIndex = at;
      if (SPACE.test(this.text)) at = SPACE.lastIndex;
      if (this.text.startsWith('/*', at)) {
        const end = this.text.indexOf('*/', at + 2);
        if (end < 0) throw this.error('this comment has no end', at);
        at = end + 2;
      } else if (this.text[at] === '#') {
        const end = this.text.indexOf('\n', at);
        at = end < 0 ? this.text.length : end;
      } else {
        return at;
      }
    }
  }
}

const WORD = /[A-Z]+(?![_a-zA-Z0-9/.\\$~])|\)/y;
const SPACE = /[ \t\r\n\f\v]*/y;

/** A `script-syntax` error with line and column of an offset. */
export function syntaxError(text: string, file: string, what: string, offset: number): SpacerError {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  return new SpacerError('script-syntax', what, { file, line, column });
}

const SUFFIX = new Map([
  ['h', 16],
  ['x', 16],
  ['o', 8],
  ['b', 2],
  ['d', 10],
]);

/** The value of a number token, as ld reads it: `0x10`, `$10`, `10h`, `010`, `4K`, `2M`. */
export function numberValue(text: string): bigint {
  const last = text.slice(-1).toLowerCase();
  if (last === 'k' || last === 'm') {
    return numberValue(text.slice(0, -1)) << (last === 'k' ? 10n : 20n);
  }
  if (text.startsWith('$')) return digits(text.slice(1), 16);
  if (/^0[xX][0-9A-Fa-f]+$/.test(text)) return digits(text.slice(2), 16);
  const base = SUFFIX.get(last);
  if (base !== undefined && !/^[0-9]+$/.test(text)) return digits(text.slice(0, -1), base);
  return digits(text, text.startsWith('0') ? 8 : 10);
}

/** The leading digits of that base: what follows them is ignored, as ld does. */
function digits(text: string, base: number): bigint {
  let value = 0n;
  for (const character of text) {
    const digit = Number.parseInt(character, 16);
    if (!(digit < base)) break;
    value = value * BigInt(base) + BigInt(digit);
  }
  return BigInt.asUintN(64, value);
}
