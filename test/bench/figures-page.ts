/** Collects figures and writes them into docs/figures.md. */
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import * as prettier from 'prettier';

const FILE = path.resolve(import.meta.dirname, '../../docs/figures.md');
const START = '<!-- figures -->';
const END = '<!-- end of figures -->';

export class Figures {
  private readonly rows: string[] = [];
  private readonly loads: number[] = [];

  note(what: string, value: string): void {
    this.loads.push(os.loadavg()[0] ?? 0);
    this.rows.push(`| ${what} | ${value} |`);
    process.stdout.write(`FIGURE ${what}: ${value}\n`);
  }

  /** Puts the table in the place of the last one; the text around it stays. */
  async write(): Promise<void> {
    const [before, rest] = (await readFile(FILE, 'utf8')).split(START);
    const after = rest?.split(END)[1];
    if (before === undefined || after === undefined) throw new Error(`${FILE} has no place for it`);
    const text = [before, START, `\n\n${this.conditions()}\n\n`, ...this.table(), '\n', END, after];
    const options = await prettier.resolveConfig(FILE);
    await writeFile(FILE, await prettier.format(text.join(''), { ...options, filepath: FILE }));
  }

  private conditions(): string {
    const [low, high] = [Math.min(...this.loads), Math.max(...this.loads)].map((n) => n.toFixed(1));
    const cpu = os.cpus()[0]?.model ?? 'unknown';
    return `Measured on ${os.cpus().length} cores (${cpu}, no GPU, Node ${process.version}), load ${low} to ${high}.`;
  }

  private table(): string[] {
    return ['| figure | measured |\n| --- | --- |\n', ...this.rows.map((row) => `${row}\n`)];
  }
}
