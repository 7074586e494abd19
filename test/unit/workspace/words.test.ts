import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCommands } from '../../../src/engine/link/words.ts';

const refused = expect.objectContaining({ code: 'link-record-unreadable' }) as Error;

describe('splitCommands', () => {
  it('drops an empty cross-compile prefix, touching the tool or not', () => {
    expect(splitCommands('""gcc -o a b\n')).toEqual([['gcc', '-o', 'a', 'b']]);
    expect(splitCommands('"" gcc -o a b')).toEqual([['gcc', '-o', 'a', 'b']]);
    expect(splitCommands('"x86_64-elf-"gcc a')).toEqual([['x86_64-elf-gcc', 'a']]);
  });

  it('joins continued lines and keeps empty arguments', () => {
    expect(splitCommands('gcc a \\\n  b "" c\\\nd')).toEqual([['gcc', 'a', 'b', '', 'cd']]);
  });

  it('takes commands one after the other', () => {
    const text =
      'mkbootinfo.py a b -a "x86_64" && ""objcopy a --update-section .x=b; strip a\nnm a';
    expect(splitCommands(text)).toEqual([
      ['mkbootinfo.py', 'a', 'b', '-a', 'x86_64'],
      ['objcopy', 'a', '--update-section', '.x=b'],
      ['strip', 'a'],
      ['nm', 'a'],
    ]);
  });

  it.each([
    'strip -s a -o b 2>&1 | { grep -Ev "Empty loadable|section.*lma.*adjusted to.*" || true; }',
    'strip -s a -o b 2>&1 | { grep -v "Empty" || true; }',
    "strip -s a -o b 2>&1|/bin/grep -v 'x|y' || true",
    'strip -s a -o b >/dev/null 2>&1',
    'strip -s a -o b 2> /dev/null | cat',
  ])('drops filters that only hide output: %s', (text) => {
    expect(splitCommands(text)).toEqual([['strip', '-s', 'a', '-o', 'b']]);
  });

  it('goes on after a filter', () => {
    const text = 'uk.py a && objcopy a 2>&1 | { grep -v "x" || true; } && strip a';
    expect(splitCommands(text)).toEqual([
      ['uk.py', 'a'],
      ['objcopy', 'a'],
      ['strip', 'a'],
    ]);
  });

  it.each([
    'gcc $(cat args)',
    'gcc `cat args`',
    'gcc $HOME/a.o',
    'gcc "$HOME/a.o"',
    'gcc "`id`"',
    'gcc a > b',
    'gcc a >> b',
    'gcc < a',
    'gcc a &',
    '(gcc a)',
    'gcc a || gcc b',
    'gcc a | tee b',
    'gcc a | sh',
    'gcc a | { grep x || rm b; }',
    'gcc a | { grep x || true; gcc b',
    'gcc a | grep x || rm b',
    '{ gcc a; }',
    'gcc {a,b}.o',
    'gcc "a',
    "gcc 'a",
    'gcc a # b',
    'gcc a\\',
    'gcc "a\\$b"',
  ])('refuses what it does not understand: %s', (text) => {
    expect(() => splitCommands(text, { file: '/b/x.cmd' })).toThrow(refused);
  });

  it('names the file in its errors', () => {
    expect(() => splitCommands('a | b', { file: '/b/x.cmd' })).toThrow(/^\/b\/x\.cmd: .*"b"/);
  });

  it('agrees with sh on what it accepts', () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9_./=,:@+%^-]{1,8}$/),
      fc.stringMatching(/^'[ -&(-~]{0,6}'$/),
      fc.stringMatching(/^"[ !#%-[\]^_a-~]{0,6}"$/),
      fc.constantFrom(
        '""',
        "''",
        '\\ ',
        '\\\\',
        "\\'",
        '"\\""',
        '"\\\\"',
        '\\&',
        '"a\\b"',
        '"\\|"',
      ),
    );
    const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
    const line = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(line, (text) => {
        const args = `x ${text}`;
        const script = `for a do printf '%s\\0' "$a"; done`;
        const said = execFileSync('sh', ['-fc', `set -- ${args}; ${script}`]).toString();
        expect(splitCommands(args)).toEqual([said.split('\0').slice(0, -1)]);
      }),
      { numRuns: 300 },
    );
  });

  it('never fails but with its own error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab \'"\\|&;{}<>$`()#\n2>1/') }), (text) => {
        try {
          splitCommands(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'SpacerError', code: 'link-record-unreadable' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
