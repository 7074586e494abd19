import * as vscode from 'vscode';

/** Running tools of a workspace is for trusted ones only: refused here as well as hidden by `when`. */
export class UntrustedError extends Error {
  constructor() {
    super(
      vscode.l10n.t(
        'This workspace is not trusted, so Spacer runs no tool in it. Analysing its images works; to align them, trust the workspace.',
      ),
    );
  }
}

/** @throws UntrustedError */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) throw new UntrustedError();
}
