/** The product as its users meet it: the packaged extension in a real VS Code. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../../scripts/vscode/server.mjs';
import { Workbench } from './driver.ts';
import { alignByCommand, createFixture, writeSettings, type Fixture } from './fixture.ts';
import {
  checkFlag,
  chooseFlag,
  flagBox,
  headline,
  relinkButton,
  setLocation,
  settled,
  toggle,
} from './page-map.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
}, 400_000);
afterAll(async () => {
  await fixture?.dispose();
});

const THEMES = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  'high-contrast': 'Default High Contrast',
  'high-contrast-light': 'Default High Contrast Light',
} as const;

type Act = (frame: Frame) => Promise<void>;

const chosen = (name: string, on: string, off: string): [string, Act, Act] => [
  name,
  (frame) => chooseFlag(frame, name, on),
  (frame) => chooseFlag(frame, name, off),
];
const checked = (name: string): [string, Act, Act] => [
  name,
  (frame) => checkFlag(frame, name),
  (frame) => checkFlag(frame, name),
];

/** Every flag of the page map that changes the sample's; those of randomised addresses with it on. */
const FLAGS: [string, Act, Act][] = [
  checked('custom_loader'),
  chosen('granularity', 'library', 'auto'),
  chosen('layout', 'group', 'auto'),
  chosen('align', 'on', 'auto'),
  chosen('group', 'off', 'auto'),
  chosen('effort', 'none', 'usual'),
  [
    'location counter',
    (frame) => setLocation(frame, '0x200000'),
    (frame) => setLocation(frame, ''),
  ],
  chosen('instances', '2', '1'),
  chosen('aslr', 'table', 'off'),
  randomised('aslr_map', (frame) => checkFlag(frame, 'aslr_map')),
  randomised('aslr-blocks', (frame, back) =>
    chooseFlag(frame, 'aslr-blocks', back ? 'one' : 'library'),
  ),
  randomised('aslr_same_mapping', async (frame, back) => {
    if (back) await chooseFlag(frame, 'aslr-blocks', 'one');
    await checkFlag(frame, 'aslr_same_mapping');
    if (!back) await chooseFlag(frame, 'aslr-blocks', '4');
  }),
];

function randomised(
  name: string,
  change: (frame: Frame, back: boolean) => Promise<void>,
): [string, Act, Act] {
  return [
    name,
    async (frame) => {
      await chooseFlag(frame, 'aslr', 'randomised');
      await change(frame, false);
    },
    async (frame) => {
      await change(frame, true);
      await chooseFlag(frame, 'aslr', 'off');
    },
  ];
}

/** What is painted, whatever the figures say. */
const pictureOf = (frame: Frame) =>
  frame.evaluate<string>('document.querySelector(".cells").toDataURL()');

