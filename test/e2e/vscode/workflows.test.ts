/** What users do around an alignment, and what goes wrong there: in a real VS Code. */
import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningServer } from '../../../scripts/vscode/server.mjs';
import { Workbench } from './driver.ts';
import { createFixture, writeSettings, type Fixture } from './fixture.ts';
import { flagBox, settled } from './page-map.ts';

const PATIENCE = 60_000;

let fixture: Fixture;
let server: RunningServer;
beforeAll(async () => {
  fixture = await createFixture();
  server = await fixture.start();
}, 400_000);
afterAll(async () => {
  await fixture?.dispose();
});

/** Opens a window for one test or several, and expects no error in its console. */
async function open(target: string): Promise<Workbench> {
  return Workbench.open(fixture.browser, server.url, target);
}

describe('three unikernels', () => {
  let folder: string;
  let window: Workbench;

  beforeAll(async () => {
    folder = await fixture.workspace('three', ['hashfn', 'jsonfn', 'sched']);
    await writeTask(folder);
    window = await open(folder);
    await window.showView();
    await window.treeRow('sched').waitFor({ timeout: PATIENCE });
  }, 120_000);
  // Taken off the list, so that a test answers for its own errors alone.
  afterEach(() => {
    expect(window.errors.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await window?.close();
  });

  it('are aligned by a build task', async () => {
    await window.run('Tasks: Run Build Task');
    await expect.poll(() => exists(reportOf(folder)), { timeout: PATIENCE }).toBe(true);
    await window.treeRow(/hashfn.*% shared/).waitFor({ timeout: PATIENCE });
  });

  it('are aligned from the Explorer’s menu of a folder', async () => {
    const before = await reportTime(folder);
    await window.run('Explorer: Focus on Folders View');
    await window.chooseInMenu('apps', 'Align Unikernels');
    await window.notification(/3 unikernels aligned/).waitFor({ timeout: PATIENCE });
    expect(await reportTime(folder)).toBeGreaterThan(before);
    await window.dismissNotifications();
    await window.showView();
  });

  it('show what happened to a linker script', async () => {
    await window.chooseInMenu('hashfn', 'Open Linker Script');
    await window.page
      .locator('.tab', { hasText: 'hashfn: linker script, before ↔ after' })
      .waitFor({ timeout: PATIENCE });
    const inserted = window.page.locator('.monaco-diff-editor .line-insert').first();
    await inserted.waitFor({ state: 'attached', timeout: PATIENCE });
  });

  it('are proven the same programs, and compared with the least possible', async () => {
    await window.treeRow(/hashfn.*proven/).waitFor({ timeout: PATIENCE });
    await window.run('Spacer: Open Page Map');
    const frame = await window.shownPageMap();
    const { after } = await settled(frame, 'measured');
    const { bound } = JSON.parse(await readFile(reportOf(folder), 'utf8')) as Report;
    const ratio = (after / bound!.pages).toFixed(2);
    const text = `least possible ${bound!.pages} (${ratio}×)`;
    await frame.locator('.bound', { hasText: text }).waitFor({ timeout: PATIENCE });
  });

  it('have what limits their sharing explained, down to the option', async () => {
    await window.run('Spacer: Explain Sharing');
    const advice = window.page.locator('.pane', { hasText: 'What Limits Sharing' }).last();
    const row = (text: string) => advice.locator('.monaco-list-row', { hasText: text }).first();
    await row('libnolibc').locator('.monaco-tl-twistie').click({ timeout: PATIENCE });
    const option = 'CONFIG_LIBNOLIBC_FLOAT';
    // VS Code reads a list anew a moment after it is shown, and a click in between means nothing.
    await vi.waitFor(
      async () => {
        await row(option).click({ timeout: PATIENCE });
        await window.pick('jsonfn', 5000);
      },
      { timeout: PATIENCE },
    );
    await window.page.locator('.tab', { hasText: '.config' }).waitFor({ timeout: PATIENCE });
    const config = await readFile(path.join(folder, 'apps/jsonfn/.config'), 'utf8');
    const line = config.split('\n').findIndex((text) => text.startsWith(`${option}=`)) + 1;
    await window.page
      .locator('.statusbar-item', { hasText: `Ln ${line}, Col 1` })
      .waitFor({ timeout: PATIENCE });
    await row('libnolibc').click();
    const frame = await window.shownPageMap();
    const field = frame.locator('vscode-text-field.search');
    await expect
      .poll(() => field.getAttribute('current-value'), { timeout: PATIENCE })
      .toBe('libnolibc');
  });

  it('are left out where they are unchecked, also after a reload', async () => {
    await window.run('Spacer: Open Page Map');
    let frame = await window.shownPageMap();
    await window.treeRow('sched').locator('[role=checkbox], .monaco-checkbox').first().click();
    const picker = (count: number) =>
      frame.locator('.picker summary', { hasText: `${count} of 3` }).waitFor({ timeout: PATIENCE });
    await picker(2);
    await settled(frame, 'predicted');
    await window.run('Developer: Reload Window');
    await window.ready();
    frame = await window.shownPageMap();
    await picker(2);
    await window.showView();
    const box = window.treeRow('sched').locator('[role=checkbox], .monaco-checkbox').first();
    await expect.poll(() => box.getAttribute('aria-checked'), { timeout: PATIENCE }).toBe('false');
    await box.click();
    await picker(3);
  });

  it('follow the settings at once', async () => {
    const frame = await window.shownPageMap();
    await writeSettings(folder, { 'spacer.customLoader': true });
    const box = flagBox(frame, 'custom_loader');
    await expect.poll(() => box.getAttribute('aria-checked'), { timeout: PATIENCE }).toBe('true');
    await writeSettings(folder, { 'spacer.customLoader': false });
    await expect.poll(() => box.getAttribute('aria-checked'), { timeout: PATIENCE }).toBe('false');
    await settled(frame, 'predicted');
  });

  it('find their libraries from the tree', async () => {
    await window.treeRow('hashfn').locator('.monaco-tl-twistie').click();
    await window.treeRow('libhash').click({ timeout: PATIENCE });
    const frame = await window.shownPageMap();
    const field = frame.locator('vscode-text-field.search');
    await expect
      .poll(() => field.getAttribute('current-value'), { timeout: PATIENCE })
      .toBe('libhash');
    await frame.locator('.found', { hasText: /pages/ }).waitFor({ timeout: PATIENCE });
    await window.treeRow('hashfn').locator('.monaco-tl-twistie').click();
  });

  it('ignore messages that nobody of ours sent', async () => {
    const frame = await window.shownPageMap();
    for (const message of ['null', '"text"', '{ spacer: 99, kind: "request", id: 1 }', BROKEN])
      await frame.evaluate(`window.postMessage(${message}, '*')`);
    await frame.locator('.figures').waitFor();
    await frame.getByRole('button', { name: 'Zoom in' }).click();
    await frame.getByRole('button', { name: 'Fit all pages' }).click();
  });

  it.each([
    ['SVG', /^<svg|^<\?xml/],
    ['CSV', /^stage,|^unikernel|,/],
    ['JSON', /"spacer-page-map"/],
  ])('are exported as %s', async (form, start) => {
    await window.run('Spacer: Export Report');
    await window.pick(form);
    const target = path.join(fixture.folder, `export.${form.toLowerCase()}`);
    await window.answerFileDialog(target);
    await expect.poll(() => exists(target), { timeout: PATIENCE }).toBe(true);
    expect(await readFile(target, 'utf8')).toMatch(start);
    await window.dismissNotifications();
  });

  it('are run from another folder, and back', async () => {
    const target = path.join(fixture.folder, 'run');
    await mkdir(target, { recursive: true });
    await window.run('Spacer: Use Aligned Images');
    await window.pick('Copy images into a folder');
    await window.answerFileDialog(`${target}/`);
    await expect.poll(() => list(target), { timeout: PATIENCE }).toHaveLength(3);
    await window.dismissNotifications();
    await window.run('Spacer: Go Back to Original Images');
    await expect.poll(() => list(target), { timeout: PATIENCE }).toHaveLength(0);
    await window.dismissNotifications();
  });

  it('keep a layout that is locked', async () => {
    const lock = path.join(folder, 'spacer.lock.json');
    await window.run('Spacer: Lock Layout');
    await window.notification('holds the layout now').waitFor({ timeout: PATIENCE });
    expect(await exists(lock)).toBe(true);
    await window.dismissNotifications();
    await window.run('Spacer: Check Against Lock');
    await window.notification(/As the lock has it: 3 as locked/).waitFor({ timeout: PATIENCE });
    await window.dismissNotifications();
    await window.run('Spacer: Align Unikernels');
    await window.notification(/3 unikernels aligned/).waitFor({ timeout: PATIENCE });
    const { layout } = JSON.parse(await readFile(reportOf(folder), 'utf8')) as Report;
    expect(layout?.chosen).toBe('locked');
    await window.dismissNotifications();
    await window.run('Spacer: Relayout');
    const dialog = window.page.locator('.monaco-dialog-box', { hasText: 'By a fresh layout' });
    await dialog.locator('.monaco-button', { hasText: 'Cancel' }).click({ timeout: PATIENCE });
    await rm(lock);
  });

  it('are aligned anew when a build has finished, where that is wanted', async () => {
    await writeSettings(folder, { 'spacer.watch': true });
    const before = await reportTime(folder);
    await finishBuild(folder, 'hashfn');
    await expect.poll(() => reportTime(folder), { timeout: PATIENCE }).toBeGreaterThan(before);
    await expect.poll(() => window.page.locator('.notification-toast').count()).toBe(0);
    await writeSettings(folder, { 'spacer.watch': false });
  });

  it('say which tool is missing, and lose nothing', async () => {
    const before = await readFile(reportOf(folder), 'utf8');
    await writeSettings(folder, { 'spacer.gccPath': '/nowhere/gcc' });
    const message = window.page.locator('.pane-body .message', { hasText: 'gcc' }).first();
    await message.waitFor({ timeout: PATIENCE });
    await window.run('Spacer: Align Unikernels');
    await window.notification(/not installed: gcc/).waitFor({ timeout: PATIENCE });
    window.expectError(/not installed: gcc/);
    expect(await readFile(reportOf(folder), 'utf8')).toBe(before);
    await window.dismissNotifications();
    await writeSettings(folder, { 'spacer.gccPath': '' });
    await message.waitFor({ state: 'hidden', timeout: PATIENCE });
  });

  it('refuse an image that is not proven the same program, and say so', async () => {
    const image = path.join(folder, 'apps/sched/build/sched_qemu-x86_64');
    const good = path.join(fixture.built, path.relative(folder, image));
    for (const end of ['', '.dbg']) await changeByte(`${image}${end}`, `${good}${end}`);
    await window.run('Spacer: Align Unikernels');
    await window.notification(/1 of 3 .* not proven/).waitFor({ timeout: PATIENCE });
    window.expectError(/not proven/);
    await window.treeRow(/sched.*not proven/).waitFor({ timeout: PATIENCE });
    expect(await alignedIn(folder)).toEqual(['hashfn', 'jsonfn']);
    await window.dismissNotifications();
  });

  it('go on without one whose image is broken', async () => {
    await truncate(path.join(folder, 'apps/sched/build/sched_qemu-x86_64.dbg'), 1000);
    await window.run('Spacer: Refresh');
    await window.run('Spacer: Align Unikernels');
    await window
      .notification(/could not be aligned|2 unikernels aligned/)
      .waitFor({ timeout: PATIENCE });
    const row = window.treeRow(/sched.*damaged/);
    await row.waitFor({ timeout: PATIENCE });
    expect(await alignedIn(folder)).toEqual(['hashfn', 'jsonfn']);
    await window.dismissNotifications();
  });

  it('are not there any more once their folder is gone', async () => {
    await rm(folder, { recursive: true, force: true });
    await window.run('Spacer: Refresh');
    await window.page
      .locator('.pane-body .welcome-view-content', { hasText: /could not be read|no Unikraft/ })
      .first()
      .waitFor({ timeout: PATIENCE });
  });
});

describe('two Unikraft workspaces in one window', () => {
  it('are two sets, and a page map goes with its folder', async () => {
    const one = await fixture.workspace('one', ['hashfn', 'jsonfn']);
    const two = await fixture.workspace('two', ['kvstore', 'lispfn']);
    const file = path.join(fixture.folder, 'both.code-workspace');
    await writeFile(file, JSON.stringify({ folders: [{ path: one }, { path: two }] }));
    const window = await Workbench.open(fixture.browser, server.url, file);
    await window.showView();
    await window.treeRow(/^one/).waitFor({ timeout: PATIENCE });
    for (const name of ['hashfn', 'jsonfn', 'two', 'kvstore', 'lispfn'])
      await window.treeRow(name).waitFor({ timeout: PATIENCE });
    await window.run('Spacer: Align Unikernels');
    await window.pick('two');
    await window.notification(/2 unikernels aligned/).waitFor({ timeout: PATIENCE });
    expect(await list(one)).not.toContain('.spacer');
    expect(await exists(reportOf(two))).toBe(true);
    await window.dismissNotifications();
    await window.chooseInMenu('kvstore', 'Show in Page Map');
    await window.shownPageMap();
    const tab = window.page.locator('.tab', { hasText: 'Page Map: two' });
    await tab.waitFor({ timeout: PATIENCE });
    await writeFile(file, JSON.stringify({ folders: [{ path: one }] }));
    await tab.waitFor({ state: 'detached', timeout: PATIENCE });
    await window.treeRow('hashfn').waitFor({ timeout: PATIENCE });
    expect(window.errors).toEqual([]);
    await window.close();
  });
});

describe('a folder without unikernels', () => {
  it('says what to do next', async () => {
    const folder = path.join(fixture.folder, 'empty');
    await writeSettings(folder, {});
    const window = await open(folder);
    await window.showView();
    const welcome = window.page.locator('.welcome-view-content').first();
    await welcome
      .getByRole('button', { name: 'Create Sample Workspace' })
      .waitFor({ timeout: PATIENCE });
    await window.run('Spacer: Align Unikernels');
    await window.notification('no Unikraft unikernel').waitFor({ timeout: PATIENCE });
    await window.dismissNotifications();
    await window.run('Spacer: Get Started');
    await window.page
      .getByRole('button', { name: /Look at a page map/ })
      .first()
      .waitFor({ timeout: PATIENCE });
    expect(window.errors).toEqual([]);
    await window.close();
  });
});

/** A message of this protocol whose content is not. */
const BROKEN = '{ spacer: 1, kind: "request", id: 7, method: "pageMap", params: { pages: 3 } }';

interface Report {
  readonly layout?: { readonly chosen: string };
  readonly bound?: { readonly pages: number };
  readonly unikernels: readonly { name: string; after?: unknown }[];
}

const reportOf = (folder: string) => path.join(folder, '.spacer/report.json');
/** Names of the unikernels that the last alignment delivered. */
async function alignedIn(folder: string): Promise<string[]> {
  const { unikernels } = JSON.parse(await readFile(reportOf(folder), 'utf8')) as Report;
  return unikernels.filter(({ after }) => after).map(({ name }) => name);
}
const list = (folder: string) => readdir(folder).catch((): string[] => []);
const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
const reportTime = (folder: string) =>
  stat(reportOf(folder)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

/** Tasks as a user writes them: the default one of a build. */
async function writeTask(folder: string): Promise<void> {
  const task = { type: 'spacer', action: 'align', label: 'align', group: DEFAULT_BUILD };
  await writeSettings(folder, {});
  const text = JSON.stringify({ version: '2.0.0', tasks: [task] });
  await writeFile(path.join(folder, '.vscode/tasks.json'), text);
}
const DEFAULT_BUILD = { kind: 'build', isDefault: true };

/** Another program: a byte of its loaded text is a different one than `good` has. */
async function changeByte(file: string, good: string): Promise<void> {
  const bytes = await readFile(good);
  bytes[0x3000]! ^= 1;
  await writeFile(file, bytes);
}

/** The last thing that a build does is to write its image. */
async function finishBuild(folder: string, name: string): Promise<void> {
  const build = path.join(folder, 'apps', name, 'build');
  const now = new Date();
  for (const file of await readdir(build))
    if (file.startsWith(`${name}_qemu-x86_64`)) await utimes(path.join(build, file), now, now);
}
