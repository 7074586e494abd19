/** Drives a real VS Code in a real browser. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-precise-memory-info',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS, headless: true });
}

/** What VS Code itself asks for in vain, and its own remarks. */
const NOISE =
  /vsda|favicon|404|ERR_NAME_NOT_RESOLVED|ERR_FAILED|vscode-cdn|Failed to load resource|marketplace|extensionGallery|punycode|Ignoring fetching additional builtin|INotificationService|Error while fetching|language pack|code-server|allow-scripts and allow-same-origin|Unrecognized feature|No search provider|WebSocket|Canceled|ResizeObserver loop|iframe which has both|\[lifecycle\]|IndexedDB|vscode-log:/i;

/** A window of VS Code on one folder, or on a .code-workspace file. */
export class Workbench {
  /** Errors of the console that do not come from VS Code itself. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on('console', (message) => {
      const text = `${message.text()} (${message.location().url})`;
      if (message.type() === 'error' && !NOISE.test(text)) this.errors.push(text);
    });
    page.on('pageerror', (error) => {
      if (!NOISE.test(String(error))) this.errors.push(String(error));
    });
  }

  static async open(
    browser: Browser,
    url: string,
    folder: string,
    size = { width: 1360, height: 860 },
  ): Promise<Workbench> {
    const context = await browser.newContext({ viewport: size });
    const page = await context.newPage();
    const kind = folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
    await page.goto(`${url}/?${kind}=${encodeURIComponent(folder)}`);
    const workbench = new Workbench(page);
    await workbench.ready();
    return workbench;
  }

  async ready(): Promise<void> {
    await this.page.waitForSelector('.monaco-workbench', { timeout: 60_000 });
    await this.page.waitForSelector('.explorer-folders-view .monaco-list-row, .activitybar', {
      timeout: 60_000,
    });
  }

  /** Takes a message that a test has asked for off the list: VS Code logs those it shows as errors. */
  expectError(text: RegExp): void {
    const others = this.errors.filter((error) => !text.test(error));
    this.errors.splice(0, this.errors.length, ...others);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /**
   * Runs a command by its title. Contributions of extensions arrive after the workbench has painted
   * and an open palette does not refresh, so it is opened until the command is there.
   */
  async run(title: string, timeout = 45_000): Promise<void> {
    const end = Date.now() + timeout;
    const input = this.page.locator('.quick-input-widget input[type=text]').first();
    for (let attempt = 0; Date.now() < end; attempt++) {
      // Escape means something to a page that has the focus: it is for a palette that is open.
      if (attempt > 0) await this.page.keyboard.press('Escape');
      await this.page.keyboard.press('F1');
      if (await appears(input, 3000)) {
        // It closes where something else takes the focus, for example a notification's button.
        await input.fill(`>${title}`, { timeout: 2000 }).catch(() => undefined);
        const row = this.page
          .locator('.quick-input-list .monaco-list-row', { hasText: title })
          .first();
        if (await appears(row, 1500)) {
          await row.click();
          return;
        }
      }
    }
    throw new Error(`The command "${title}" did not appear`);
  }

  /** Clears the palette of commands that are hidden: whether one can be found. */
  async offers(title: string): Promise<boolean> {
    const input = this.page.locator('.quick-input-widget input[type=text]').first();
    await this.page.keyboard.press('F1');
    await input.waitFor({ state: 'visible' });
    await input.fill(`>${title}`);
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    const found = await appears(row, 1500);
    await this.page.keyboard.press('Escape');
    return found;
  }

  /** Chooses a row of the quick pick that is open. */
  async pick(text: string, timeout = 30_000): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
    await row.waitFor({ state: 'visible', timeout });
    await row.click();
  }

  /** Enters a path into the file dialog, which lists folders while one types. */
  async answerFileDialog(file: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type=text]').first();
    const ok = this.page.locator('.quick-input-action .monaco-button').first();
    await ok.waitFor({ timeout: 20_000 });
    for (let i = 0; i < 30 && (await ok.isVisible()); i++) {
      // The dialog writes into its field too, as long as it lists the first folder.
      if ((await input.inputValue()) !== file) await input.fill(file).catch(() => undefined);
      await this.page.waitForTimeout(700);
      if ((await input.inputValue()) !== file) continue;
      await input.press('Enter', { timeout: 1000 }).catch(() => undefined);
      await ok.waitFor({ state: 'hidden', timeout: 1500 }).catch(() => undefined);
    }
  }

  /** Shows Spacer's own view. */
  async showView(): Promise<void> {
    const view = this.page
      .locator('.pane-header, .composite.title', { hasText: /unikernels|spacer/i })
      .first();
    for (let i = 0; i < 20 && !(await view.isVisible()); i++) {
      await this.page
        .locator('.activitybar .action-item a[aria-label="Spacer"]')
        .click({ timeout: 15_000 });
      await this.page.waitForTimeout(300);
    }
  }

  treeRow(text: string | RegExp) {
    return this.page.locator('.pane-body .monaco-list-row', { hasText: text }).first();
  }

  /** Chooses an entry of the context menu of a tree row; a menu that has just opened takes no click. */
  async chooseInMenu(row: string, entry: string): Promise<void> {
    await this.treeRow(row).click({ button: 'right' });
    const item = this.page.getByRole('menuitem', { name: entry, exact: true });
    await item.waitFor({ timeout: 15_000 });
    for (let i = 0; i < 20 && (await item.isVisible()); i++) {
      await this.page.waitForTimeout(250);
      await item.click({ timeout: 1000 }).catch(() => undefined);
      await item.waitFor({ state: 'hidden', timeout: 1000 }).catch(() => undefined);
    }
  }

  notification(text: string | RegExp) {
    return this.page.locator('.notification-list-item', { hasText: text }).first();
  }

  async dismissNotifications(): Promise<void> {
    for (let i = 0; i < 10; i++) {
      const toast = this.page.locator('.notification-toast').first();
      if (!(await toast.isVisible())) return;
      await toast.hover();
      await toast
        .locator('.codicon-notifications-clear')
        .click({ timeout: 2000 })
        .catch(() => undefined);
    }
  }

  /** The page inside the webview that is visible: two frames deep. */
  async pageMap(timeout = 60_000): Promise<Frame> {
    const end = Date.now() + timeout;
    while (Date.now() < end) {
      for (const frame of this.page.frames()) {
        const parent = await frame.frameElement().catch(() => undefined);
        if ((await parent?.getAttribute('id').catch(() => undefined)) !== 'active-frame') continue;
        const outer = await frame
          .parentFrame()
          ?.frameElement()
          .catch(() => undefined);
        if (!(await outer?.isVisible().catch(() => false))) continue;
        if (await frame.$('#spacer').catch(() => undefined)) return frame;
      }
      await this.page.waitForTimeout(100);
    }
    throw new Error('There is no page map');
  }

  /** The page map once it shows figures. */
  async shownPageMap(timeout = 60_000): Promise<Frame> {
    const frame = await this.pageMap(timeout);
    await frame.waitForSelector('.figures', { timeout });
    return frame;
  }

  async screenshot(name: string): Promise<void> {
    const folder = path.resolve('out/screenshots');
    await mkdir(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }
}

async function appears(locator: ReturnType<Page['locator']>, timeout: number): Promise<boolean> {
  return locator.waitFor({ state: 'visible', timeout }).then(
    () => true,
    () => false,
  );
}
