/**
 * Wildcards as ld matches them: fnmatch(3) without flags (`*` also matches `/` and a leading dot),
 * behind a literal prefix and before a literal suffix that are compared first.
 *
 * A pattern is split at its stars; each piece is looked for from left to right and only the last
 * star's piece is ever tried again, so that no pattern takes more than length x length steps.
 */

/** What one character of a name must be: the character itself, any, or one of a set. */
type Part = string | typeof ANY | ((code: number) => boolean);
const ANY = Symbol('?');
const STAR = Symbol('*');

/** Whether the pattern has any wildcard at all. */
export function hasWildcard(pattern: string): boolean {
  return /[?*[]/.test(pattern);
}

/** A matcher of names for a section pattern, with ld's shortcuts and what follows from them. */
export function sectionMatcher(pattern: string): (name: string) => boolean {
  const prefix = pattern.slice(0, pattern.search(/[?*[]|$/));
  const rest = pattern.slice(prefix.length);
  if (rest === '') return (name) => name === pattern;
  const suffix = rest.slice(rest.search(/[^?*\]]*$/));
  // Prefix and suffix may overlap here: ld lets `.a*.a` match `.a`.
  if (rest === `*${suffix}`) {
    return (name) => name.startsWith(prefix) && name.endsWith(suffix);
  }
  const match = fnmatch(rest);
  return (name) =>
    name.startsWith(prefix) && name.endsWith(suffix) && match(name.slice(prefix.length));
}

/** A matcher of whole names for a pattern of files. */
export function fileMatcher(pattern: string): (name: string) => boolean {
  return hasWildcard(pattern) ? fnmatch(pattern) : (name) => name === pattern;
}

function fnmatch(pattern: string): (name: string) => boolean {
  const parts = compile(pattern);
  return (name) => matches(parts, name);
}

function matches(parts: readonly (Part | typeof STAR)[], name: string): boolean {
  let part = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    const wanted = parts[part];
    if (wanted === STAR) {
      star = part;
      resume = at;
      part += 1;
    } else if (wanted !== undefined && fits(wanted, name, at)) {
      part += 1;
      at += 1;
    } else if (star >= 0) {
      part = star + 1;
      resume += 1;
      at = resume;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((left) => left === STAR);
}

function fits(part: Part, name: string, at: number): boolean {
  if (part === ANY) return true;
  if (typeof part === 'string') return part === name[at];
  return typeof part === 'function' && part(name.charCodeAt(at));
}

function compile(pattern: string): (Part | typeof STAR)[] {
  const parts: (Part | typeof STAR)[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    if (character === '*') parts.push(STAR);
    else if (character === '?') parts.push(ANY);
    else if (character === '[') {
      const set = compileSet(pattern, at);
      parts.push(set?.part ?? '[');
      at = set?.last ?? at;
    } else if (character === '\\' && at + 1 < pattern.length) {
      at += 1;
      parts.push(pattern[at] ?? '');
    } else parts.push(character);
  }
  return parts;
}

/** A bracket expression that begins at `from`; undefined where it has no end and is literal. */
function compileSet(pattern: string, from: number): { part: Part; last: number } | undefined {
  let at = from + 1;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  if (negated) at += 1;
  const ranges: [number, number][] = [];
  for (let first = true; ; first = false) {
    if (at >= pattern.length) return undefined;
    if (pattern[at] === ']' && !first) break;
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(at, at + 16));
    if (named?.[1] !== undefined) {
      ranges.push(...(CLASSES.get(named[1]) ?? []));
      at += named[0].length;
      continue;
    }
    if (pattern[at] === '\\') at += 1;
    const low = pattern.charCodeAt(at);
    at += 1;
    if (pattern[at] === '-' && at + 1 < pattern.length && pattern[at + 1] !== ']') {
      ranges.push([low, pattern.charCodeAt(at + 1)]);
      at += 2;
    } else ranges.push([low, low]);
  }
  const part = (code: number) =>
    ranges.some(([low, high]) => code >= low && code <= high) !== negated;
  return { part, last: at };
}

const range = (low: string, high: string): [number, number] => [
  low.charCodeAt(0),
  high.charCodeAt(0),
];
const DIGIT = [range('0', '9')];
const UPPER = [range('A', 'Z')];
const LOWER = [range('a', 'z')];
const CLASSES: ReadonlyMap<string, [number, number][]> = new Map([
  ['digit', DIGIT],
  ['upper', UPPER],
  ['lower', LOWER],
  ['alpha', [...UPPER, ...LOWER]],
  ['alnum', [...DIGIT, ...UPPER, ...LOWER]],
  ['xdigit', [...DIGIT, range('A', 'F'), range('a', 'f')]],
  ['space', [range('\t', '\r'), range(' ', ' ')]],
  ['punct', [range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')]],
]);
