/** Seven unikernels are locked; the eighth comes on a machine that has none of them. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../../src/engine/advice/explain.ts';
import type { PageMapDocument } from '../../../src/protocol/page-map.ts';
import { alignJson, expectClear, spacer, type Aligned } from '../../support/cli.ts';
import { expectSameConsoles } from '../../support/images.ts';
import { freshFolder } from '../../support/once.ts';
import { copyOfSample, copyOfWholeSample } from '../../support/sample.ts';

const SEVEN = ['cryptosvc', 'files', 'hashfn', 'httpd', 'jsonfn', 'lispfn', 'sched'];
const EIGHTH = 'kvstore';

let sample: string;
let alone: string;
let lock: string;
let seven: Aligned;
let eighth: Aligned;

/** Runs a command that is to succeed. */
async function done(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await spacer(args);
  expect(`${stderr}${stdout}`).not.toMatch(/FAILED/);
  expect(status).toBe(0);
  return stdout;
}

beforeAll(async () => {
  sample = await copyOfWholeSample();
  alone = await copyOfSample([EIGHTH]);
  lock = path.join(freshFolder('lock'), 'spacer.lock.json');
  await done('lock', '-w', sample, '--lock', lock, '-u', ...SEVEN);
  seven = await alignJson(sample, ['--lock', lock, '-u', ...SEVEN]);
  eighth = await alignJson(alone, ['--lock', lock]);
}, 300_000);

const imagesOf = ({ document }: Aligned): string[] =>
  document.unikernels.map(({ after }) => after!.image!);

describe('a locked layout', () => {
  it('has the pages that were predicted', () => {
    for (const { document } of [seven, eighth])
      expect(document.totals.after).toEqual(document.totals.predicted);
  });

  it('places the eighth among the seven with at most 3% more pages than all eight afresh', async () => {
    const images = [...imagesOf(seven), ...imagesOf(eighth)];
    const together = JSON.parse(await done('pages', ...images, '--json')) as PageMapDocument;
    const fresh = await alignJson(sample, ['--no-lock', '--dry-run']);
    expect(fresh.document.unikernels.length).toBe(8);
    const [locked, best] = [together.totals.before!, fresh.document.totals.predicted!];
    expect(locked.distinct).toBeLessThanOrEqual(1.03 * best.distinct);
  });

  it('makes images that print what they printed', async () => {
    await expectSameConsoles(seven.document);
    await expectSameConsoles(eighth.document);
  }, 300_000);

  it('leaves the seven as they are, to the byte, when the eighth is recorded', async () => {
    const wider = path.join(freshFolder('lock'), 'spacer.lock.json');
    cpSync(lock, wider);
    expect(await done('lock', '-w', alone, '--lock', wider)).toMatch(/kvstore: added/);
    expect(readFileSync(wider, 'utf8')).not.toBe(readFileSync(lock, 'utf8'));
    const again = await alignJson(sample, ['--lock', wider]);
    const old = new Map(
      [...seven.document.unikernels, ...eighth.document.unikernels].map((one) => [
        one.name,
        one.after!.image!,
      ]),
    );
    expect(old.size).toBe(8);
    for (const { name, after } of again.document.unikernels)
      expect(readFileSync(after!.image!).equals(readFileSync(old.get(name)!)), name).toBe(true);
  });

  it('refuses options that decide the layout', async () => {
    const result = await spacer(['align', '-w', alone, '--lock', lock, '-a', 'yes']);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(/--align .*--no-lock/);
  });
});

