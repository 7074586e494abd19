import { rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discover } from '../../../src/engine/workspace/discover.ts';
import { elf, Tree } from './trees.ts';

let tree: Tree;
beforeEach(() => {
  tree = new Tree();
});
afterEach(() => tree.remove());

/** Names and kinds of what is usable, and names and reasons of what is not. */
async function look(root = tree.root): Promise<{ usable: string[]; unusable: string[] }> {
  const { unikernels, unusable } = await discover(root);
  return {
    usable: unikernels.map(({ name, kind }) => `${name} ${kind}`),
    unusable: unusable.map(({ name, reason }) => `${name} ${reason}`),
  };
}

async function reasonOf(root = tree.root): Promise<string> {
  const { unikernels, unusable } = await discover(root);
  expect(unikernels).toEqual([]);
  expect(unusable).toHaveLength(1);
  expect(unusable[0]?.message).toMatch(/^[A-Z].*\.$/s);
  return unusable[0]?.reason ?? '';
}

describe('discover finds', () => {
  it('the applications of a classic workspace, in order', async () => {
    tree.build('apps/net/build', { name: 'net_qemu-x86_64' });
    tree.build('apps/blk/build', { name: 'blk_fc-x86_64' });
    tree.build('apps/old/build', { name: 'old_kvm-x86_64' });
    tree.put('apps/blk/Makefile.uk');
    expect(await look()).toEqual({
      usable: ['blk classic', 'net classic', 'old classic'],
      unusable: [],
    });
  });

  it('all that a link needs', async () => {
    const image = tree.build('apps/hello/build');
    const build = path.dirname(image);
    const [found] = (await discover(tree.root)).unikernels;
    expect(found).toMatchObject({
      name: 'hello',
      directory: path.join(tree.root, 'apps/hello'),
      buildDirectory: build,
      image,
      debugImage: `${image}.dbg`,
      link: {
        inputs: [`${build}/libkvmplat.o`, `${build}/apphello.o`],
        script: `${build}/libkvmplat/link64.lds`,
        extraScripts: [`${build}/libkvmplat/bootinfo.lds`],
        debugImage: `${image}.dbg`,
        origin: 'cmd',
        composed: false,
      },
    });
    expect(found?.link.postLink.map(({ tool, args }) => [path.basename(tool), ...args])).toEqual([
      ['strip', '-s', `${image}.dbg`, '-o', image],
      ['mkbootinfo.py', image, `${image}.bootinfo`, '-a', 'x86_64'],
      ['objcopy', image, '--update-section', `.uk_bootinfo=${image}.bootinfo`],
    ]);
  });

  it('a root that is an application, or its build folder', async () => {
    tree.build('apps/hello/build');
    expect((await look(path.join(tree.root, 'apps/hello'))).usable).toEqual(['hello classic']);
    expect((await look(path.join(tree.root, 'apps/hello/build'))).usable).toEqual([
      'hello classic',
    ]);
  });

  it('build folders of other names', async () => {
    tree.build('apps/hello/build-fc', { name: 'hello_fc-x86_64' });
    tree.build('apps/net/out', { name: 'net_qemu-x86_64' });
    expect((await look()).usable).toEqual(['hello classic', 'net classic']);
  });

  it('kraft applications by their Kraftfile, several under one root', async () => {
    tree.build('a/.unikraft/build', { name: 'first_qemu-x86_64' });
    tree.put('a/Kraftfile', 'spec: v0.6\nname: first\n');
    tree.put('a/kraft.yaml', 'name: second\n');
    tree.build('app-helloworld/.unikraft/build', { name: 'helloworld_qemu-x86_64' });
    tree.put('app-helloworld/kraft.yaml', 'unikraft: stable\n');
    tree.build('deep/er/b/.unikraft/build', { name: 'b_fc-x86_64' });
    expect((await look()).usable).toEqual(['first kraft', 'app-helloworld kraft', 'b kraft']);
  });

  it('both kinds, mixed, and gives equal names a suffix', async () => {
    tree.build('apps/hello/build');
    tree.build('hello/.unikraft/build');
    tree.put('hello/Kraftfile', 'name: hello');
    tree.build('w2/apps/hello/build');
    expect((await look()).usable).toEqual([
      'hello@classic classic',
      'hello@kraft kraft',
      'hello@w2 classic',
    ]);
  });

  it('one application built both ways', async () => {
    tree.build('hello/build');
    tree.build('hello/.unikraft/build', { name: 'other_qemu-x86_64' });
    tree.put('hello/Kraftfile', 'name: other');
    expect((await look()).usable).toEqual(['other kraft', 'hello classic']);
  });

  it('an image whose whole name was chosen', async () => {
    tree.build('apps/hello/build', { name: 'kernel' });
    expect((await look()).usable).toEqual(['hello classic']);
  });

  it('names that are no folder names', async () => {
    tree.build('a/.unikraft/build');
    tree.put('a/Kraftfile', 'name: ../../evil\n');
    const { unikernels } = await discover(tree.root);
    expect(unikernels[0]?.name).toBe('__.._evil');
  });

  it('the folder’s name and a note where the Kraftfile is broken', async () => {
    tree.build('a/.unikraft/build');
    tree.put('a/Kraftfile', 'name: "x\n');
    const { unikernels } = await discover(tree.root);
    expect(unikernels[0]).toMatchObject({ name: 'a' });
    expect(unikernels[0]?.notes?.[0]).toMatch(/Kraftfile is ignored: it is no valid YAML/);
  });
});

