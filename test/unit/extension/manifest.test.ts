/** package.json and the code say the same. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { extensionTexts } from '../../../scripts/l10n.mjs';

const registered: string[] = [];
const read = new Set<string>();

vi.mock('vscode', () => ({
  commands: {
    registerCommand: (id: string) => {
      registered.push(id);
      return { dispose: () => undefined };
    },
  },
  workspace: {
    getConfiguration: (section: string) => ({
      get: (key: string, fallback: unknown) => {
        read.add(`${section}.${key}`);
        return fallback;
      },
    }),
  },
  EventEmitter: class {},
  l10n: { t: (text: string) => text },
}));

interface Manifest {
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string; title: string; category: string }[];
    menus: Record<string, { command: string }[]>;
    configuration: { properties: Record<string, { scope: string; default: unknown }> };
    viewsWelcome: { contents: string }[];
    problemMatchers: {
      pattern: { regexp: string; file: number; line: number; column: number };
    }[];
    walkthroughs: { steps: { media: { svg: string }; completionEvents: string[] }[] }[];
  };
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const text = (file: string) => readFile(path.join(ROOT, file), 'utf8');
const json = async <T>(file: string) => JSON.parse(await text(file)) as T;

describe('the manifest', () => {
  let manifest: Manifest;
  let contributed: string[];

  beforeEach(async () => {
    manifest = await json<Manifest>('package.json');
    contributed = manifest.contributes.commands.map(({ command }) => command);
  });

  it('contributes every command that is registered, and only those', async () => {
    const { registerCommands } = await import('../../../src/extension/commands/index.ts');
    registered.length = 0;
    registerCommands({} as Parameters<typeof registerCommands>[0]);
    expect(registered.toSorted()).toEqual(contributed.toSorted());
  });

  it('declares every setting that is read, and only those', async () => {
    const { readSettings } = await import('../../../src/extension/settings.ts');
    readSettings(undefined);
    const { properties } = manifest.contributes.configuration;
    expect([...read].sort()).toEqual(Object.keys(properties).sort());
  });

  it('follows changes of settings that exist', async () => {
    const { OPTION_KEYS, PLACE_KEYS } = await import('../../../src/extension/settings.ts');
    const { properties } = manifest.contributes.configuration;
    const declared = Object.keys(properties);
    for (const key of [...OPTION_KEYS, ...PLACE_KEYS]) expect(declared).toContain(`spacer.${key}`);
    // The others act when they are next read.
    const others = declared.filter(
      (key) => ![...OPTION_KEYS, ...PLACE_KEYS].includes(key.slice('spacer.'.length)),
    );
    expect(others.sort()).toEqual([
      'spacer.jobs',
      'spacer.qemuArguments',
      'spacer.statusBar',
      'spacer.watch',
    ]);
  });

  it.each([
    ['FAILED httpd: /w/lib/a.c:12:1: undefined reference to `f`', '/w/lib/a.c', '12', '1'],
    ['spacer: /w/link.lds:3:7: a closing brace is missing', '/w/link.lds', '3', '7'],
    ['/w/b.S:4:1: relocation truncated to fit', '/w/b.S', '4', '1'],
  ])('has a problem matcher that reads "%s"', (line, file, row, column) => {
    const { pattern } = manifest.contributes.problemMatchers[0]!;
    const found = new RegExp(pattern.regexp).exec(line);
    expect([found?.[pattern.file], found?.[pattern.line], found?.[pattern.column]]).toEqual([
      file,
      row,
      column,
    ]);
  });

  it('has a problem matcher that takes nothing else for a problem', () => {
    const { pattern } = manifest.contributes.problemMatchers[0]!;
    for (const line of ['242 -> 133 distinct pages', 'Page map: /tmp/report.html', 'Layout: group'])
      expect(new RegExp(pattern.regexp).test(line), line).toBe(false);
  });

  it('gives settings the defaults that the code has', async () => {
    const { readSettings } = await import('../../../src/extension/settings.ts');
    const { DEFAULT_OPTIONS } = await import('../../../src/protocol/options.ts');
    expect(readSettings(undefined).options).toEqual(DEFAULT_OPTIONS);
  });

  it('restricts what runs tools to trusted workspaces and to the machine', () => {
    const { properties } = manifest.contributes.configuration;
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    const paths = Object.keys(properties).filter((key) => key.endsWith('Path'));
    expect(restrictedConfigurations).toEqual(expect.arrayContaining(paths));
    for (const key of paths) expect(properties[key]?.scope).toBe('machine-overridable');
    expect(restrictedConfigurations).toContain('spacer.allowed');
    expect(properties['spacer.allowed']?.scope).toBe('machine');
  });

  it('uses one category and the prefix spacer. everywhere', () => {
    const { commands, configuration } = manifest.contributes;
    expect(new Set(commands.map(({ category }) => category))).toEqual(new Set(['Spacer']));
    for (const id of [...contributed, ...Object.keys(configuration.properties)])
      expect(id).toMatch(/^spacer\./);
  });

  it('names only commands that exist in menus, welcome views and the walkthrough', async () => {
    const { menus, walkthroughs } = manifest.contributes;
    const used = Object.values(menus)
      .flat()
      .map(({ command }) => command);
    const nls = await text('package.nls.json');
    used.push(...[...nls.matchAll(/\(command:(spacer\.[\w.]+)/g)].map(([, id]) => id!));
    const events = walkthroughs.flatMap(({ steps }) =>
      steps.flatMap((step) => step.completionEvents),
    );
    used.push(...events.flatMap((event) => /^onCommand:(.+)$/.exec(event)?.[1] ?? []));
    expect(used.filter((id) => !contributed.includes(id))).toEqual([]);
  });

  it('does not start with every window', () => {
    expect(manifest.activationEvents).not.toContain('*');
    expect(manifest.activationEvents).not.toContain('onStartupFinished');
  });

  it('has all its texts in package.nls.json, and no others there', async () => {
    const nls = await json<Record<string, string>>('package.nls.json');
    const used = [...(await text('package.json')).matchAll(/"%([\w.-]+)%"/g)].map(
      ([, key]) => key!,
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(nls).sort());
  });

  it('has every text of the code in the bundle for translators', async () => {
    const bundle = await json<Record<string, string>>('l10n/bundle.l10n.json');
    expect(Object.keys(bundle).sort()).toEqual(await extensionTexts());
  });

  it('has a picture for each of at most five steps', () => {
    for (const { steps } of manifest.contributes.walkthroughs) {
      expect(steps.length).toBeLessThanOrEqual(5);
      for (const { media, completionEvents } of steps) {
        expect(existsSync(path.join(ROOT, media.svg)), media.svg).toBe(true);
        expect(completionEvents.length).toBeGreaterThan(0);
      }
    }
  });
});
