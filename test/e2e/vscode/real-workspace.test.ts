/**
 * A real Unikraft workspace in a real VS Code: SPACER_WORKSPACE names one, and without it these tests
 * are skipped. The workspace is only read: outputs go to a folder of the run.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workbench } from './driver.ts';
import { alignByCommand, createFixture, type Fixture } from './fixture.ts';
import { checkFlag, chooseFlag, settled, toggle } from './page-map.ts';

const WORKSPACE = process.env['SPACER_WORKSPACE'];
const PATIENCE = 300_000;

describe.skipIf(WORKSPACE === undefined)('a real workspace (SPACER_WORKSPACE)', () => {
  const workspace = WORKSPACE!;
  let fixture: Fixture;
  let window: Workbench;
  let output: string;
  let contents: string[];

  beforeAll(async () => {
    fixture = await createFixture();
    contents = await readdir(workspace);
    output = path.join(fixture.folder, 'output');
    const server = await fixture.start({ settings: { 'spacer.outputFolder': output } });
    window = await Workbench.open(fixture.browser, server.url, workspace);
    await window.showView();
    await window.treeRow(/\w/).waitFor({ timeout: PATIENCE });
  }, 600_000);
  afterAll(async () => {
    await window?.close();
    await fixture?.dispose();
  });

  it('is aligned, and the page map says the same as the command', async () => {
    await window.run('Spacer: Align Unikernels');
    const notification = window.notification(/unikernels? aligned/);
    await notification.waitFor({ timeout: PATIENCE });
    await notification.hover();
    await notification.locator('.monaco-button', { hasText: 'Open Page Map' }).click();
    const frame = await window.shownPageMap(PATIENCE);
    const { before, after } = await settled(frame, 'measured', PATIENCE);
    await window.dismissNotifications();
    await window.screenshot('real-aligned');
    const beside = path.join(fixture.folder, 'by-command');
    const document = await alignByCommand(workspace, ['--output', beside]);
    expect(document.failures).toEqual([]);
    const { totals } = document;
    expect({ before, after }).toEqual({
      before: totals.before?.distinct,
      after: totals.after?.distinct,
    });
    expect(after).toBeLessThanOrEqual(before);
  });

  it('shows what flags would bring, and randomised addresses', async () => {
    const frame = await window.shownPageMap(PATIENCE);
    await toggle(frame, () => checkFlag(frame, 'custom_loader'));
    await settled(frame, 'predicted', PATIENCE);
    await toggle(frame, () => checkFlag(frame, 'custom_loader'));
    await settled(frame, 'predicted', PATIENCE);
    await toggle(frame, () => chooseFlag(frame, 'aslr', 'randomised'));
    await settled(frame, 'predicted', PATIENCE);
    await frame.locator('.legend-entry', { hasText: 'Stubs and tables' }).waitFor();
    await window.screenshot('real-randomised');
  });

  it('has what limits its sharing explained', async () => {
    await window.run('Spacer: Explain Sharing');
    const advice = window.page.locator('.pane', { hasText: 'What Limits Sharing' }).last();
    await advice.locator('.monaco-list-row').first().waitFor({ timeout: PATIENCE });
    await window.screenshot('real-advice');
  });

  it('is left as it was', async () => {
    expect(await readdir(workspace)).toEqual(contents);
    expect(window.errors).toEqual([]);
  });
});