describe('a trusted workspace', () => {
  let server: RunningServer;
  let folder: string;
  let window: Workbench;
  let expected: { before: number; after: number };

  beforeAll(async () => {
    server = await fixture.start();
    folder = await fixture.workspace('sample-ws');
    const document = await alignByCommand(await fixture.workspace('by-command'));
    expect(document.failures).toEqual([]);
    expected = { before: document.totals.before!.distinct, after: document.totals.after!.distinct };
    window = await Workbench.open(fixture.browser, server.url, folder);
  }, 200_000);
  afterEach(() => {
    expect(window.errors).toEqual([]);
  });

  it('shows the unikernels in a tree of its own', async () => {
    await window.showView();
    await window.treeRow('httpd').waitFor({ timeout: 30_000 });
    const row = window.treeRow('httpd');
    await expect
      .poll(() => row.locator('.monaco-checkbox, [role=checkbox]').first().isVisible())
      .toBe(true);
    await row.locator('.monaco-tl-twistie').click();
    await window.page
      .locator('.pane-body .monaco-list-row', { hasText: /in all|only here/ })
      .first()
      .waitFor({ timeout: 30_000 });
    await row.locator('.monaco-tl-twistie').click();
  });

  it('aligns on a click and says the same as the command', async () => {
    await window.treeRow('httpd').hover();
    await window.page
      .locator('.pane-header, .composite.title')
      .locator('a[aria-label^="Align Unikernels"]')
      .first()
      .click();
    const notification = window.notification(/unikernels aligned/);
    await notification.waitFor({ timeout: 120_000 });
    await notification.hover();
    await notification
      .locator('a.monaco-button, .monaco-button', { hasText: 'Open Page Map' })
      .click();
    const frame = await window.shownPageMap();
    const { before, after, mark } = await settled(frame, 'measured');
    expect({ before, after }).toEqual(expected);
    expect(mark).toBe('measured');
    expect(after).toBeLessThan(before);
    await window.dismissNotifications();
    await window.screenshot('aligned');
  });

  it.each(FLAGS)('shows what the flag %s would bring', async (name, on, off) => {
    const frame = await window.shownPageMap();
    const { before, after } = await headline(frame);
    const picture = await pictureOf(frame);
    const time = await toggle(frame, () => on(frame));
    console.log(`first prediction after toggling ${name}: ${time.toFixed(0)} ms`);
    const predicted = await settled(frame, 'predicted');
    if (name !== 'instances') expect(predicted.before).toBe(before);
    expect(await pictureOf(frame)).not.toBe(picture);
    if (name === 'align') await window.screenshot('predicted');
    await toggle(frame, () => off(frame));
    expect((await settled(frame, 'predicted')).after).toBe(after);
  });

  it('says why a flag changes nothing, or cannot be', async () => {
    const frame = await window.shownPageMap();
    await checkFlag(frame, 'copy_objs');
    await frame
      .locator('.notice summary', { hasText: /^copy_objs: 0 objects unified, \d+ libraries/ })
      .waitFor({ timeout: 30_000 });
    await checkFlag(frame, 'copy_objs');
    await settled(frame, 'predicted');
    const said = frame.locator('.plan-failure');
    await setLocation(frame, '0x1000');
    await said.filter({ hasText: 'lies below the link' }).waitFor({ timeout: 30_000 });
    await setLocation(frame, '');
    await checkFlag(frame, 'custom_loader');
    await chooseFlag(frame, 'aslr', 'table');
    await said.filter({ hasText: 'cannot be combined with --aslr' }).waitFor({ timeout: 30_000 });
    expect(await axe(frame)).toEqual([]);
    await chooseFlag(frame, 'aslr', 'off');
    await checkFlag(frame, 'custom_loader');
    await settled(frame, 'predicted');
  });

  it('draws other positions, and shows that contents stay', async () => {
    const frame = await window.shownPageMap();
    await toggle(frame, () => chooseFlag(frame, 'aslr', 'randomised'));
    const first = await settled(frame, 'predicted');
    await frame.locator('.randomness', { hasText: 'bits of entropy' }).waitFor();
    await frame.locator('.legend-entry', { hasText: 'Stubs and tables' }).waitFor();
    const picture = await pictureOf(frame);
    await window.screenshot('randomised');
    await toggle(frame, () => frame.getByRole('button', { name: 'Re-randomise' }).click());
    expect((await settled(frame, 'predicted')).after).toBe(first.after);
    expect(await pictureOf(frame)).not.toBe(picture);
    await window.run('Spacer: Page Map: Compare Layouts of Two Unikernels');
    const facts = frame.locator('.compare-facts', { hasText: 'at another address' });
    await facts.waitFor({ timeout: 10_000 });
    await window.screenshot('two-layouts');
    expect(await axe(frame)).toEqual([]);
    await window.run('Spacer: Page Map: Compare Layouts of Two Unikernels');
    await toggle(frame, () => chooseFlag(frame, 'aslr', 'off'));
    await settled(frame, 'predicted');
  });

  it('leaves out a unikernel that is not to take part', async () => {
    const frame = await window.shownPageMap();
    const all = await headline(frame);
    await frame.locator('details.picker summary').click();
    await toggle(frame, () => checkFlag(frame, 'httpd'));
    expect((await settled(frame, 'predicted')).before).toBeLessThan(all.before);
    await toggle(frame, () => checkFlag(frame, 'httpd'));
    await settled(frame, 'predicted');
    await frame.locator('details.picker summary').click();
  });

  it('makes the plan that is shown real', async () => {
    const frame = await window.shownPageMap();
    await toggle(frame, () => checkFlag(frame, 'custom_loader'));
    const predicted = await settled(frame, 'predicted');
    await relinkButton(frame).click();
    const measured = await settled(frame, 'measured');
    expect(measured.after).toBe(predicted.after);
    const report = await readReport(folder);
    expect(report).toMatchObject({ options: { custom_loader: true } });
  });

  it('comes back after a reload with its flags, zoom and selection', async () => {
    let frame = await window.shownPageMap();
    await frame.getByRole('button', { name: 'Zoom in' }).click();
    await frame.locator('#map').focus();
    for (const key of ['Home', 'ArrowRight', 'Enter']) await window.page.keyboard.press(key);
    await frame.waitForSelector('.details h2');
    const title = await frame.locator('.details h2').textContent();
    await frame.waitForTimeout(1000);
    await window.run('Developer: Reload Window');
    await window.page.waitForTimeout(3000);
    await window.ready();
    frame = await window.shownPageMap();
    await frame.waitForSelector('.details h2', { timeout: 30_000 });
    await expect.poll(() => frame.locator('.details h2').textContent()).toBe(title);
    const box = flagBox(frame, 'custom_loader');
    await expect.poll(() => box.getAttribute('aria-checked')).toBe('true');
    await window.screenshot('reloaded');
    await frame.getByRole('button', { name: 'Fit all pages' }).click();
  });

  it('leaves nothing behind when it is cancelled midway', async () => {
    const before = await readReport(folder);
    await window.run('Spacer: Align Unikernels');
    const progress = window.page
      .locator('.notification-list-item', { hasText: /Aligning/ })
      .first();
    await progress.waitFor({ timeout: 30_000 });
    await progress.hover();
    await progress.locator('.monaco-button', { hasText: 'Cancel' }).click();
    await progress.waitFor({ state: 'detached', timeout: 30_000 });
    await window.page.waitForTimeout(1500);
    const left = await readdir(path.join(folder, '.spacer'));
    expect(left.filter((name) => name.startsWith('.staging') || name.endsWith('.tmp'))).toEqual([]);
    expect(await readReport(folder)).toEqual(before);
  });

  it('can be used with the keyboard alone', async () => {
    const frame = await window.shownPageMap();
    await frame.locator('#map').focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'Enter'])
      await window.page.keyboard.press(key);
    await frame.locator('.details h2').waitFor({ timeout: 5000 });
    await window.page.keyboard.press('Escape');
    await frame.locator('.details h2').waitFor({ state: 'hidden', timeout: 5000 });
    expect(await frame.evaluate('document.activeElement?.id')).toBe('map');
    await window.run('Spacer: Page Map: Switch Between Map and Table');
    await frame.locator('table').first().waitFor({ timeout: 5000 });
    await window.run('Spacer: Page Map: Switch Between Map and Table');
  });

  it.each(Object.entries(THEMES))(
    'suits a %s theme, and axe finds nothing',
    async (kind, theme) => {
      await writeSettings(folder, { 'workbench.colorTheme': theme });
      const frame = await window.shownPageMap();
      await frame.waitForSelector(`body.vscode-${kind}`, { timeout: 20_000 });
      await frame.waitForTimeout(500);
      await window.showView();
      await window.screenshot(`theme-${kind}`);
      expect(await axe(frame)).toEqual([]);
    },
  );

  it('exports the report that it shows', async () => {
    await window.run('Spacer: Export Report');
    await window.pick('HTML');
    const target = path.join(fixture.folder, 'export.html');
    await window.answerFileDialog(target);
    await window.notification('export.html was written').waitFor({ timeout: 30_000 });
    expect(await readFile(target, 'utf8')).toContain('spacer-page-map');
    await window.dismissNotifications();
  });

  it('notes how long its activation took', async () => {
    await window.run('Spacer: Show Log');
    const line = window.page.locator('.view-line', { hasText: 'Activated in' }).first();
    await line.waitFor({ timeout: 20_000 });
    const text = ((await line.textContent()) ?? '').replaceAll('\u00a0', ' ');
    const time = Number(/Activated in ([\d.]+)/.exec(text)?.[1]);
    console.log(`activation: ${time} ms`);
    expect(time).toBeGreaterThan(0);
  });

  it('says what is wrong with a broken report', async () => {
    await writeFile(path.join(folder, 'report.json'), '{"format": "spacer-page-map"');
    await window.run('Spacer: Open Report');
    await window.answerFileDialog(path.join(folder, 'report.json'));
    const frame = await window.pageMap();
    await frame
      .locator('.failure', { hasText: 'not a Spacer report' })
      .waitFor({ timeout: 20_000 });
  });
});

