/** Compiles, links and lists with the machine's own tools, in a folder that goes away. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Workshop {
  readonly directory = mkdtempSync(join(tmpdir(), 'spacer-elf-'));

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  run(tool: string, ...args: string[]): string {
    return execFileSync(tool, args, {
      cwd: this.directory,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 2 ** 28,
    });
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A program with all that the reader must tell apart. */
export const PROGRAM = `
#include <stddef.h>
__thread int tls_zero; __thread int tls_value = 7;
int common_one; static int counter; int table[64] __attribute__((aligned(4096))) = {1, 2, 3};
const char *greeting(void) { return "hello, merged world"; }
double half(double x) { return x * 0.5 + 1.25; }
__attribute__((weak)) int maybe(void) { return 1; }
__attribute__((visibility("hidden"))) int hidden_one(int x) { return x + counter++; }
static int twice(int x) { return 2 * x; }
int (*const pointers[])(int) = { hidden_one, twice };
extern int elsewhere(int);
int _start(int n) { return pointers[n & 1](n) + maybe() + tls_zero + tls_value + table[n] + elsewhere(n); }
int big[100000];
`;
export const OTHER = `int elsewhere(int x) { static const char text[] = "private"; return text[x & 3]; }\n`;
