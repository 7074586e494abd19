/** The page map with a host behind it: options, prediction, relink, and what a reload brings back. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** A host that answers with made-up page maps, and lets the test finish or fail a relink. */
const HOST = `
import { startApp } from './webview/app.ts';
import { registerControls } from './webview/controls.ts';
import { packPageMap } from './src/protocol/packed/pack.ts';
import { toBuffer } from './src/protocol/packed/buffer.ts';
import { DEFAULT_OPTIONS } from './src/protocol/options.ts';
import { makeFleet } from './test/unit/webview/fleet.ts';
registerControls();
document.body.className = 'vscode-light';
const measured = makeFleet({ unikernels: 8, pages: 70 });
const names = measured.unikernels.map(({ name }) => name);
const calls = (window.calls = []);
const later = { available: false, reason: 'Comes with a later version' };
const key = 'saved';
startApp(document.getElementById('spacer'), packPageMap(measured), {
  capabilities: {
    options: { copyObjects: later },
    predict: { available: true },
    relink: { available: true },
    reveal: { available: true },
  },
  request: { options: DEFAULT_OPTIONS, unikernels: names },
  candidates: names,
  predict: async (request) => {
    calls.push(request);
    const seed = calls.length + 3;
    const pages = makeFleet({ unikernels: 8, pages: 70, seed, stages: ['before', 'predicted'] });
    return { pages: toBuffer(packPageMap(pages)), refining: false };
  },
  relink: (request, signal, progress) =>
    new Promise((finish, fail) => {
      progress({ text: 'Linking hello', done: 0.5 });
      Object.assign(window, { finish: () => finish(toBuffer(packPageMap(measured))), fail: (m) => fail(new Error(m)) });
      signal.addEventListener('abort', () => (window.aborted = true));
    }),
  reveal: async (name) => calls.push(name),
  onPageMap: () => {},
  load: () => JSON.parse(sessionStorage.getItem(key)),
  save: (view) => sessionStorage.setItem(key, JSON.stringify(view)),
});
`;

let folder: string;
let browser: Browser;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spacer-options-'));
  const common = { absWorkingDir: root, bundle: true, write: false, format: 'esm' } as const;
  const script = await build({
    ...common,
    stdin: { contents: HOST, resolveDir: root, loader: 'ts' },
  });
  const style = await build({ ...common, entryPoints: ['webview/styles/page.css'] });
  const theme = await readFile(join(root, 'src/engine/report/theme.css'), 'utf8');
  const html =
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Page map</title>' +
    `<style>${theme}${style.outputFiles[0]?.text ?? ''}</style><div id="spacer"></div>` +
    `<script type="module">${script.outputFiles[0]?.text ?? ''}</script></html>`;
  await writeFile(join(folder, 'page.html'), html);
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
});

afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(pathToFileURL(join(folder, 'page.html')).href);
  await page.locator('.figures').waitFor();
  return async () => {
    await page.close();
    expect(errors.splice(0)).toEqual([]);
  };
});

const mark = () => page.locator('.mark').textContent();
/** What the page asked of the host, once it has asked that often. */
async function call(index: number) {
  await page.waitForFunction(`calls.length > ${index}`);
  type Request = { options: Record<string, unknown>; unikernels: string[] };
  return page.evaluate<Request>(`calls[${index}]`);
}

async function choose(name: string, value: string): Promise<void> {
  await page.getByRole('combobox', { name, exact: true }).click();
  const option = page.getByRole('option', { name: value, exact: true });
  await option.filter({ visible: true }).click();
}

it('each option asks for a prediction, marked as one', async () => {
  expect(await mark()).toBe('measured');
  await page.getByRole('combobox', { name: 'group' }).click();
  await page.getByRole('option', { name: 'on' }).first().click();
  await expect.poll(mark).toBe('predicted');
  expect((await call(0)).options).toMatchObject({ group: true, align: 'auto' });
  await page.getByRole('checkbox', { name: 'custom_loader' }).click();
  expect((await call(1)).options).toMatchObject({ group: true, customLoader: true });
  const location = page.getByRole('textbox', { name: 'Location counter' });
  await location.fill('0x130000');
  await location.press('Enter');
  await expect.poll(() => page.evaluate('calls.length')).toBe(3);
  expect((await call(2)).options).toMatchObject({ location: 0x130000 });
  await location.fill('nonsense');
  await location.press('Tab');
  expect(await page.evaluate('calls.length')).toBe(3);
  await expect.poll(() => page.locator('.location.invalid').count()).toBe(1);
});

it('unikernels are chosen from a list', async () => {
  await page.locator('.picker summary').click();
  await page.getByRole('checkbox', { name: 'vfs' }).click();
  expect((await call(0)).unikernels).not.toContain('vfs');
  await expect
    .poll(() => page.locator('.picker summary').textContent())
    .toBe('Unikernels (7 of 8)');
});

