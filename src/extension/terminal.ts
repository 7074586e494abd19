/** The command `spacer` in the terminals of VS Code. */
import path from 'node:path';
import type * as vscode from 'vscode';

export function offerCommandLine(context: vscode.ExtensionContext): void {
  const { environmentVariableCollection: environment, extensionPath } = context;
  environment.description = 'Adds the command `spacer`.';
  environment.append('PATH', path.delimiter + path.join(extensionPath, 'dist', 'bin'));
  // Where no Node is installed, VS Code's own runs the command.
  environment.replace('SPACER_NODE', process.execPath);
}
