/** Workspaces whose recorded commands are attacks: each is refused with its reason, and nothing runs. */
import { existsSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discover } from '../../../src/engine/workspace/discover.ts';
import { elf, Tree } from '../../unit/workspace/trees.ts';

let tree: Tree;
beforeEach(() => {
  tree = new Tree();
});
afterEach(() => tree.remove());

const BUILD = 'ws/apps/hello/build';
const workspace = () => path.join(tree.root, 'ws');

/** Builds, with words in place of `{}` in the record of the link or of a step. */
function build(words: string, step = ''): string {
  const image = tree.build(BUILD);
  const at = path.dirname(image);
  tree.put(
    `${BUILD}/hello_qemu-x86_64.dbg.cmd`,
    `gcc ${at}/libkvmplat.o ${words} -nostdlib -Wl,-T,${at}/libkvmplat/link64.lds -o ${image}.dbg\n`,
  );
  if (step !== '') tree.put(`${BUILD}/hello_qemu-x86_64.cmd`, step.replaceAll('IMG', image));
  return image;
}

/** Why the one unikernel cannot be used; undefined where it can. */
async function verdict(allow?: readonly string[]) {
  const { unikernels, unusable } = await discover(workspace(), { tools: allow ? { allow } : {} });
  expect(unikernels.length + unusable.length).toBe(1);
  return unusable[0];
}

const LOADS = /loads code/;
const RUNS = /run other programs/;
const WRITES = /write other files/;
const OUTSIDE = /leads out of the workspace/;
const UNKNOWN = /not known to be harmless/;

const ATTACKS: readonly [words: string, why: RegExp][] = [
  ['-Wl,-plugin,/tmp/evil.so', LOADS],
  ['-Wl,--plugin=/tmp/evil.so', LOADS],
  ['-Wl,-plugin=evil.so', LOADS],
  ['-Xlinker -plugin -Xlinker /tmp/evil.so', LOADS],
  // GNU ld takes abbreviations of long options.
  ['-Wl,--plugi=/tmp/evil.so', UNKNOWN],
  ['-Wl,-plugi,/tmp/evil.so', UNKNOWN],
  ['-fplugin=/tmp/evil.so', LOADS],
  ['-fplugin=evil', LOADS],
  ['-fpass-plugin=/tmp/evil.so', LOADS],
  ['-B/tmp/evil', RUNS],
  ['-B /tmp/evil', RUNS],
  ['--prefix=/tmp/evil', RUNS],
  ['-specs=/tmp/evil.specs', RUNS],
  ['--specs=evil.specs', RUNS],
  ['-wrapper /tmp/evil,now', RUNS],
  ['-fuse-ld=/tmp/evil', RUNS],
  ['-Wl,--error-handling-script=/tmp/evil', RUNS],
  ['-fmodule-mapper=evil', RUNS],
  ['-Wl,-error-handling-script,/tmp/evil', RUNS],
  ['-dumpdir /etc/', WRITES],
  ['-dumpbase /etc/x', WRITES],
  ['-save-temps=obj', WRITES],
  ['-save-temps', WRITES],
  ['-aux-info /etc/x', WRITES],
  ['-MF /etc/x', WRITES],
  ['-Wa,-a=/etc/x', WRITES],
  ['-Wp,-MD,/etc/x', WRITES],
  ['-Wl,--out-implib=/etc/x', WRITES],
  ['-time=/etc/x', WRITES],
  ['-fdump-tree-all=/etc/x', WRITES],
  ['-fprofile-dir=/etc', WRITES],
  ['-fstack-usage=/etc/x', UNKNOWN],
  ['-Wl,-so/etc/x', UNKNOWN],
  ['-Wl,--mri-script=/etc/x', UNKNOWN],
  ['-Wl,-c,/etc/x', UNKNOWN],
  ['-x c', UNKNOWN],
  ['-Wl,-T,/etc/passwd', OUTSIDE],
  ['-T /etc/passwd', OUTSIDE],
  ['-Wl,--version-script=/etc/passwd', OUTSIDE],
  ['-Wl,-R,/etc/passwd', OUTSIDE],
  ['-L/root', OUTSIDE],
  ['--sysroot=/root', OUTSIDE],
  ['-Wl,-L,../../../../../../../../../root', OUTSIDE],
  ['/etc/passwd', OUTSIDE],
  ['../../../../../../../../../../etc/passwd', OUTSIDE],
  ['-l:../../../etc/libx.a', /names a file/],
];

