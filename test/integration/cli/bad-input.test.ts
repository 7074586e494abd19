/** What is wrong gets one clear message and a documented exit status; nothing of the user's changes. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectClear, spacer, type Result } from '../../support/cli.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import { freshFolder } from '../../support/once.ts';
import { copyOfSample } from '../../support/sample.ts';

const OTHERS = ['jsonfn', 'sched'];

/** A workspace in which `hashfn` is broken by `harm`, which gets its build folder. */
async function harmed(harm: (build: string) => void): Promise<string> {
  const workspace = await copyOfSample();
  harm(path.join(workspace, 'apps/hashfn/build'));
  return workspace;
}

/** Aligns; whatever happens, the workspace is left as it was. */
async function alignUnharmed(workspace: string, ...args: string[]): Promise<Result> {
  const before = fingerprint(workspace);
  const result = await spacer(['-w', workspace, ...args]);
  expectClear(result);
  expect(fingerprint(workspace)).toEqual(before);
  return result;
}

/** Unikernels that have outputs; other names there begin with a dot or are the report. */
const outputs = (workspace: string) =>
  readdirSync(path.join(workspace, '.spacer')).filter((name) => !/^\.|^report\.json$/.test(name));

const damage = (file: string, at: number, bytes: readonly number[]) => {
  const content = readFileSync(file);
  content.set(bytes, at);
  writeFileSync(file, content);
};

const image = (build: string) => path.join(build, 'hashfn_qemu-x86_64');

const BROKEN: { what: string; harm: (build: string) => void; says: RegExp }[] = [
  {
    what: 'an object cut off in the middle',
    harm: (build) => truncateSync(path.join(build, 'libuksched.o'), 900),
    says: /libuksched\.o.*: /,
  },
  {
    what: 'an object of which nothing is left',
    harm: (build) => truncateSync(path.join(build, 'libuksched.o'), 0),
    says: /libuksched\.o.*: /,
  },
  {
    what: 'an object whose section table lies outside of it',
    harm: (build) => damage(path.join(build, 'libuksched.o'), 0x28, [0xff, 0xff, 0xff, 0x7f]),
    says: /libuksched\.o.*: /,
  },
  {
    what: 'an object that is something else',
    harm: (build) => writeFileSync(path.join(build, 'libuksched.o'), 'not an object\n'.repeat(50)),
    says: /libuksched\.o.*: /,
  },
  {
    what: 'a linker script that does not parse',
    harm: (build) => writeFileSync(scriptOf(build), 'SECTIONS\n{\n  .text : { *(.text }\n'),
    says: /link64\.lds:\d+:\d+: /,
  },
  {
    what: 'a linker script that is not there',
    harm: (build) => rmSync(scriptOf(build)),
    says: /link64\.lds/,
  },
  {
    what: 'a missing object',
    harm: (build) => rmSync(path.join(build, 'libuksched.o')),
    says: /libuksched\.o/,
  },
  {
    what: 'a record that cannot be read',
    harm: (build) => writeFileSync(`${image(build)}.dbg.cmd`, 'gcc $(cat objects) -o "'),
    says: /hashfn_qemu-x86_64\.dbg\.cmd/,
  },
  {
    what: 'an image for another machine',
    harm: (build) => damage(`${image(build)}.dbg`, 18, [183, 0]),
    says: /aarch64|AArch64|x86_64|x86-64/,
  },
  {
    what: 'no image yet',
    harm: (build) => [image(build), `${image(build)}.dbg`].forEach((file) => rmSync(file)),
    says: /no linked image/,
  },
];

const scriptOf = (build: string) => path.join(build, 'libkvmplat/link64.lds');

describe('one unikernel of three is broken', () => {
  it.each(BROKEN)('$what: it is named, the others are aligned', async ({ harm, says }) => {
    const workspace = await harmed(harm);
    const result = await alignUnharmed(workspace);
    const line = result.stdout.split('\n').filter((text) => /^(FAILED|Not used:) /.test(text));
    expect(line).toHaveLength(1);
    expect(line[0]).toMatch(/hashfn/);
    expect(line[0]).toMatch(says);
    expect(result.status).toBe(line[0]!.startsWith('FAILED') ? 1 : 0);
    expect(outputs(workspace)).toEqual(OTHERS);
  });

  it.each(BROKEN)('$what: asked for by name, it ends the command', async ({ harm, says }) => {
    const workspace = await harmed(harm);
    const result = await alignUnharmed(workspace, '-u', 'hashfn');
    expect([1, 2]).toContain(result.status);
    expect(`${result.stdout}${result.stderr}`).toMatch(/hashfn/);
    expect(`${result.stdout}${result.stderr}`).toMatch(says);
  });
});

