/** Registers every command; what each does stands in the file of its subject. */
import * as vscode from 'vscode';
import { adviceCommands } from './advice-commands.ts';
import { alignCommands } from './align-commands.ts';
import { imageCommands } from './image-commands.ts';
import { lockCommands } from './lock-commands.ts';
import { pageMapCommands } from './page-map-commands.ts';
import { reportCommands } from './report-commands.ts';
import { sampleCommands } from './sample-commands.ts';
import type { Commands, Services } from './services.ts';
import { treeCommands } from './tree-commands.ts';

export function registerCommands(services: Services): vscode.Disposable[] {
  const commands: Commands = {
    ...adviceCommands(services),
    ...alignCommands(services),
    ...imageCommands(services),
    ...lockCommands(services),
    ...pageMapCommands(services),
    ...reportCommands(services),
    ...sampleCommands(services),
    ...treeCommands(services),
  };
  return Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(`spacer.${name}`, async (...args: unknown[]) => {
      try {
        await run(...args);
      } catch (error) {
        await services.aligner.complain(error);
      }
    }),
  );
}
