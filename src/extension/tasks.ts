/** Tasks of type `spacer`, for tasks.json and for builds. */
import * as vscode from 'vscode';
import { progressText, type Aligner } from './align.ts';
import { outcomeOf } from './format.ts';
import { messageOf } from './log.ts';
import type { AlignOptions } from '../protocol/options.ts';
import type { Sets } from './sets.ts';
import { parseAddress } from './settings.ts';
import type { UnikraftSet } from './unikraft-set.ts';

export const TASK_TYPE = 'spacer';

interface Definition extends vscode.TaskDefinition {
  readonly action?: 'align' | 'preview' | 'relinkOnly';
  readonly unikernels?: readonly string[];
  readonly group?: 'auto' | 'on' | 'off';
  readonly align?: 'auto' | 'on' | 'off';
  readonly customLoader?: boolean;
  readonly copyObjs?: boolean;
  readonly location?: string;
}

export class SpacerTasks implements vscode.TaskProvider {
  constructor(
    private readonly sets: Sets,
    private readonly aligner: Aligner,
  ) {}

  provideTasks(): vscode.Task[] {
    return this.sets.folders.map((set) =>
      this.taskOf({ type: TASK_TYPE, action: 'align' }, set, vscode.l10n.t('align unikernels')),
    );
  }

  resolveTask(task: vscode.Task): vscode.Task | undefined {
    const { scope, name } = task;
    const isFolder = typeof scope === 'object' && 'uri' in scope;
    const set = isFolder ? this.sets.forUri(scope.uri) : this.sets.folders[0];
    return set && this.taskOf(task.definition, set, name);
  }

  private taskOf(definition: Definition, set: UnikraftSet, name: string): vscode.Task {
    const execution = new vscode.CustomExecution(() =>
      Promise.resolve(new AlignTerminal(set, definition, this.aligner)),
    );
    const task = new vscode.Task(definition, set.folder, name, 'Spacer', execution);
    task.group = vscode.TaskGroup.Build;
    // Failures become diagnostics without a look at the terminal's text.
    task.problemMatchers = [];
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent };
    return task;
  }
}

/** Status of a task that failed. */
const FAILED = 1;

class AlignTerminal implements vscode.Pseudoterminal {
  private readonly written = new vscode.EventEmitter<string>();
  private readonly closed = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.written.event;
  readonly onDidClose = this.closed.event;
  private readonly controller = new AbortController();

  constructor(
    private readonly set: UnikraftSet,
    private readonly definition: Definition,
    private readonly aligner: Aligner,
  ) {}

  open(): void {
    void this.run().then((status) => this.closed.fire(status));
  }

  close(): void {
    this.controller.abort();
  }

  handleInput(data: string): void {
    if (data === '\x03') this.controller.abort();
  }

  private async run(): Promise<number> {
    let last = '';
    try {
      const { summary } = await this.aligner.run(this.set, {
        options: optionsOf(this.definition),
        ...(this.definition.unikernels && { unikernels: this.definition.unikernels }),
        signal: this.controller.signal,
        onProgress: ({ phase }) => {
          const text = progressText(phase, undefined);
          if (text !== last) this.say(text);
          last = text;
        },
      });
      const { before, after, predicted } = summary.totals;
      const final = after ?? predicted;
      for (const { name, message } of summary.failures) this.say(`${name}: ${message}`);
      if (before && final) this.say(outcomeOf(before, final, summary.unikernels.length));
      return summary.failures.length === 0 ? 0 : FAILED;
    } catch (error) {
      this.say(messageOf(error));
      return FAILED;
    }
  }

  /** Names come from files: nothing of them may steer the terminal. */
  private say(text: string): void {
    const plain = text.replaceAll(/\p{Cc}/gu, (sign) => (sign === '\n' ? sign : '?'));
    this.written.fire(`${plain.replaceAll('\n', '\r\n')}\r\n`);
  }
}

const threeWays = (value: 'auto' | 'on' | 'off') => (value === 'auto' ? value : value === 'on');

function optionsOf(definition: Definition): Partial<AlignOptions> {
  const { action, group, align, customLoader, copyObjs } = definition;
  const location = parseAddress(definition.location ?? '');
  return {
    ...(action === 'preview' && { dryRun: true }),
    ...(action === 'relinkOnly' && { relinkOnly: true }),
    ...(group && { group: threeWays(group) }),
    ...(align && { align: threeWays(align) }),
    ...(customLoader !== undefined && { customLoader }),
    ...(copyObjs !== undefined && { copyObjects: copyObjs }),
    ...(location !== undefined && { location }),
  };
}
