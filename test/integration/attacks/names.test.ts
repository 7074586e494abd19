/** Names of symbols, sections, files and libraries that are orders to whoever shows them. */
import { mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkMarkdown } from '../../../src/cli/lock-words.ts';
import { SpacerError } from '../../../src/engine/errors.ts';
import { printableInColour } from '../../../src/engine/printable.ts';
import { csvParts } from '../../../src/engine/report/csv.ts';
import { renderSvg } from '../../../src/engine/report/svg.ts';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { spacer } from '../../support/cli.ts';
import { copyOfSample } from '../../support/sample.ts';
import { makeFleet } from '../../unit/webview/fleet.ts';

const TERMINAL = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\u202eevil';
const MARKUP = `</text></svg><script>alert(1)</script><img src=x onerror="alert(1)">'&`;

/** A page map in which every name is what is given. */
function named(name: string): PageMapDocument {
  const fleet = makeFleet({ unikernels: 2, pages: 10 });
  const text = JSON.stringify(fleet, (key, value: unknown) =>
    ['name', 'library', 'section'].includes(key) && typeof value === 'string'
      ? `${name}${value}`
      : value,
  );
  return JSON.parse(text) as PageMapDocument;
}

describe('in a terminal', () => {
  it('orders are shown, not given; colours of our own stay', () => {
    const shown = printableInColour(`\u001b[1mbold\u001b[22m ${TERMINAL}\n`);
    expect(shown).toBe(
      '\u001b[1mbold\u001b[22m \\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{9b}31m\\u{d}\\u{202e}evil\n',
    );
  });

  it('errors hold none, in their text or their place', () => {
    const error = new SpacerError('elf-value', `has ${TERMINAL}`, {
      file: `/a\n${TERMINAL}`,
      offset: 1,
    });
    expect(error.message).toMatch(/^[\x20-\x7e]*$/);
    expect(error.text).toMatch(/^[\x20-\x7e]*$/);
  });

  it(
    'a workspace with such names is aligned and reported without them',
    { timeout: 60_000 },
    async () => {
      const workspace = await copyOfSample(['hashfn']);
      const folder = path.join(workspace, `a${TERMINAL}\u0008`);
      mkdirSync(folder);
      renameSync(path.join(workspace, 'apps/hashfn'), path.join(folder, `b${TERMINAL}`));
      const { stdout, stderr } = await spacer(['-w', workspace, '-v', '--effort', '0']);
      expect(`${stdout}${stderr}`).not.toMatch(/(?![\t\n])[\p{Cc}\p{Cf}]/u);
      expect(`${stdout}${stderr}`.length).toBeGreaterThan(50);
    },
  );
});

describe('markup', () => {
  it('in SVG is text', () => {
    const svg = renderSvg(named(MARKUP));
    expect(svg).not.toMatch(/<(script|img)/);
    expect(svg).toContain('&lt;script&gt;');
    expect(svg.match(/<\/svg>/g)).toHaveLength(1);
  });

  it.each(['=cmd|calc', '+1', '-1', '@SUM(1)', '\t=1', '\r=1', '\n=1'])(
    'in CSV is no formula: %j',
    (name) => {
      const csv = [...csvParts(named(name))].join('');
      const fields = csv.split(/,|\r\n/).map((field) => field.replace(/^"/, ''));
      expect(fields.filter((field) => /^[=+@\t]|^-(?!1$)/.test(field))).toEqual([]);
      expect(csv).toContain(`'${name}`);
    },
  );

  it('in Markdown is text', () => {
    const document = { ...makeFleet({ unikernels: 1, pages: 2 }), failures: [] };
    const name = 'x|\\|<b>`![a](http://evil/)www.evil.org *b* @everyone';
    const markdown = checkMarkdown(
      { drift: [{ name, state: 'new', changes: [] }], document } as never,
      [{ code: 'not-locked', name }],
      undefined,
    );
    const said = markdown.split('\n').filter((line) => line.includes('evil'));
    expect(said).toHaveLength(2);
    for (const line of said) {
      expect(line).not.toMatch(/(?<!\\)(?:\\\\)*[<`[\]*]/);
      expect(line).not.toMatch(/:\/\/|www\.|@everyone/);
    }
    expect(said[1]!.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(3);
  });
});
