/**
 * Every parser reads damaged samples: each input is read or refused by a typed error that names the
 * file, without a hang and without taking memory that the input does not account for.
 *
 * `npm run fuzz` gives each parser many more inputs (`SPACER_FUZZ`), of another seed
 * (`SPACER_FUZZ_SEED`). What once failed stands in `corpus/` as PARSER.NAME and is read every time.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SpacerError } from '../../src/engine/errors.ts';
import { randomOf } from '../support/mutations.ts';
import { Workshop } from '../unit/elf/gcc.ts';
import { damaged } from './mutate.ts';
import { parsersOf, type FuzzedParser } from './parsers.ts';

const INPUTS = Number(process.env['SPACER_FUZZ'] ?? 1000);
const SEED = Number(process.env['SPACER_FUZZ_SEED'] ?? 1);
/** CPU time after which an input counts as a hang: a thousand times what is usual. */
const HANG_MS = 10_000;
/** Inputs have some hundred kilobytes; what one leaves on the heap stays far below this. */
const MEMORY = 1024 ** 3;

const workshop = new Workshop();
afterAll(() => workshop.dispose());
const CORPUS = path.resolve(import.meta.dirname, 'corpus');

/** What is wrong with how an input was read; undefined where nothing is. */
async function fault({ read }: FuzzedParser, bytes: Buffer): Promise<string | undefined> {
  const start = process.cpuUsage();
  try {
    await read(bytes);
  } catch (error) {
    if (!(error instanceof SpacerError)) return (error as Error).stack ?? String(error);
    if (error.code === '' || error.text === '') return 'an error without a code or a text';
  }
  const { user, system } = process.cpuUsage(start);
  if ((user + system) / 1000 > HANG_MS) return `took ${(user + system) / 1e6} s`;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers > MEMORY ? `holds ${heapUsed + arrayBuffers} bytes` : undefined;
}

describe.each(parsersOf(workshop))('$name', (parser) => {
  it('reads its samples', async () => {
    for (const sample of parser.samples) expect(await fault(parser, sample)).toBeUndefined();
  });

  it('reads or refuses damaged ones', { timeout: 3_600_000 }, async () => {
    const random = randomOf(SEED * 7919 + parser.name.length);
    for (let i = 0; i < INPUTS; i++) {
      const input = damaged(parser.samples, random);
      const found = await fault(parser, input);
      if (found === undefined) continue;
      const file = path.join(os.tmpdir(), `${parser.name}.${SEED}-${i}`);
      writeFileSync(file, input);
      expect.fail(`${file}: ${found}`);
    }
  });

  const findings = readdirSync(CORPUS).filter((name) => name.startsWith(`${parser.name}.`));
  it.each(findings)('reads or refuses %s', async (name) => {
    expect(await fault(parser, readFileSync(path.join(CORPUS, name)))).toBeUndefined();
  });
});