describe('discover leaves out', () => {
  it('the core, libraries, and what belongs to others', async () => {
    for (const name of ['Config.uk', 'Makefile.uk', 'version.mk']) tree.put(`unikraft/${name}`);
    tree.folder('unikraft/plat');
    tree.build('unikraft/lib/x/build');
    tree.build('libs/lwip/build');
    tree.build('node_modules/x/build');
    tree.build('.git/x/build');
    tree.build('.spacer/x/build');
    tree.build('apps/hello/build');
    tree.put('libs/lwip/Makefile.uk');
    expect(await look()).toEqual({ usable: ['hello classic'], unusable: [] });
  });

  it('links: loops, aliases, and what lies outside', async () => {
    const outside = new Tree();
    outside.build('apps/out/build');
    tree.build('apps/hello/build');
    tree.link('apps/hello/loop', tree.root);
    tree.link('apps/alias', path.join(tree.root, 'apps/hello'));
    tree.link('apps/outside', outside.root);
    tree.link('apps/far/build', path.join(outside.root, 'apps/out/build'));
    expect(await look()).toEqual({
      usable: ['hello classic'],
      unusable: ['far outside-workspace'],
    });
    outside.remove();
  });

  it('what lies deeper than its limits, and says so', async () => {
    tree.build('a/b/c/hello/build');
    tree.build('x/build');
    const depth = await discover(tree.root, { limits: { depth: 2, entries: 1000 } });
    expect(depth.unikernels.map(({ name }) => name)).toEqual(['x']);
    expect(depth.unusable).toMatchObject([{ reason: 'walk-limit' }]);
    const entries = await discover(tree.root, { limits: { depth: 9, entries: 3 } });
    expect(entries.unusable.map(({ reason }) => reason)).toContain('walk-limit');
  });
});

