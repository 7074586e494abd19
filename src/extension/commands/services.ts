import type * as vscode from 'vscode';
import type { AdviceTree } from '../advice-tree.ts';
import type { Aligner } from '../align.ts';
import type { EngineClient } from '../engine-client.ts';
import type { Log } from '../log.ts';
import type { Panels } from '../panels.ts';
import type { Sets } from '../sets.ts';
import type { Node } from '../tree.ts';

/** What commands work with. */
export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly engine: EngineClient;
  readonly sets: Sets;
  readonly aligner: Aligner;
  readonly panels: Panels;
  readonly tree: vscode.TreeView<Node>;
  readonly advice: AdviceTree;
  readonly log: Log;
}

/** Commands by id, without the prefix `spacer.`. */
export type Commands = Readonly<Record<string, (...args: unknown[]) => unknown>>;
