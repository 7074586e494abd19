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
    expect(await row.locator('.monaco-checkbox, [role=checkbox]').first().isVisible()).toBe(true);
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

  it('predicts each flag at once, and exactly after a moment', async () => {
    const frame = await window.shownPageMap();
    const measured = await headline(frame);
    const flags: [string, () => Promise<void>, () => Promise<void>][] = [
      [
        'custom_loader',
        () => checkFlag(frame, 'custom_loader'),
        () => checkFlag(frame, 'custom_loader'),
      ],
      [
        'granularity',
        () => chooseFlag(frame, 'granularity', 'library'),
        () => chooseFlag(frame, 'granularity', 'auto'),
      ],
      [
        'aslr',
        () => chooseFlag(frame, 'aslr', 'randomised'),
        () => chooseFlag(frame, 'aslr', 'off'),
      ],
      ['align', () => chooseFlag(frame, 'align', 'on'), () => chooseFlag(frame, 'align', 'auto')],
      ['group', () => chooseFlag(frame, 'group', 'off'), () => chooseFlag(frame, 'group', 'auto')],
    ];
    for (const [name, on, off] of flags) {
      const time = await toggle(frame, on);
      console.log(`first prediction after toggling ${name}: ${time.toFixed(0)} ms`);
      const predicted = await settled(frame, 'predicted');
      expect(predicted.before, name).toBe(measured.before);
      expect(predicted.after, name).not.toBe(measured.after);
      if (name === 'align') await window.screenshot('predicted');
      await toggle(frame, off);
      expect((await settled(frame, 'predicted')).after, `${name} off`).toBe(measured.after);
    }
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
    expect(await frame.locator('.details h2').textContent()).toBe(title);
    const box = flagBox(frame, 'custom_loader');
    expect(await box.getAttribute('aria-checked')).toBe('true');
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
    expect(await relink.getAttribute('disabled')).not.toBeNull();
    expect(await relink.getAttribute('title')).toContain('not trusted');
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
