/** The HTML report in a real browser, opened from a file, under its own content policy. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createRequire } from 'node:module';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Locator,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadReportAssets } from '../../src/engine/report/assets.ts';
import { renderHtmlReport, type ReportAssets } from '../../src/engine/report/html.ts';
import type { PageMapDocument } from '../../src/protocol/page-map.ts';
import { verified } from '../support/verified.ts';
import { makeFleet } from '../unit/webview/fleet.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];
const root = resolve(import.meta.dirname, '../..');
const fleet = makeFleet({ unikernels: 8, pages: 70 });

let folder: string;
let assets: ReportAssets;
let browser: Browser;
let context: BrowserContext | undefined;
let complaints: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spacer-report-'));
  const build = ['scripts/build.mjs', '--only', 'webview', '--outdir', folder];
  await promisify(execFile)(process.execPath, build, { cwd: root });
  assets = await loadReportAssets(pathToFileURL(join(folder, 'cli.mjs')).href);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
});

afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await context?.close();
  context = undefined;
  expect(complaints).toEqual([]);
});

async function open(
  document: PageMapDocument = fleet,
  options: BrowserContextOptions = {},
): Promise<Page> {
  return openHtml(renderHtmlReport(document, assets), options);
}

async function openHtml(html: string, options: BrowserContextOptions = {}): Promise<Page> {
  const file = join(folder, 'report.html');
  await writeFile(file, html);
  complaints = [];
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`request of ${request.url()}`);
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective))",
  );
  await page.goto(pathToFileURL(file).href);
  await page.locator('.figures, .failure').waitFor();
  return page;
}

async function heard(page: Page): Promise<string> {
  return (await page.locator('#live').textContent()) ?? '';
}

async function focused(locator: Locator): Promise<boolean> {
  return (await locator.and(locator.page().locator(':focus')).count()) === 1;
}

describe('the figures', () => {
  it('are those of the document', async () => {
    const page = await open();
    const { before, after } = fleet.totals;
    const figures = await page.locator('.figure').allTextContents();
    expect(figures).toEqual([String(before?.distinct), String(after?.distinct)]);
    await expect.poll(() => page.locator('.mark').textContent()).toBe('measured');
    const mebibytes = (((after?.distinct ?? 0) * 4096) / 2 ** 20).toFixed(2);
    await expect.poll(() => page.locator('.facts').textContent()).toContain(`${mebibytes} MiB`);
    const unique = page.getByRole('button', { name: /^Unique/ });
    await expect.poll(() => unique.textContent()).toContain(`${before?.unique} → ${after?.unique}`);
  });

  it('are compared with the least possible, where that is known', async () => {
    const distinct = fleet.totals.after?.distinct ?? 0;
    const page = await open({ ...fleet, bound: { pages: 10, how: 'as computed here.' } });
    const bound = page.locator('.bound');
    await expect
      .poll(() => bound.textContent())
      .toContain(`least possible 10 (${(distinct / 10).toFixed(2)}×)`);
    await expect.poll(() => bound.getAttribute('title')).toContain('as computed here.');
    await context?.close();
    const without = await open();
    await expect.poll(() => without.locator('.bound').count()).toBe(0);
  });

  it('stand beside what was proven, and what was not', async () => {
    const page = await open(verified(fleet, ['a table of odd form']));
    const notice = page.locator('.notice', { hasText: 'proven only in part' });
    await notice.locator('summary').click();
    expect(await notice.locator('li').allTextContents()).toEqual([
      `${fleet.unikernels[0]?.name} a table of odd form`,
    ]);
    await page.locator('#map').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    const details = page.locator('.details');
    await details.getByText(/^the same program but for 1 point not proven/).waitFor();
    await details.getByText(/^0{64}$/).waitFor();
  });

  it('say predicted where nothing was linked', async () => {
    const page = await open(
      makeFleet({ unikernels: 3, pages: 70, stages: ['before', 'predicted'] }),
    );
    await expect.poll(() => page.locator('.mark').textContent()).toBe('predicted');
    await page.getByRole('button', { name: 'Predicted' }).click();
    expect(await heard(page)).toContain('Showing predicted');
  });

  it('stand alone where images were only analysed', async () => {
    const page = await open(makeFleet({ unikernels: 3, pages: 70, stages: ['before'] }));
    await expect.poll(() => page.locator('.figure').count()).toBe(1);
    await expect.poll(() => page.locator('.segments').isVisible()).toBe(false);
  });

  it('project more memory for more instances, and say what is assumed', async () => {
    const page = await open();
    const values = page.locator('.bar-value');
    const before = await values.allTextContents();
    await page.getByRole('slider').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.locator('.instances').textContent()).toBe('200 of each');
    const more = await values.allTextContents();
    expect(more).not.toEqual(before);
    await page.getByRole('checkbox', { name: 'Writable pages written' }).click();
    await expect.poll(() => page.locator('.note').textContent()).toContain('nobody has written');
    const after = fleet.totals.after?.distinct ?? 0;
    const unwritten = (((after + 1) * 4096) / 1024).toFixed(0);
    await expect.poll(() => values.last().textContent()).toBe(`${unwritten} KiB`);
  });
});

describe('the keyboard', () => {
  it('reads, opens and leaves pages', async () => {
    const page = await open();
    const map = page.locator('#map');
    for (let presses = 0; presses < 30; presses += 1) {
      if (await focused(map)) break;
      await page.keyboard.press('Tab');
    }
    expect(await heard(page)).toBe('blk, before, 0x100000, shared by all 8, libkvmplat, [fill]');
    await page.keyboard.press('ArrowRight');
    expect(await heard(page)).toContain('0x101000');
    await page.keyboard.press('PageDown');
    expect(await heard(page)).toContain('debug, before, 0x101000');
    await page.keyboard.press('End');
    expect(await heard(page)).toContain('zero, writable');
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    const detail = page.getByRole('complementary', { name: 'Page' });
    await expect
      .poll(() => detail.getByRole('heading', { level: 2 }).textContent())
      .toBe('0x100000');
    expect(await focused(detail)).toBe(true);
    await page.keyboard.press('Escape');
    await expect.poll(() => detail.isVisible()).toBe(false);
    expect(await focused(map)).toBe(true);
    await page.keyboard.press('+');
    await page.keyboard.press('-');
    await page.keyboard.press('0');
  });

  it('zooms the address axis', async () => {
    const page = await open(fleet, { reducedMotion: 'reduce' });
    const ticks = page.locator('.axis .tick text');
    const whole = await ticks.allTextContents();
    await page.locator('#map').focus();
    for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('+');
    await expect.poll(() => ticks.allTextContents()).not.toEqual(whole);
    await page.keyboard.press('0');
    await expect.poll(() => ticks.allTextContents()).toEqual(whole);
  });
});

describe('filter, search and table', () => {
  it('the legend filters', async () => {
    const page = await open();
    const unique = page.getByRole('button', { name: /^Unique/ });
    await unique.click();
    await expect.poll(() => unique.getAttribute('aria-pressed')).toBe('true');
    const { before, after } = fleet.totals;
    const found = page.locator('.found');
    await expect.poll(() => found.textContent()).toBe(`${before?.unique} → ${after?.unique} pages`);
    await unique.click();
    await expect.poll(() => found.textContent()).toBe('');
  });

  it('the search finds a library and goes to it', async () => {
    const page = await open();
    const field = page.getByRole('textbox', { name: /Search/ });
    await field.fill('libuksched');
    await field.press('Enter');
    expect(await heard(page)).toContain('libuksched');
    await expect.poll(() => page.locator('.found').textContent()).toMatch(/^\d+ → \d+ pages$/);
    await field.press('Escape');
    await expect.poll(() => page.locator('.found').textContent()).toBe('');
  });

  it('the table holds the same pages and opens them', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'After' }).click();
    await page.getByRole('button', { name: /^Unique/ }).click();
    await page.getByRole('button', { name: 'Show as table' }).click();
    const rows = page.locator('.pages tbody tr');
    await expect.poll(() => rows.count()).toBe(fleet.totals.after?.unique);
    await rows.first().getByRole('button').click();
    await expect.poll(() => page.getByRole('complementary').isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Show as map' }).click();
    await expect.poll(() => page.locator('#map').isVisible()).toBe(true);
  });

  it('a click pins the page that the pointer is on', async () => {
    const page = await open();
    const map = page.locator('#map');
    await map.hover({ position: { x: 64, y: 70 } });
    const tip = page.getByRole('tooltip');
    await expect.poll(() => tip.textContent()).toContain('0x100000');
    await map.click({ position: { x: 64, y: 70 } });
    const detail = page.getByRole('complementary');
    await expect.poll(() => detail.textContent()).toContain('Shared by all 8');
    await detail.getByRole('button', { name: 'Next equal' }).click();
    await expect.poll(() => detail.textContent()).toContain('debug');
  });
});

describe('accessibility', () => {
  const looks: [string, BrowserContextOptions][] = [
    ['dark', { colorScheme: 'dark' }],
    ['light', { colorScheme: 'light' }],
    ['high contrast', { colorScheme: 'dark', contrast: 'more' }],
    ['high contrast light', { colorScheme: 'light', contrast: 'more' }],
    ['narrow', { viewport: { width: 300, height: 700 } }],
  ];

  it.each(looks)('axe finds nothing: %s', async (_, options) => {
    const page = await open(fleet, options);
    expect(await violations(page)).toEqual([]);
    await page.locator('#map').click({ position: { x: 80, y: 70 } });
    await page.getByRole('button', { name: 'Show as table' }).click();
    expect(await violations(page)).toEqual([]);
  });

  it('nothing overflows 300 pixels', async () => {
    const page = await open(fleet, { viewport: { width: 300, height: 700 } });
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(300);
  });

  async function violations(page: Page): Promise<string[]> {
    const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
    await page.evaluate(await readFile(axe, 'utf8'));
    const result = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
      'axe.run()',
    );
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`);
  }
});

describe('hostile names', () => {
  const evil = `<img src=x onerror="document.title='owned'">`;
  const closing = '</script><script>document.title="owned"</script>';

  it('are text', async () => {
    const document = makeFleet({ unikernels: 3, pages: 70, names: (u) => `${evil}${closing}${u}` });
    const [owner] = document.unikernels[0]?.before?.pages[0]?.owners ?? [];
    if (owner) Object.assign(owner, { library: evil, section: closing, symbols: [evil, closing] });
    document.failures = [{ name: evil, path: '/', reason: 'link', message: closing }];
    document.workspace = `/tmp/${evil}`;
    const page = await open(document);
    await page.locator('#map').hover({ position: { x: 200, y: 70 } });
    await page.locator('#map').click({ position: { x: 200, y: 70 } });
    await page.getByRole('button', { name: 'Show as table' }).click();
    await page.locator('details.notice summary').click();
    await expect.poll(() => page.locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    await expect.poll(() => page.locator('.pages').textContent()).toContain(evil);
  });
});

describe('a damaged report', () => {
  it('says so', async () => {
    const whole = renderHtmlReport(fleet, assets);
    const broken = whole.replace(/(spacer-page-map">[^<]{400})[^<]{8}/, '$1AAAAAAAA');
    expect(broken).not.toBe(whole);
    const page = await openHtml(broken);
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('damaged');
  });
});
