/**
 * Runs tools: the only place that starts processes, and the only one that knows `execa`.
 *
 * Arguments are arrays and no shell is involved. The environment is an allow-list, because editors
 * and their extensions keep tokens in theirs. Every tool leads a process group of its own, and a
 * cancelled, late or talkative one is killed with all its children.
 */
import { execa } from 'execa';
import { statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import type { ToolCommand } from '../workspace/types.ts';

/** What hosts may set about tools. */
export interface Tools {
  /** Absolute paths by name (`gcc`), where the user chose one. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Directories to look in, as in PATH; absent: this process's PATH. */
  readonly searchPath?: string;
  /**
   * What recorded commands may use beyond what is known to be harmless: absolute paths of tools and
   * folders, and options word by word.
   */
  readonly allow?: readonly string[];
  /** Milliseconds that one tool may take; absent: two minutes. */
  readonly timeout?: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tools?: Tools | undefined;
  /** Variables beyond the allow-list. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes of output after which the tool is stopped; absent: 16 MiB. */
  readonly outputLimit?: number;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** A tool that ran and reported failure. */
export class ToolFailure extends SpacerError {
  constructor(
    readonly tool: string,
    readonly exitCode: number | undefined,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    const said = firstLines(stderr || stdout);
    const how =
      exitCode === undefined ? 'was stopped by a signal' : `failed with status ${exitCode}`;
    super('tool-failed', `${tool} ${how}${said === '' ? '.' : `: ${said}`}`);
  }
}

const DEFAULT_TIMEOUT = 120_000;
const DEFAULT_OUTPUT_LIMIT = 16 * 1024 * 1024;
/** What is left to a group between being asked to end and being killed. */
const GRACE = 300;
const ALLOWED = ['HOME', 'TMPDIR', 'USER', 'LOGNAME'] as const;

/**
 * Runs one tool to its end.
 *
 * @throws ToolFailure (`tool-failed`) when it reports failure
 * @throws SpacerError `tool-missing`, `tool-timeout`, `tool-output-limit` or `cancelled`
 */
export async function runTool(command: ToolCommand, options: RunOptions = {}): Promise<RunResult> {
  if (options.signal?.aborted === true) throw cancelled(options.signal);
  const tool = path.basename(command.tool);
  const stop = new Stopper(options.tools?.timeout ?? DEFAULT_TIMEOUT, options.signal);
  const { file, args } = resolve(command, options.tools);
  const child = execa(file, args, {
    cwd: command.cwd,
    env: environment(command.cwd, options),
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    stdin: 'ignore',
    stripFinalNewline: false,
    maxBuffer: options.outputLimit ?? DEFAULT_OUTPUT_LIMIT,
    shell: false,
  });
  stop.watch(child.pid);
  try {
    const result = await child;
    if (result.isMaxBuffer) stop.now();
    if (result.exitCode === 0 && stop.cause === undefined) return texts(result);
    throw failure(tool, command, stop, result);
  } finally {
    stop.end();
  }
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly code?: string | undefined;
  readonly isMaxBuffer: boolean;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
}

function texts(result: Ended): RunResult {
  return { stdout: text(result.stdout), stderr: text(result.stderr) };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function failure(tool: string, command: ToolCommand, stop: Stopper, result: Ended): SpacerError {
  if (stop.cause === 'cancelled') return cancelled(stop.signal);
  if (stop.cause === 'timeout') {
    return new SpacerError('tool-timeout', `${tool} did not end in time and was stopped.`);
  }
  if (result.isMaxBuffer) {
    return new SpacerError('tool-output-limit', `${tool} printed too much and was stopped.`);
  }
  if (result.code === 'ENOENT' && isDirectory(command.cwd)) return missing(tool);
  if (result.code !== undefined && result.exitCode === undefined) {
    return new SpacerError('tool-failed', `${tool} could not be started (${result.code}).`, {
      file: command.tool,
    });
  }
  const { stdout, stderr } = texts(result);
  return new ToolFailure(tool, result.exitCode, stdout, stderr);
}

function isDirectory(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function cancelled(signal: AbortSignal | undefined): SpacerError {
  return new SpacerError('cancelled', 'Cancelled.', {}, { cause: signal?.reason });
}

/** Kills a process group when its time is up or its host has lost interest. */
class Stopper {
  cause: 'cancelled' | 'timeout' | undefined;
  private pid: number | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly onAbort = (): void => this.stop('cancelled');

  constructor(
    timeout: number,
    readonly signal: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => this.stop('timeout'), timeout);
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  watch(pid: number | undefined): void {
    this.pid = pid;
    if (pid !== undefined) track(pid);
    if (this.signal?.aborted === true) this.onAbort();
  }

  now(): void {
    this.kill('SIGKILL');
  }

  end(): void {
    clearTimeout(this.timer);
    this.signal?.removeEventListener('abort', this.onAbort);
    // Children of a stopped tool may outlive it; none is left when the caller goes on.
    if (this.cause !== undefined) this.kill('SIGKILL');
    if (this.pid !== undefined) running.delete(this.pid);
    this.pid = undefined;
  }

  private stop(cause: 'cancelled' | 'timeout'): void {
    if (this.cause !== undefined) return;
    this.cause = cause;
    this.kill('SIGTERM');
    setTimeout(() => this.kill('SIGKILL'), GRACE).unref();
  }

  private kill(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) killGroup(this.pid, signal);
  }
}

/** Leaders of the groups that run now: they are not left behind when this process exits. */
const running = new Set<number>();
let exitIsWatched = false;

function track(pid: number): void {
  running.add(pid);
  if (exitIsWatched) return;
  exitIsWatched = true;
  process.on('exit', () => running.forEach((leader) => killGroup(leader, 'SIGKILL')));
}

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // The group is gone already.
  }
}

/** Scripts are started through their interpreter: copies of a workspace lose the execute bit. */
function resolve(command: ToolCommand, tools: Tools | undefined): { file: string; args: string[] } {
  if (command.tool.endsWith('.py')) {
    return { file: chosen('python3', tools), args: [command.tool, ...command.args] };
  }
  return { file: chosen(command.tool, tools), args: [...command.args] };
}

function chosen(tool: string, tools: Tools | undefined): string {
  return tools?.paths?.[tool] ?? tool;
}

function environment(cwd: string, options: RunOptions): Record<string, string> {
  const env: Record<string, string> = {
    PATH: options.tools?.searchPath ?? process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C',
    LC_ALL: 'C',
    PWD: cwd,
    TMPDIR: os.tmpdir(),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  for (const name of ALLOWED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...options.env };
}

/** `x86_64-linux-gnu-gcc`: the prefix names the target. */
const CROSS = /^((?:\w+-){2,3})(gcc|g\+\+|ld|as|ar|nm|strip|objcopy|objdump|readelf)$/;
const BINUTILS = /^(ld|as|ar|nm|strip|objcopy|objdump|readelf)(\.\w+)?$/;

/** Says which Debian package holds a tool that is not there. */
function missing(tool: string): SpacerError {
  const text = `${tool} is not installed. On Debian and Ubuntu: apt install ${packageOf(tool)}`;
  return new SpacerError('tool-missing', text);
}

function packageOf(tool: string): string {
  if (tool.endsWith('.py')) return 'python3';
  if (tool.startsWith('qemu-system-')) return 'qemu-system-x86';
  const [, prefix = '', base = tool] = CROSS.exec(tool) ?? [];
  const suffix = prefix === '' ? '' : `-${prefix.slice(0, -1).replaceAll('_', '-')}`;
  return BINUTILS.test(base) ? `binutils${suffix}` : `${base}${suffix}`;
}

/** The first lines of what a tool said, for a message that people read. */
function firstLines(said: string): string {
  const lines = said.trim().split('\n').slice(0, 6).join('\n');
  return lines.length > 1200 ? `${lines.slice(0, 1200)}...` : lines;
}
