import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { relink } from '../../../src/engine/link/replay.ts';
import type { RelinkRequest } from '../../../src/engine/link/replay.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';
import type { Unikernel } from '../../../src/engine/workspace/types.ts';
import { buildApplication, fingerprint } from './workspace.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'spacer-replay-'));
const built = path.join(scratch, 'built');
const moved = path.join(scratch, 'moved');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
beforeAll(() => {
  buildApplication(built, 'hello');
  buildApplication(built, 'world');
  cpSync(built, moved, { recursive: true });
  // What is taken from the place of old would now be missed.
  renameSync(built, path.join(scratch, 'gone'));
});

let hello: Unikernel;
let before: string[];
let output: string;
beforeEach(async () => {
  const { unikernels, unusable } = await discover(moved);
  expect(unusable).toEqual([]);
  expect(unikernels.map(({ name }) => name)).toEqual(['hello', 'world']);
  hello = unikernels[0] as Unikernel;
  before = fingerprint(moved);
  output = path.join(moved, '.spacer', 'hello');
  rmSync(output, { recursive: true, force: true });
});

function request(change: Partial<RelinkRequest> = {}): RelinkRequest {
  const { script, extraScripts } = hello.link;
  return {
    unikernel: hello,
    script,
    extraScripts,
    objects: new Map(),
    outputDirectory: output,
    ...change,
  };
}

function changedScript(change: (text: string) => string): string {
  const file = path.join(scratch, 'changed.lds');
  writeFileSync(file, change(readFileSync(hello.link.script, 'utf8')));
  return file;
}

describe('relink', () => {
  it('of a moved workspace with its own script makes the same bytes', async () => {
    const made = await relink(request());
    expect(readFileSync(made.debugImage)).toEqual(readFileSync(hello.debugImage));
    expect(readFileSync(made.image)).toEqual(readFileSync(hello.image));
    expect(readFileSync(made.map, 'utf8')).toContain('Linker script and memory map');
    expect(readdirSync(output).sort()).toEqual([
      'hello_qemu-x86_64',
      'hello_qemu-x86_64.dbg',
      'hello_qemu-x86_64.map',
    ]);
    expect(fingerprint(moved)).toEqual(before);
  });

  it('takes another script, copies of objects, further objects and options', async () => {
    const original = hello.link.inputs[1] as string;
    const copy = path.join(scratch, 'copy.o');
    execFileSync('objcopy', ['--rename-section', '.data=.data.copied', original, copy]);
    const stubs = path.join(scratch, 'stubs.o');
    execFileSync('gcc', ['-c', '-x', 'assembler', '-', '-o', stubs], {
      input: '.globl spacer_stub\nspacer_stub: ret\n',
    });
    const script = changedScript((text) => text.replace('0x100000', '0x200000'));
    const made = await relink(
      request({
        script,
        objects: new Map([[original, copy]]),
        extraObjects: [stubs],
        extraLinkerArgs: ['--defsym=spacer_mark=0x1234'],
      }),
    );
    const symbols = execFileSync('nm', [made.debugImage]).toString();
    expect(symbols).toMatch(/^0000000000001234 A spacer_mark$/m);
    expect(symbols).toMatch(/^000000000020[0-9a-f]{4} T spacer_stub$/m);
    expect(readFileSync(made.map, 'utf8')).toContain('.data.copied');
  });

  it('replaces older outputs whole', async () => {
    await relink(request());
    const made = await relink(
      request({ script: changedScript((text) => text.replace('0x100000', '0x300000')) }),
    );
    expect(execFileSync('nm', [made.debugImage]).toString()).toMatch(/0+30[0-9a-f]+ T _start/);
    expect(readdirSync(output)).toHaveLength(3);
  });

  it('names the script and the line that the linker names', async () => {
    const script = changedScript((text) => text.replace('.data :', '.data ) :'));
    await expect(relink(request({ script }))).rejects.toMatchObject({
      code: 'link-failed',
      text: expect.stringMatching(/^hello could not be linked: .*syntax error/) as string,
      place: { file: script, line: 9 },
    });
    expect(readdirSync(output)).toEqual([]);
    expect(fingerprint(moved)).toEqual(before);
  });

  it('leaves older outputs alone when it fails', async () => {
    const made = await relink(request());
    const old = readFileSync(made.image);
    const script = changedScript((text) => text.replace('ENTRY(_start)', 'ASSERT(0, "no room")'));
    await expect(relink(request({ script }))).rejects.toThrow(/no room/);
    expect(readFileSync(made.image)).toEqual(old);
    expect(readdirSync(output)).toHaveLength(3);
  });

  it('tells a failing step after the link from a failing link', async () => {
    const step = { tool: 'strip', args: ['--no-such-option', hello.image], cwd: '/' };
    const unikernel = { ...hello, link: { ...hello.link, postLink: [step] } };
    await expect(relink(request({ unikernel }))).rejects.toMatchObject({
      code: 'post-link-failed',
      text: expect.stringMatching(/^hello was linked, but .*strip failed/) as string,
    });
  });

  it('notices a link that makes nothing', async () => {
    const unikernel = { ...hello, link: { ...hello.link, postLink: [] } };
    await expect(relink(request({ unikernel }))).rejects.toMatchObject({ code: 'link-failed' });
    expect(readdirSync(output)).toEqual([]);
  });

  it('leaves nothing when cancelled', async () => {
    const abort = new AbortController();
    const run = relink(request({ signal: abort.signal }));
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(existsSync(output) ? readdirSync(output) : []).toEqual([]);
    expect(fingerprint(moved)).toEqual(before);
  });
});
