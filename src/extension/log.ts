import * as vscode from 'vscode';

/** The log that `Spacer: Show Log` opens; it is never shown unasked. */
export type Log = vscode.LogOutputChannel;

export function createLog(): Log {
  return vscode.window.createOutputChannel('Spacer', { log: true });
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
