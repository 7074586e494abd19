/** Questions to a page map, and what a user does in it. */
import type { Frame } from 'playwright-core';

export interface Headline {
  readonly before: number;
  readonly after: number;
  readonly mark: string;
}

/** The figures that the page states. */
export async function headline(frame: Frame): Promise<Headline> {
  const read = async (selector: string) =>
    (await frame.locator(selector).first().textContent({ timeout: 10_000 })) ?? '';
  const number = (text: string) => Number(text.replaceAll(/\D/g, ''));
  const from = await frame.locator('.figure.from').count();
  const after = number(await read('.figure.to'));
  return {
    before: from > 0 ? number(await read('.figure.from')) : after,
    after,
    mark: await read('.mark'),
  };
}

/** Waits until the figures are final: measured, or predicted without a search under way. */
export async function settled(
  frame: Frame,
  mark: 'measured' | 'predicted',
  timeout = 90_000,
): Promise<Headline> {
  // Not `waitForFunction`, which needs `eval`: the page forbids it.
  await frame.locator('.mark', { hasText: new RegExp(`^${mark}$`) }).waitFor({ timeout });
  return headline(frame);
}

/** Notes when something was pressed last, and when the figures have changed after that. */
const STOPWATCH = `
  delete window.pressed;
  delete window.shown;
  for (const event of ['click', 'change'])
    document.addEventListener(event, () => {
      if (window.shown === undefined) window.pressed = performance.now();
    }, { capture: true });
  new MutationObserver((_, observer) => {
    if (window.pressed === undefined) return;
    requestAnimationFrame(() => (window.shown ??= performance.now()));
    observer.disconnect();
  }).observe(document.querySelector('.figures'), { childList: true, subtree: true });`;

/** Toggles a flag and tells after how many milliseconds the first new figures stood there. */
export async function toggle(frame: Frame, act: () => Promise<void>): Promise<number> {
  await frame.evaluate(STOPWATCH);
  await act();
  for (let i = 0; i < 600; i++) {
    const time = await frame.evaluate<number>('window.shown - window.pressed');
    if (!Number.isNaN(time)) return time;
    await frame.waitForTimeout(100);
  }
  throw new Error('The page map did not change');
}

export async function chooseFlag(frame: Frame, name: string, value: string): Promise<void> {
  const dropdown = frame.locator(`vscode-dropdown[aria-label="${name}"]`);
  await dropdown.click();
  await frame.getByRole('option', { name: value, exact: true }).filter({ visible: true }).click();
}

export const flagBox = (frame: Frame, name: string) =>
  frame.getByRole('checkbox', { name, exact: true });

export const checkFlag = (frame: Frame, name: string): Promise<void> =>
  flagBox(frame, name).click();

export async function setLocation(frame: Frame, address: string): Promise<void> {
  const field = frame.getByRole('textbox', { name: 'Location counter' });
  await field.fill(address);
  await field.press('Enter');
}

/** Makes the plan real; it is called otherwise where nothing was aligned yet. */
export const relinkButton = (frame: Frame) =>
  frame.locator('.plan-status vscode-button[appearance=primary]');