describe('the workspace', () => {
  it('that is empty leaves nothing to do', async () => {
    const workspace = freshFolder('empty');
    for (const command of [['align'], ['pages']]) {
      const result = await spacer([...command, '-w', workspace]);
      expectClear(result);
      expect(result).toMatchObject({ status: 3, stdout: '' });
    }
    expect(readdirSync(workspace)).toEqual([]);
  });

  it('that is not there, or is a file, is bad usage', async () => {
    const file = path.join(freshFolder('file'), 'workspace');
    writeFileSync(file, '');
    for (const workspace of [`${file}.no`, file]) {
      const result = await spacer(['-w', workspace]);
      expectClear(result);
      expect(result).toMatchObject({ status: 2, stdout: '' });
      expect(result.stderr).toContain(workspace);
    }
  });

  it('with a single unikernel works', async () => {
    const workspace = await copyOfSample(['sched']);
    const result = await alignUnharmed(workspace);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(outputs(workspace)).toEqual(['sched']);
  });

  it('with two applications of one name gives each a name of its own', async () => {
    const workspace = freshFolder('two');
    for (const name of ['first', 'second'])
      renameSync(await copyOfSample(['hashfn']), path.join(workspace, name));
    const result = await alignUnharmed(workspace);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(outputs(workspace)).toEqual(['hashfn@first', 'hashfn@second']);
  });

  it('with two images in one build folder takes the one of the record, or says why not', async () => {
    const workspace = await harmed((build) => {
      const other = path.join(build, 'hashfn_fc-x86_64');
      for (const suffix of ['', '.dbg']) cpSync(image(build) + suffix, other + suffix);
      const record = readFileSync(`${image(build)}.dbg.cmd`, 'utf8');
      writeFileSync(`${other}.dbg.cmd`, record.replaceAll('hashfn_qemu', 'hashfn_fc'));
    });
    const result = await alignUnharmed(workspace);
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/hashfn/);
  });

  it('that was moved is aligned with its own files', async () => {
    const workspace = await copyOfSample();
    const moved = `${workspace} moved`;
    renameSync(workspace, moved);
    const result = await alignUnharmed(moved);
    expect(result).toMatchObject({ status: 0, stderr: '' });
    expect(outputs(moved)).toEqual(['hashfn', ...OTHERS]);
  });
});

describe('tools and outputs', () => {
  it('a missing compiler is named, with the package that has it', async () => {
    const workspace = await copyOfSample();
    const before = fingerprint(workspace);
    const bin = path.join(freshFolder('path'), 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, path.join(bin, 'node'));
    const result = await spacer(['-w', workspace], { env: { PATH: bin } });
    expectClear(result);
    expect(result.status).toBe(1);
    expect(`${result.stdout}${result.stderr}`).toMatch(/gcc is not installed.*apt install gcc/);
    expect(fingerprint(workspace)).toEqual(before);
    expect(outputs(workspace)).toEqual([]);
  });

  it('an output folder that cannot be made is named', async () => {
    const workspace = await copyOfSample();
    const file = path.join(freshFolder('in-the-way'), 'file');
    writeFileSync(file, 'mine');
    for (const output of [file, path.join(file, 'below')]) {
      const result = await alignUnharmed(workspace, '--output', output);
      expect(result).toMatchObject({ status: 1, stdout: '' });
      expect(result.stderr).toContain(file);
    }
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('a page map that cannot be written is named', async () => {
    const workspace = await copyOfSample(['sched']);
    const html = path.join(workspace, 'no/such/folder/map.html');
    const result = await alignUnharmed(workspace, '--html', html);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(html);
  });

  it('an unknown option or command is bad usage', async () => {
    for (const args of [['--frobnicate'], ['frobnicate'], ['pages', '--loc', '1'], ['-u']]) {
      const result = await spacer(args);
      expectClear(result);
      expect(result).toMatchObject({ status: 2, stdout: '' });
      expect(result.stderr).toMatch(/--help/);
    }
    expect((await spacer(['frobnicate'])).stderr).toMatch(/frobnicate is no command.*relayout/);
  });
});
