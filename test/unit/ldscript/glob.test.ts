import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileMatcher, sectionMatcher } from '../../../src/engine/ldscript/glob.ts';

describe('patterns of sections', () => {
  it.each([
    ['.text', '.text', true],
    ['.text', '.text.a', false],
    ['.text.*', '.text.', true],
    ['.text*', '.text', true],
    ['*', '', true],
    ['.uk_inittab[1-6][0-9]', '.uk_inittab42', true],
    ['.uk_inittab[1-6][0-9]', '.uk_inittab7', false],
    ['[!.]*', 'plain', true],
    ['[^.]*', '.dot', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*.a.*.b', 'x.a.y.a.z.b', true],
    ['.a*.a', '.a', true],
    ['[]x]', ']', true],
    ['[a-]', '-', true],
    ['[[:digit:]x]*', '7up', true],
    ['[[:upper:]]', 'a', false],
    ['[open', '[open', true],
    ['x[open', 'xo', false],
    ['*\\*', 'a*', true],
    ['*\\*', 'ab', false],
    ['?\\[[a]', 'x[a', true],
  ])('%s matches %s: %s', (pattern, name, expected) => {
    expect(sectionMatcher(pattern)(name)).toBe(expected);
  });

  // Trying every split would not end before the test's time is up.
  it('does not try every way to split a name', () => {
    expect(sectionMatcher(`${'*a'.repeat(300)}b?`)('a'.repeat(20_000))).toBe(false);
  });
});

describe('patterns of files', () => {
  it('match as the shell does, which is fnmatch without flags', () => {
    const piece = fc.constantFrom('a', 'b', '/', '.', '*', '?', '[ab]', '[!a]', '[a-c]', 'x');
    const letter = fc.constantFrom('a', 'b', 'c', 'x', '/', '.');
    const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((all) => all.join(''));
    const name = fc.array(letter, { minLength: 1, maxLength: 6 }).map((all) => all.join(''));
    const cases = fc.sample(fc.tuple(pattern, name), 300);
    const script = cases
      .map(([glob, text]) => `case '${text}' in ${glob}) echo true;; *) echo false;; esac`)
      .join('\n');
    const answers = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n');
    cases.forEach(([glob, text], index) => {
      expect([glob, text, fileMatcher(glob)(text)]).toEqual([
        glob,
        text,
        answers[index] === 'true',
      ]);
    });
  });
});