describe('discover says why not:', () => {
  it('not built', async () => {
    tree.put('apps/hello/Makefile.uk');
    tree.put('notes/Kraftfile', 'name: remember\n');
    tree.put('apps/half/build/kconfig/auto.conf');
    tree.put('apps/half/build/config');
    tree.build('apps/fine/build');
    expect(await look()).toEqual({
      usable: ['fine classic'],
      unusable: ['half not-built', 'hello not-built', 'remember not-built'],
    });
  });

  it('configured only, whatever folders the configuration has', async () => {
    tree.put('apps/new/Makefile.uk');
    tree.put('apps/new/build/kconfig/auto.conf');
    tree.put('apps/new/build/include/config/cpu/except/stack/size/pages/in/all.h');
    expect(await look()).toEqual({ usable: [], unusable: ['new not-built'] });
  });

  it('an image without its twin, or only the twin', async () => {
    const image = tree.build('apps/hello/build');
    rmSync(`${image}.dbg`);
    expect(await reasonOf()).toBe('not-built');
    tree.build('apps/hello/build');
    rmSync(image);
    expect(await reasonOf()).toBe('not-built');
  });

  it('another architecture or platform, by name and by content', async () => {
    tree.build('apps/a/build', { name: 'a_qemu-arm64', debugImage: elf(2, 183) });
    tree.build('apps/b/build', { debugImage: elf(2, 183) });
    tree.build('apps/c/build', { name: 'c_xen-x86_64' });
    tree.build('apps/d/build');
    tree.put('apps/d/build/apphello.o', elf(1, 183));
    expect((await look()).unusable).toEqual([
      'a other-architecture',
      'b other-architecture',
      'c other-platform',
      'd other-architecture',
    ]);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('x'.repeat(200))],
    ['cut', elf(2).subarray(0, 100)],
    ['an object', elf(1)],
  ])('a damaged image: %s', async (_, debugImage) => {
    tree.build('apps/hello/build', { debugImage });
    expect(await reasonOf()).toBe('damaged-image');
  });

  it('a damaged object', async () => {
    tree.build('apps/hello/build');
    tree.put('apps/hello/build/apphello.o', 'no object');
    expect(await reasonOf()).toBe('damaged-object');
  });

  it('missing objects and scripts, by name', async () => {
    const image = tree.build('apps/hello/build');
    rmSync(path.join(path.dirname(image), 'apphello.o'));
    const { unusable } = await discover(tree.root);
    expect(unusable[0]).toMatchObject({
      name: 'hello',
      reason: 'objects-missing',
      path: path.join(path.dirname(image), 'apphello.o'),
      message: 'Files of the link are missing: apphello.o. Build the application again.',
    });
  });

  it.each([
    ['empty', ''],
    ['a shell script', 'for o in *.o; do gcc $o; done'],
    ['another tool', 'rm -rf /home/me\n'],
    ['another target', 'gcc a.o -Wl,-T,x.ld -o /x/other.dbg\n'],
    ['no output', 'gcc a.o -Wl,-T,x.ld\n'],
    ['binary', '\0\u0001\u0002'],
    ['a response file that is not there', 'gcc @/x/args -o /x/hello_qemu-x86_64.dbg'],
    ['a response file outside', 'gcc @/etc/passwd -o /x/hello_qemu-x86_64.dbg'],
  ])('an unreadable record: %s', async (_, link) => {
    tree.build('apps/hello/build', { link });
    expect(await reasonOf()).toBe('link-record-unreadable');
  });

  it('a record without the steps after the link, or with one that is not known', async () => {
    const image = tree.build('apps/hello/build');
    rmSync(`${image}.cmd`);
    expect(await reasonOf()).toBe('link-record-unreadable');
    tree.build('apps/hello/build');
    tree.put('apps/hello/build/hello_qemu-x86_64.sign.cmd', 'sign x');
    expect(await reasonOf()).toBe('link-record-unreadable');
  });

  it('a packed image whose packer is gone', async () => {
    tree.build('apps/hello/build', { image: elf(2, 3, 32) });
    expect(await reasonOf()).toBe('link-record-unreadable');
  });

  it('no record, where nothing may be run', async () => {
    const image = tree.build('apps/hello/build');
    rmSync(`${image}.dbg.cmd`);
    expect(await reasonOf()).toBe('tools-not-allowed');
  });

  it('no record and no core to ask', async () => {
    const image = tree.build('apps/hello/build');
    rmSync(`${image}.dbg.cmd`);
    const { unusable } = await discover(tree.root, { tools: {} });
    expect(unusable).toMatchObject([{ name: 'hello', reason: 'core-missing' }]);
  });

  it('two builds in one folder, unless only one of them is whole', async () => {
    const first = tree.build('apps/hello/build');
    const last = tree.build('apps/hello/build', { name: 'hello_fc-x86_64' });
    for (const image of [first, last]) linkedAt(`${image}.dbg`, Date.now() + 60_000);
    const { unusable } = await discover(tree.root);
    expect(unusable).toMatchObject([{ name: 'hello', reason: 'several-images' }]);
    expect(unusable[0]?.message).toMatch(/hello_fc-x86_64, hello_qemu-x86_64/);
    tree.put('apps/hello/build/hello_fc-x86_64.dbg.cmd', 'unreadable');
    expect((await look()).usable).toEqual(['hello classic']);
  });

  it('two builds in one folder of which the objects are those of the last', async () => {
    const first = tree.build('apps/hello/build');
    linkedAt(`${first}.dbg`, Date.now() - 60_000);
    const last = tree.build('apps/hello/build', { name: 'hello_fc-x86_64' });
    linkedAt(`${last}.dbg`, Date.now() + 60_000);
    const { unikernels, unusable } = await discover(tree.root);
    expect(unusable).toEqual([]);
    expect(unikernels.map(({ image }) => path.basename(image))).toEqual(['hello_fc-x86_64']);
    expect(unikernels[0]?.notes?.join()).toMatch(/also holds hello_qemu-x86_64.*folder of its own/);
  });

  it('no such folder', async () => {
    await expect(discover(path.join(tree.root, 'gone'))).rejects.toMatchObject({
      code: 'workspace-missing',
    });
  });

  it('cancelled', async () => {
    tree.build('apps/hello/build');
    await expect(discover(tree.root, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

/** Lets an image be linked at another time, in milliseconds. */
const linkedAt = (file: string, time: number) => utimesSync(file, time / 1000, time / 1000);

describe('an image that is older than an object of its link', () => {
  it('is used, with a note', async () => {
    const image = tree.build('apps/hello/build');
    linkedAt(`${image}.dbg`, Date.now() + 60_000);
    expect((await discover(tree.root)).unikernels[0]?.notes).toBeUndefined();
    linkedAt(`${image}.dbg`, Date.now() - 60_000);
    const [hello] = (await discover(tree.root)).unikernels;
    expect(hello?.notes).toEqual([expect.stringMatching(/\.o.* changed after .*stale-build/)]);
  });
});

describe('records', () => {
  it('of a moved workspace are mapped everywhere', async () => {
    tree.build('apps/hello/build', { recordedAt: '/old/w/apps/hello/build' });
    const { unikernels } = await discover(tree.root);
    expect(unikernels).toHaveLength(1);
    expect(JSON.stringify(unikernels)).not.toContain('/old/w');
  });

  it('take the packer beside the other scripts', async () => {
    tree.build('apps/hello/build', { image: elf(2, 3, 32), recordedAt: '/old/w/apps/hello/build' });
    const packer = tree.put('unikraft/support/scripts/multiboot.py');
    tree.put('unikraft/support/scripts/mkbootinfo.py');
    const [found] = (await discover(tree.root)).unikernels;
    expect(found?.link.postLink.at(-1)).toMatchObject({ tool: packer, args: [found?.image] });
  });

  it('of packing are preferred to guessing', async () => {
    const image = tree.build('apps/hello/build', { image: elf(2, 3, 32) });
    tree.put('unikraft/support/scripts/multiboot.py');
    tree.put(
      'apps/hello/build/hello_qemu-x86_64.multiboot.cmd',
      `${tree.root}/unikraft/support/scripts/multiboot.py ${image}\n`,
    );
    const [found] = (await discover(tree.root)).unikernels;
    const names = found?.link.postLink.map(({ tool }) => path.basename(tool));
    expect(names).toEqual(['strip', 'mkbootinfo.py', 'objcopy', 'multiboot.py']);
  });

  it('of position-independent images relocate right after the link', async () => {
    const image = tree.build('apps/hello/build');
    tree.put(
      'apps/hello/build/hello_qemu-x86_64.dbg.uk_reloc.bin.cmd',
      `/u/mkukreloc.py ${image}.dbg && ""objcopy --update-section ` +
        `.uk_reloc=${image}.dbg.uk_reloc.bin ${image}.dbg 2>&1 | { grep -v "lma" || true; }\n`,
    );
    const [found] = (await discover(tree.root)).unikernels;
    const names = found?.link.postLink.map(({ tool }) => path.basename(tool));
    expect(names).toEqual(['mkukreloc.py', 'objcopy', 'strip', 'mkbootinfo.py', 'objcopy']);
  });

  it('of two steps become one', async () => {
    const image = tree.build('apps/hello/build');
    const build = path.dirname(image);
    tree.put(
      'apps/hello/build/hello_qemu-x86_64.ld.o.cmd',
      `""gcc -r -nostdlib -Wl,-m,elf_x86_64 ${build}/libkvmplat.o ${build}/apphello.o ` +
        `-Wl,--start-group -lgcc -Wl,--end-group -o ${image}.ld.o\n`,
    );
    tree.put(
      'apps/hello/build/hello_qemu-x86_64.o.cmd',
      `""objcopy -w -G kvmos_* -G _libkvmplat_entry ${image}.ld.o ${image}.o\n`,
    );
    tree.put(
      'apps/hello/build/hello_qemu-x86_64.dbg.cmd',
      `""gcc -nostdlib -Wl,--omagic -Wl,-dT,${build}/libkvmplat/link64.lds ${image}.o -o ${image}.dbg`,
    );
    const [found] = (await discover(tree.root)).unikernels;
    expect(found?.link).toMatchObject({
      composed: true,
      inputs: [`${build}/libkvmplat.o`, `${build}/apphello.o`],
    });
    expect(found?.link.command.args).toContain('-lgcc');
    expect(found?.link.command.args).not.toContain('-r');
  });

  it('read response files of the build, nested', async () => {
    const image = tree.build('apps/hello/build', {
      link: 'gcc @args -Wl,-T,libkvmplat/link64.lds -o hello_qemu-x86_64.dbg\n',
    });
    tree.put('apps/hello/build/args', '@more "-nostdlib"\n');
    tree.put('apps/hello/build/more', 'libkvmplat.o\napphello.o\n');
    const [found] = (await discover(tree.root)).unikernels;
    expect(found?.link.inputs.map((file) => path.basename(file))).toEqual([
      'libkvmplat.o',
      'apphello.o',
    ]);
    expect(found?.link.script).toBe(path.join(path.dirname(image), 'libkvmplat/link64.lds'));
    tree.put('apps/hello/build/more', '@more');
    expect(await reasonOf()).toBe('link-record-unreadable');
  });
});