it('what the engine lacks is shown disabled, with the reason', async () => {
  const control = page.getByRole('checkbox', { name: 'copy_objs' });
  await expect.poll(() => control.isDisabled()).toBe(true);
  await expect.poll(() => control.getAttribute('title')).toBe('Comes with a later version');
});

it('what means nothing without randomised addresses says so, and works with them', async () => {
  const order = page.getByRole('checkbox', { name: 'aslr_same_mapping' });
  const again = page.getByRole('button', { name: 'Re-randomise' });
  const map = page.getByRole('checkbox', { name: 'aslr_map' });
  await expect.poll(() => map.isDisabled()).toBe(true);
  await expect.poll(() => order.getAttribute('title')).toContain('where aslr is randomised');
  await choose('aslr', 'table');
  await expect.poll(() => map.isDisabled()).toBe(false);
  await expect.poll(() => order.isDisabled()).toBe(true);
  await choose('aslr', 'randomised');
  await expect.poll(() => order.isDisabled()).toBe(false);
  const { seed } = (await call(1)).options;
  expect(seed).toMatch(/^[0-9a-f-]{36}$/);
  await again.click();
  const other = (await call(2)).options;
  expect(other['seed']).not.toBe(seed);
  await choose('aslr-blocks', 'library');
  await choose('instances', '3');
  expect((await call(4)).options).toEqual({ ...other, aslrBlocks: 'library', instances: 3 });
  await choose('aslr', 'off');
  expect((await call(5)).options).not.toHaveProperty('seed');
  await expect.poll(() => again.isDisabled()).toBe(true);
});

it('two layouts are compared, and a run of equal pages opens', async () => {
  await page.getByRole('button', { name: 'Before', exact: true }).click();
  await page.getByRole('button', { name: 'Compare layouts' }).click();
  const compare = page.getByRole('region', { name: 'Two layouts' });
  const facts = compare.getByRole('status');
  const equal = async () => Number(/: (\d+) of/.exec((await facts.textContent()) ?? '')?.[1]);
  const before = await equal();
  await page.getByRole('button', { name: 'After', exact: true }).click();
  expect(await equal()).toBeGreaterThan(before);
  await expect.poll(() => facts.textContent()).toContain('all at the same address');
  const first = await equal();
  await choose('Lower layout', 'vfs');
  expect(await equal()).not.toBe(first);
  const rows = compare.locator('tbody tr');
  await rows.first().getByRole('button').first().click();
  await expect.poll(() => page.getByRole('complementary', { name: 'Page' }).isVisible()).toBe(true);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Show as map' }).click();
  await expect.poll(() => page.locator('#map').isVisible()).toBe(true);
});

it('a relink shows its progress, can be cancelled, and says what failed', async () => {
  await page.getByRole('button', { name: 'Relink' }).click();
  await expect.poll(() => page.locator('.progress-text').textContent()).toBe('Linking hello…');
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await page.evaluate('window.aborted')).toBe(true);
  await page.getByRole('button', { name: 'Relink' }).click();
  await page.evaluate("window.fail('hello: region text overflowed')");
  await expect
    .poll(() => page.getByRole('alert').textContent())
    .toBe('hello: region text overflowed');
  await page.getByRole('button', { name: 'Relink' }).click();
  await page.evaluate('window.finish()');
  await expect.poll(() => page.getByRole('button', { name: 'Relink' }).isVisible()).toBe(true);
  expect(await mark()).toBe('measured');
});

it('a reload brings back stage, filter, zoom and the pinned page', async () => {
  await page.getByRole('button', { name: 'After' }).click();
  await page.getByRole('button', { name: /^By some/ }).click();
  await page.locator('#map').click({ position: { x: 64, y: 70 } });
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await expect
    .poll(() => page.evaluate<number>("JSON.parse(sessionStorage.getItem('saved'))?.zoom.k ?? 0"))
    .toBeGreaterThan(1.7);
  const ticks = page.locator('.axis .tick text');
  const zoomed = await ticks.allTextContents();
  await page.reload();
  await page.locator('.figures').waitFor();
  await expect
    .poll(() => page.getByRole('complementary').getByRole('heading').first().textContent())
    .toBe('0x100000');
  await expect
    .poll(() => page.getByRole('button', { name: 'After' }).getAttribute('aria-pressed'))
    .toBe('true');
  await expect
    .poll(() => page.getByRole('button', { name: /^By some/ }).getAttribute('aria-pressed'))
    .toBe('true');
  await expect.poll(() => ticks.allTextContents()).toEqual(zoomed);
});

it('axe finds nothing', async () => {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(await readFile(axe, 'utf8'));
  const result = await page.evaluate<{ violations: { id: string }[] }>('axe.run()');
  expect(result.violations.map(({ id }) => id)).toEqual([]);
});
