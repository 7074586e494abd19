/**
 * A terminal that runs one tool and keeps what it printed. No shell is involved, and the tool gets
 * an allow-listed environment: other extensions put tokens into the one of this process.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import * as vscode from 'vscode';

export interface ToolRun {
  readonly title: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

const ALLOWED = ['PATH', 'HOME', 'TMPDIR', 'USER', 'LOGNAME', 'LANG'] as const;

function environment(): Record<string, string> {
  const env: Record<string, string> = { TERM: 'xterm-256color' };
  for (const name of ALLOWED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** Shows the terminal and resolves to the exit status; -1 where the tool could not be started. */
export function runInTerminal(run: ToolRun): Promise<number> {
  return new Promise((resolve) => {
    const pty = new ToolTerminal(run, resolve);
    const iconPath = new vscode.ThemeIcon('layers');
    vscode.window.createTerminal({ name: run.title, pty, iconPath }).show(true);
  });
}

const INTERRUPT = '\x03';

class ToolTerminal implements vscode.Pseudoterminal {
  private readonly written = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.written.event;
  private child: ChildProcess | undefined;

  constructor(
    private readonly run: ToolRun,
    private readonly ended: (status: number) => void,
  ) {}

  open(): void {
    const { file, args, cwd } = this.run;
    this.say(`\x1b[2m${[file, ...args].join(' ')}\x1b[0m\n`);
    const child = spawn(file, args, { cwd, env: environment(), detached: true });
    this.child = child;
    const show = (part: Buffer) => this.say(part.toString());
    child.stdout.on('data', show);
    child.stderr.on('data', show);
    child.on('error', (error) => this.end(-1, error.message));
    child.on('close', (status, signal) =>
      this.end(status ?? -1, signal ?? vscode.l10n.t('status {0}', status ?? -1)),
    );
  }

  handleInput(data: string): void {
    if (data === INTERRUPT) this.kill();
    else this.child?.stdin?.write(data.replaceAll('\r', '\n'));
  }

  /** The terminal was closed: what runs in it ends with it. */
  close(): void {
    this.kill();
  }

  private end(status: number, text: string): void {
    if (!this.child) return;
    this.child = undefined;
    this.say(`\n\x1b[2m${vscode.l10n.t('{0} ended: {1}', this.run.file, text)}\x1b[0m\n`);
    this.ended(status);
  }

  private kill(): void {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGTERM');
    } catch {
      // It has ended already.
    }
  }

  private say(text: string): void {
    this.written.fire(text.replaceAll(/\r?\n/g, '\r\n'));
  }
}
