/**
 * Recorded shell text to argument arrays, without a shell.
 *
 * Builds record what they ran as text for `sh`: one tool, sometimes several joined by `&&`, and
 * sometimes a filter behind a pipe that only hides warnings. That much is understood here; the
 * filters are dropped, and everything else (expansions, redirections into files, subshells) is
 * refused, because guessing would run something that the build never ran.
 *
 * The only place that knows `shlex`. It decodes one quoted or plain piece at a time: over a whole
 * word it unescapes across the borders of quotes, and it has no operators.
 */
import { split } from 'shlex';
import { SpacerError } from '../errors.ts';
import type { Place } from '../errors.ts';

interface Word {
  readonly kind: 'word';
  readonly text: string;
  /** No part of it was quoted or escaped: it may be a keyword such as `{`. */
  readonly plain: boolean;
}
interface Operator {
  readonly kind: 'operator';
  readonly text: '&&' | '||' | '|' | ';';
}
type Token = Word | Operator;

const OPERATORS = /&&|\|\||\||;|\n/y;
const DUPLICATE = /[0-9]?>&[0-9](?![^\s;|&])|[0-9]?>\s*\/dev\/null(?![^\s;|&])/y;
const SINGLE = /'[^']*'/y;
const DOUBLE = /"(?:[^"\\$`]|\\[^$`\n])*"/y;
const ESCAPED = /\\[^\n]/y;
const PLAIN = /[^\s'"\\&|;<>()$`#{}]+/y;
const HASH = /#/y;
const BRACE = /[{}](?=[\s;]|$)/y;
const CONTINUED = /\\\r?\n/y;
const BLANK = /(?:[ \t\r]|\\\r?\n)+/y;

/** Filters that only read their input and print some of it: a build can do without them. */
const FILTERS = new Set(['grep', 'egrep', 'fgrep', 'cat']);

/**
 * Splits recorded shell text into the commands that it runs one after the other.
 *
 * @param text contents of a `.cmd` file, or one line that `make` printed
 * @param place where the text stands, for errors
 * @throws SpacerError `link-record-unreadable` on anything that is not understood
 */
export function splitCommands(text: string, place: Place = {}): string[][] {
  return new Reader(tokenize(text, place), place).commands();
}

/** Splits the contents of a response file: words only, no operators. */
export function splitWords(text: string, place: Place = {}): string[] {
  try {
    return split(text);
  } catch (error) {
    throw unreadable('a quotation in it never ends', place, error);
  }
}

function unreadable(what: string, place: Place, cause?: unknown): SpacerError {
  const text = `The recorded command cannot be replayed: ${what}.`;
  return new SpacerError('link-record-unreadable', text, place, { cause });
}

function tokenize(text: string, place: Place): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < text.length) {
    if (take(BLANK) !== undefined || take(DUPLICATE) !== undefined) continue;
    const operator = take(OPERATORS);
    if (operator !== undefined) {
      tokens.push({ kind: 'operator', text: operator === '\n' ? ';' : (operator as ';') });
      continue;
    }
    const brace = take(BRACE);
    const word: Word | undefined =
      brace === undefined ? takeWord(take) : { kind: 'word', text: brace, plain: true };
    if (word === undefined) throw unreadable(refusal(text.slice(at)), place);
    tokens.push(word);
  }
  return tokens;
}

function takeWord(take: (pattern: RegExp) => string | undefined): Word | undefined {
  let decoded: string | undefined;
  let plain = true;
  for (;;) {
    if (decoded !== undefined && take(CONTINUED) !== undefined) continue;
    const bare = take(PLAIN) ?? (decoded === undefined ? undefined : take(HASH));
    const piece = bare ?? take(SINGLE) ?? take(DOUBLE) ?? take(ESCAPED);
    if (piece === undefined) break;
    plain &&= bare !== undefined;
    decoded = (decoded ?? '') + (bare ?? split(piece)[0] ?? '');
  }
  return decoded === undefined ? undefined : { kind: 'word', text: decoded, plain };
}

function refusal(rest: string): string {
  const first = rest.charAt(0);
  if (first === '"' || first === "'") {
    return `a quotation in it never ends, or holds an expansion (${excerpt(rest)})`;
  }
  if (first === '>' || first === '<') return `it redirects to or from a file (${excerpt(rest)})`;
  return `"${first}" has a meaning for the shell that Spacer does not replay (${excerpt(rest)})`;
}

function excerpt(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 40 ? `${line.slice(0, 40)}...` : line;
}

/** commands := pipeline ((`&&` | `;`) pipeline)*;  pipeline := words (`|` filter)* */
class Reader {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly place: Place,
  ) {}

  commands(): string[][] {
    const result: string[][] = [];
    while (this.at < this.tokens.length) {
      const words = this.words();
      while (this.accept('|')) this.filter();
      if (words.length > 0) result.push(words);
      const next = this.tokens[this.at];
      if (next === undefined) break;
      if (!this.accept('&&') && !this.accept(';')) {
        throw unreadable(`"${next.text}" after a command is not understood`, this.place);
      }
    }
    return result;
  }

  private words(): string[] {
    const words: string[] = [];
    for (let token = this.tokens[this.at]; token?.kind === 'word'; token = this.tokens[this.at]) {
      if (token.plain && (token.text === '{' || token.text === '}')) {
        throw unreadable(`"${token.text}" is not understood here`, this.place);
      }
      words.push(token.text);
      this.at++;
    }
    // An empty cross-compile prefix leaves an empty word where it does not touch the tool's name.
    while (words[0] === '') words.shift();
    return words;
  }

  /** `grep ...`, or `{ grep ... || true; }`. */
  private filter(): void {
    const grouped = this.acceptWord('{');
    const tool = this.words()[0] ?? '';
    if (!FILTERS.has(tool.slice(tool.lastIndexOf('/') + 1))) {
      throw unreadable(`its output goes through "${tool}"`, this.place);
    }
    if (this.accept('||') && this.words().join(' ') !== 'true') {
      throw unreadable('a filter is followed by another command', this.place);
    }
    if (!grouped) return;
    this.accept(';');
    if (!this.acceptWord('}')) throw unreadable('a group of commands never ends', this.place);
  }

  private accept(text: Operator['text']): boolean {
    const token = this.tokens[this.at];
    const matches = token?.kind === 'operator' && token.text === text;
    if (matches) this.at++;
    return matches;
  }

  private acceptWord(text: string): boolean {
    const token = this.tokens[this.at];
    const matches = token?.kind === 'word' && token.plain && token.text === text;
    if (matches) this.at++;
    return matches;
  }
}
