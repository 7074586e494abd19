/**
 * Takes the pictures of the README: the page map of a report in a dark and a light theme.
 *
 *   node scripts/screenshots.mjs REPORT.html [OUTPUT_DIR]
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [report, output = 'media/screenshots'] = process.argv.slice(2);
if (report === undefined) {
  console.error('usage: node scripts/screenshots.mjs REPORT.html [OUTPUT_DIR]');
  process.exit(2);
}
await mkdir(output, { recursive: true });
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
});
try {
  for (const colorScheme of ['dark', 'light']) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme });
    await page.goto(pathToFileURL(path.resolve(report)).href);
    await page.locator('canvas').first().waitFor();
    await page.waitForTimeout(800);
    await page.screenshot({ path: path.join(output, `page-map-${colorScheme}.png`) });
    await page.close();
  }
} finally {
  await browser.close();
}