describe('spacer check', () => {
  it('is content with what is locked, and says what is not here', async () => {
    const said = await done('check', '-w', sample, '--lock', lock, '-u', ...SEVEN.slice(1));
    expect(said).toMatch(/6 as locked, 0 changed, 0 not locked, 1 not here/);
  });

  it('fails where a figure or a unikernel is not as asked, and writes why', async () => {
    const markdown = path.join(freshFolder('check'), 'summary.md');
    const report = path.join(seven.output, 'report.json');
    const args = ['--max-distinct', '10', '--min-shared', '99.5'];
    const result = await spacer(
      ['check', '-w', sample, '--lock', lock, ...args, '--base', report, '--markdown', markdown],
      {},
    );
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/FAILED kvstore is not in the lock/);
    expect(result.stdout).toMatch(/FAILED \d+ distinct pages, more than 10/);
    expect(result.stdout).toMatch(/FAILED [\d.]+% of the pages are shared, fewer than 99.5%/);
    const summary = readFileSync(markdown, 'utf8');
    expect(summary).toMatch(/^\| kvstore \| - \| \d+ \| new \|$/m);
    expect(summary).toMatch(/^\| \*\*distinct, whole set\*\* \| \d+ \| \d+ \| \+\d+ \|$/m);
  });

  it('names what a unikernel has that the lock has not', async () => {
    const changed = await copyOfSample(['hashfn']);
    const file = path.join(changed, 'apps/hashfn/build/apphashfn.o');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('hash');
    expect(at).toBeGreaterThan(0);
    bytes.write('HASH', at);
    writeFileSync(file, bytes);
    const result = await spacer(['check', '-w', changed, '--lock', lock]);
    expect(result.stdout).toMatch(/FAILED hashfn is not what the lock has: .*apphashfn/);
    expect(result.status).toBe(1);
  });
});

describe('spacer relayout', () => {
  it('says what a fresh layout brings, and writes only when it is told', async () => {
    const own = path.join(freshFolder('lock'), 'spacer.lock.json');
    cpSync(lock, own);
    const before = readFileSync(own, 'utf8');
    const said = await done('relayout', '-w', sample, '--lock', own);
    expect(said).toMatch(
      /By the lock: \d+ distinct[^]*Afresh: +\d+ distinct[^]*To relink: .*kvstore/,
    );
    expect(readFileSync(own, 'utf8')).toBe(before);
    const refused = await spacer(['relayout', '-w', alone, '--lock', own, '--write']);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/leave out .*cryptosvc/);
    expect(readFileSync(own, 'utf8')).toBe(before);
    await done('relayout', '-w', sample, '--lock', own, '--write');
    expect(readFileSync(own, 'utf8')).not.toBe(before);
  });
});

describe('a damaged lock', () => {
  it('stops every command that would follow it, with its line, and stays as it is', async () => {
    const folder = freshFolder('damaged');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'spacer.lock.json');
    const broken = readFileSync(lock, 'utf8').replace('"room":', '"room":x');
    writeFileSync(file, broken);
    for (const command of ['align', 'lock', 'check', 'relayout']) {
      const result = await spacer([command, '-w', alone, '--lock', file]);
      expect(result.status).toBe(1);
      expect(result.stderr).toMatch(/spacer\.lock\.json:\d+:1: is damaged/);
      expectClear(result);
    }
    expect(readFileSync(file, 'utf8')).toBe(broken);
  });
});

describe('spacer explain', () => {
  it('names the option that splits a library, and what is only noise', async () => {
    const found = JSON.parse(await done('explain', '-w', sample, '--json')) as Explanation;
    const of = (library: string) =>
      found.advice.find((one) => one.code !== 'function-sections' && one.library === library);
    expect(of('libuklibid')).toMatchObject({ code: 'noise', noise: 'application-name' });
    const nolibc = of('libnolibc');
    expect(nolibc).toMatchObject({ code: 'variants' });
    const options = nolibc?.code === 'variants' ? nolibc.options.map(({ option }) => option) : [];
    expect(options).toContain('CONFIG_LIBNOLIBC_FLOAT');
    expect(nolibc?.code === 'variants' && nolibc.saves).toBeGreaterThan(0);
    expect(found.advice.some(({ code }) => code === 'function-sections')).toBe(true);
  });

  it('says in words what the build records', async () => {
    const said = await done('explain', '-w', sample);
    expect(said).toMatch(/libuklibid differs in all 8: it records the application's name/);
  });
});
