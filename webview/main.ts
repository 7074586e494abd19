/** Entry of the page: a report that carries its data, or a panel that a host feeds. */
import { startApp } from './app.ts';
import { registerControls } from './controls.ts';
import { el } from './dom.ts';
import { readReport, reportElement } from './report-source.ts';

registerControls();

async function start(root: HTMLElement): Promise<void> {
  const data = reportElement();
  if (!data) return;
  followColorScheme();
  startApp(root, await readReport(data));
}

/** Outside VS Code, the classes that VS Code would set follow the system's colour scheme. */
function followColorScheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const contrast = matchMedia('(prefers-contrast: more)');
  const apply = (): void => {
    const kind = contrast.matches
      ? `vscode-high-contrast${dark.matches ? '' : '-light'}`
      : `vscode-${dark.matches ? 'dark' : 'light'}`;
    document.body.className = kind;
    document.body.dataset['vscodeThemeKind'] = kind;
  };
  apply();
  dark.addEventListener('change', apply);
  contrast.addEventListener('change', apply);
}

function showFailure(root: HTMLElement, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  root.replaceChildren(
    el(
      'div',
      { class: 'failure', role: 'alert' },
      el('h1', {}, 'This page map cannot be shown'),
      el('p', {}, message),
    ),
  );
}

const root = document.getElementById('spacer');
if (root) start(root).catch((error: unknown) => showFailure(root, error));
