/**
 * Every write fails once and is the last thing once; every tool fails, is killed and hangs once. The
 * workspace stays as it is, the output folder holds the old result or the new one, and the next run
 * works. `npm run faults` goes through all of them, otherwise some are taken (`SPACER_FAULTS`).
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { align } from '../../../src/engine/align.ts';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import { expectClear, spacer } from '../../support/cli.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import { freshFolder } from '../../support/once.ts';
import { copyOfSample } from '../../support/sample.ts';

const UNIKERNELS = ['hashfn', 'jsonfn'];
const ARGS = ['-u', ...UNIKERNELS, '--layout', 'group', '--effort', '0'];
const SHARE = Number(process.env['SPACER_FAULTS'] ?? 3);
const SHIM = path.resolve(import.meta.dirname, '../../support/fail-writes.mjs');

let workspace: string;
let before: string[];
beforeAll(async () => {
  workspace = await copyOfSample(UNIKERNELS);
  before = fingerprint(workspace);
});

/** The report, after a look at every image that it names; undefined where there is none yet. */
function wholeReport(output: string): PageMapDocument | undefined {
  const file = path.join(output, 'report.json');
  if (!existsSync(file)) return undefined;
  const document = JSON.parse(readFileSync(file, 'utf8')) as PageMapDocument;
  for (const { verification } of document.unikernels) {
    const { path: image, sha256 } = verification!.images.after;
    expect(createHash('sha256').update(readFileSync(image)).digest('hex')).toBe(sha256);
  }
  return document;
}

/** Some of the numbers from 1 to `count`, spread over them; all with a large share. */
const spread = (count: number) => {
  const taken = Math.min(count, SHARE);
  return Array.from({ length: taken }, (_, i) => 1 + Math.floor((i * count) / taken));
};

async function nextRunWorks(output: string): Promise<void> {
  expect(await spacer(['-w', workspace, '--output', output, ...ARGS])).toMatchObject({
    status: 0,
    stderr: '',
  });
  expect(wholeReport(output)?.unikernels).toHaveLength(UNIKERNELS.length);
  expect(readdirSync(path.join(output, '.generations'))).toHaveLength(2);
}

describe.each(['error', 'kill'] as const)('a write that ends in: %s', (kind) => {
  it('leaves the old result or the new one', { timeout: 3_600_000 }, async () => {
    const counted = path.join(freshFolder('count'), 'count');
    const run = (output: string, env: Record<string, string>) =>
      spacer(['-w', workspace, '--output', output, ...ARGS], {
        env: { NODE_OPTIONS: `--import=${SHIM}`, SPACER_FAULT_KIND: kind, ...env },
      });
    const output = path.join(freshFolder('faults'), 'out');
    // The first run makes folders and caches that later ones find.
    for (let i = 0; i < 2; i++) await run(output, { SPACER_FAULT_COUNT: counted });
    const count = Number(readFileSync(counted, 'utf8'));
    expect(count).toBeGreaterThan(20);
    for (const at of spread(count)) {
      const result = await run(output, { SPACER_FAULT_AT: String(at) });
      if (kind === 'kill') expect(result.status, `write ${at}`).toBeNull();
      else if (result.status !== 0) expectClear(result);
      wholeReport(output);
      expect(fingerprint(workspace), `write ${at}`).toEqual(before);
    }
    await nextRunWorks(output);
  });
});

const TOOLS = ['gcc', 'objcopy', 'strip', 'python3'];
const WAYS = { fails: 'exit 1', 'is killed': 'kill -9 $$', hangs: 'sleep 61.5; exit 1' } as const;

/** Tools of which the call of one number goes wrong; calls are counted by folders, which is atomic. */
function faultyTools(way: string, at: number): { searchPath: string; calls: () => number } {
  const folder = path.join(freshFolder('faulty'), 'bin');
  const calls = path.join(folder, 'calls');
  mkdirSync(calls, { recursive: true });
  const rest = process.env['PATH'] ?? '';
  const count = `n=1; while ! mkdir "${calls}/$n" 2>/dev/null; do n=$((n+1)); done`;
  for (const tool of TOOLS) {
    const file = path.join(folder, tool);
    const body = `#!/bin/sh\n${count}\n[ $n = ${at} ] && { ${way}; }\nPATH='${rest}' exec ${tool} "$@"\n`;
    writeFileSync(file, body);
    chmodSync(file, 0o755);
  }
  return { searchPath: `${folder}:${rest}`, calls: () => readdirSync(calls).length };
}

describe.each(Object.entries(WAYS))('a tool that %s', (_, way) => {
  it('costs its unikernel the new image and nothing else', { timeout: 3_600_000 }, async () => {
    const output = path.join(freshFolder('faults'), 'out');
    const options = { ...DEFAULT_OPTIONS, layout: 'group', effort: 0 } as const;
    const run = (at: number) => {
      const { searchPath, calls } = faultyTools(way, at);
      const tools = { searchPath, timeout: 3000 };
      const work = align({ workspace, options, output, unikernels: UNIKERNELS, tools });
      return work.then((document) => ({ document, count: calls() }));
    };
    const { count } = await run(0);
    expect(count).toBeGreaterThan(4);
    for (const at of spread(count)) {
      const { document } = await run(at);
      expect(document.failures, `call ${at}`).toHaveLength(1);
      expect(document.failures[0]!.reason).toMatch(/^(link-failed|post-link-failed|tool-timeout)$/);
      expect(wholeReport(output)?.unikernels).toHaveLength(UNIKERNELS.length - 1);
      expect(fingerprint(workspace), `call ${at}`).toEqual(before);
    }
    await nextRunWorks(output);
  });
});

it('a folder that may not be written is named', { timeout: 120_000 }, async () => {
  const output = path.join('/proc', 'out');
  const result = await spacer(['-w', workspace, '--output', output, ...ARGS]);
  expectClear(result);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain(output);
});
