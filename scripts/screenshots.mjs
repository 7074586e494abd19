/**
 * Takes the pictures of the README: the packaged extension in a real VS Code, on the sample
 * workspace, in a dark and a light theme.
 *
 *   node scripts/screenshots.mjs [OUTPUT_DIR]
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { installVsCode } from './vscode/install.mjs';
import { packageExtension } from './vscode/package.mjs';
import { installExtension, startServer } from './vscode/server.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const output = path.resolve(process.argv[2] ?? path.join(root, 'media/screenshots'));
const THEMES = { dark: 'Default Dark Modern', light: 'Default Light Modern' };
const SIZE = { width: 1280, height: 860 };
const PATIENCE = 120_000;

/** Runs a command by its title; extensions are there some time after the window. */
async function run(page, title) {
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  for (let attempt = 0; attempt < 20; attempt++) {
    await page.keyboard.press('F1');
    const input = page.locator('.quick-input-widget input[type=text]').first();
    await input.fill(`>${title}`, { timeout: 5000 }).catch(() => undefined);
    const isThere = await row.waitFor({ timeout: 2000 }).then(
      () => true,
      () => false,
    );
    if (isThere) return row.click();
    await page.keyboard.press('Escape');
  }
  throw new Error(`There is no command ${title}`);
}

/** The page inside the webview, two frames deep, once it shows what was measured. */
async function pageMap(page) {
  const frame = page
    .frameLocator('iframe.webview.ready >> visible=true')
    .frameLocator('iframe#active-frame');
  await frame.locator('.mark', { hasText: /^measured$/ }).waitFor({ timeout: PATIENCE });
  return frame;
}

async function writeSettings(workspace, settings) {
  await mkdir(path.join(workspace, '.vscode'), { recursive: true });
  await writeFile(path.join(workspace, '.vscode/settings.json'), JSON.stringify(settings));
}

async function takePicture(browser, { url, workspace, theme, file }) {
  const page = await browser.newPage({ viewport: SIZE });
  await page.goto(`${url}/?folder=${encodeURIComponent(workspace)}`);
  await page.locator('.activitybar .action-item a[aria-label="Spacer"]').click({
    timeout: PATIENCE,
  });
  await page.locator('.monaco-list-row', { hasText: 'httpd' }).first().waitFor({
    timeout: PATIENCE,
  });
  await run(page, 'Spacer: Align Unikernels');
  const note = page.locator('.notification-list-item', { hasText: 'unikernels aligned' });
  await note.waitFor({ timeout: PATIENCE });
  await note.hover();
  await note.locator('.monaco-button', { hasText: 'Open Page Map' }).click();
  const frame = await pageMap(page);
  await page.locator('.monaco-list-row', { hasText: 'httpd' }).first().dblclick();
  await page.locator('.monaco-list-row', { hasText: 'libuknet' }).first().waitFor();
  await frame.locator('#map').focus();
  for (const key of ['PageDown', 'PageDown', 'ArrowRight', 'ArrowRight'])
    await page.keyboard.press(key);
  await page.keyboard.press('Escape');
  await page.mouse.move(SIZE.width - 10, SIZE.height - 40);
  await page.waitForTimeout(1500);
  await page.screenshot({ path: path.join(output, file) });
  await page.close();
  console.log(`${file}: ${theme}`);
}

const work = await mkdtemp(path.join(os.tmpdir(), 'spacer-pictures-'));
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
});
const stops = [() => browser.close()];
try {
  await mkdir(output, { recursive: true });
  const workspace = path.join(work, 'sample');
  const build = ['-s', '-C', path.join(root, 'media/sample'), `BUILD=${workspace}`, 'JOBS=2'];
  execFileSync('make', build, { stdio: ['ignore', 'ignore', 'inherit'] });
  const server = await installVsCode({ log: console.log });
  const vsix = await packageExtension(path.join(work, 'spacer.vsix'));
  for (const [kind, theme] of Object.entries(THEMES)) {
    const state = path.join(work, kind);
    await installExtension({ server, root: state, vsix });
    await writeSettings(workspace, { 'workbench.colorTheme': theme });
    const running = await startServer({ server, root: state });
    stops.push(() => running.stop());
    await takePicture(browser, {
      url: running.url,
      workspace,
      theme,
      file: `page-map-${kind}.png`,
    });
  }
} finally {
  for (const stop of stops) await stop();
  await rm(work, { recursive: true, force: true });
}