describe('a recorded link', () => {
  it.each(ATTACKS)('with %s is refused', async (words, why) => {
    build(words);
    const found = await verdict();
    expect(found).toMatchObject({ reason: 'command-refused' });
    expect(found?.message).toMatch(why);
  });

  it.each([
    ['$(touch CANARY)', /meaning for the shell/],
    ['`touch CANARY`', /meaning for the shell/],
    ['; touch CANARY #', /"#" has a meaning for the shell/],
    ['> CANARY', /redirects/],
    ['| sh -c "touch CANARY"', /goes through "sh"/],
    ['&& touch CANARY &&', /does not know "touch"|names no output|no linker script/],
    ['"$(touch CANARY)"', /expansion/],
    ['@/etc/passwd', /lies outside the workspace/],
    ['@../../../../../../../../etc/passwd', /lies outside the workspace/],
    ['-Wl,@/etc/passwd', /is not expanded/],
  ])('that injects a command by %s is refused', async (words, why) => {
    const canary = path.join(tree.root, 'canary');
    build(words.replace('CANARY', canary));
    const found = await verdict();
    expect(found?.message).toMatch(why);
    expect(existsSync(canary)).toBe(false);
  });

  it('with a tool that came with the workspace is refused', async () => {
    const evil = tree.put('ws/bin/gcc', '#!/bin/sh\ntouch /tmp/evil\n');
    const image = build('');
    for (const tool of [evil, './gcc', '../../../bin/gcc', path.join(tree.root, 'gcc')]) {
      const text = `${tool} ${path.dirname(image)}/libkvmplat.o -Wl,-T,${path.dirname(image)}/libkvmplat/link64.lds -o ${image}.dbg`;
      tree.put(`${BUILD}/hello_qemu-x86_64.dbg.cmd`, text);
      expect(await verdict(), tool).toMatchObject({
        reason: 'command-refused',
        message: expect.stringContaining('neither on the PATH') as unknown,
      });
    }
  });

  it('whose object is a link to outside is refused', async () => {
    const image = build('');
    const object = path.join(path.dirname(image), 'libkvmplat.o');
    const other = tree.put('elsewhere/secret.o', elf(1));
    const { rmSync } = await import('node:fs');
    rmSync(object);
    symlinkSync(other, object);
    expect((await verdict())?.message).toMatch(OUTSIDE);
  });

  it('that writes elsewhere is refused where it is not the image that it says to make', async () => {
    const image = build('');
    const text = `gcc ${path.dirname(image)}/libkvmplat.o -o /etc/cron.d/hello -Wl,-T,x.lds`;
    tree.put(`${BUILD}/hello_qemu-x86_64.dbg.cmd`, text);
    expect((await verdict())?.message).toMatch(/it makes hello/);
  });
});

describe('a step after the link', () => {
  it.each([
    ['strip -s IMG.dbg -o /etc/x', /touches \/etc\/x/],
    ['strip -s IMG.dbg -o ../../../../x', /touches \.\.\/\.\.\/\.\.\/\.\.\/x/],
    ['strip --plugin /tmp/evil.so IMG.dbg -o IMG', /touches|loads code/],
    ['strip --plugin evil.so IMG.dbg -o IMG', LOADS],
    ['objcopy --dump-section .text=/etc/x IMG.dbg IMG', /touches|write other files/],
    ['objcopy --dump-section .text=x IMG.dbg IMG', WRITES],
    ['objcopy --split-dwo=x IMG.dbg IMG', WRITES],
    ['objcopy --dump-sect .text=x IMG.dbg IMG', WRITES],
    ['objcopy IMG.dbg IMG,/etc/x', /touches/],
    ['objcopy @/etc/passwd IMG.dbg IMG', /lies outside the workspace/],
    ['rm -rf IMG', /does not know "rm"/],
    ['sh -c "strip IMG.dbg -o IMG"', /does not know "sh"/],
    ['WS/sect-strip.py --with-objcopy=/tmp/evil IMG.dbg', /runs \/tmp\/evil/],
    ['WS/sect-strip.py --with-objcopy=./objcopy IMG.dbg', /neither on the PATH/],
    ['WS/mkbootinfo.py IMG ../x', /touches|not known/],
  ])('%s is refused', async (step, why) => {
    build('', step.replace('WS', path.join(workspace(), 'unikraft')));
    expect((await verdict())?.message).toMatch(why);
  });

  it('whose script lies outside, or is a link to there, is refused', async () => {
    const other = tree.put('elsewhere/mkbootinfo.py', '');
    build('', `${other} IMG IMG.bootinfo`);
    expect((await verdict())?.message).toMatch(OUTSIDE);
    tree.link('ws/unikraft/mkbootinfo.py', other);
    build('', `${workspace()}/unikraft/mkbootinfo.py IMG IMG.bootinfo`);
    expect((await verdict())?.message).toMatch(OUTSIDE);
  });
});

describe('what builds do is not refused', () => {
  it('a core and libraries beside the workspace', async () => {
    tree.put('core/Config.uk');
    tree.put('core/version.mk');
    const script = tree.put('core/plat/kvm/extra.ld', 'SECTIONS { } INSERT AFTER .text;');
    tree.put('lib/Config.uk');
    tree.put('lib/Makefile.uk');
    const archive = tree.put('lib/prebuilt/libx.a', '!<arch>\n');
    build(`${archive} -Wl,-T,${script}`);
    expect(await verdict()).toBeUndefined();
  });

  it('what the user allowed', async () => {
    const folder = tree.folder('toolchain');
    build(`-L${folder} -specs=nosys.specs`);
    expect((await verdict([folder]))?.message).toMatch(RUNS);
    expect(await verdict([folder, '-specs=nosys.specs'])).toBeUndefined();
  });
});