describe('an untrusted workspace', () => {
  it('is analysed, and nothing is run in it', async () => {
    const server = await fixture.start({ trust: false });
    const folder = await fixture.workspace('untrusted-ws');
    const window = await Workbench.open(fixture.browser, server.url, folder);
    const question = window.page.locator('.monaco-dialog-box .monaco-button', {
      hasText: /No, I don't trust/,
    });
    await question.click({ timeout: 30_000 });
    await window.showView();
    await window.treeRow('httpd').waitFor({ timeout: 30_000 });
    await window.run('Spacer: Open Page Map');
    const frame = await window.shownPageMap();
    const relink = relinkButton(frame);
    await expect.poll(() => relink.getAttribute('disabled')).not.toBeNull();
    await expect.poll(() => relink.getAttribute('title')).toContain('not trusted');
    expect(await window.offers('Spacer: Align Unikernels')).toBe(false);
    await settled(frame, 'predicted');
    await window.screenshot('untrusted');
    expect(await readdir(folder)).not.toContain('.spacer');
    await window.run('Spacer: Open Sample Report');
    await window.page.locator('.tab', { hasText: 'Page Map: Sample' }).waitFor({ timeout: 20_000 });
    await settled(await window.shownPageMap(), 'measured');
    expect(window.errors).toEqual([]);
  });
});

async function readReport(folder: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(folder, '.spacer/report.json'), 'utf8'));
}

/** What axe finds in a page, in short. */
async function axe(frame: Frame): Promise<string[]> {
  const source = await readFile(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
  );
  await frame.evaluate(source);
  const { violations } = await frame.evaluate<AxeResult>('axe.run()');
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
}

interface AxeResult {
  readonly violations: readonly { id: string; nodes: { target: string[] }[] }[];
}
