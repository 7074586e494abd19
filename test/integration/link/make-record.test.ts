import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp, rename } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { discover } from '../../../src/engine/workspace/discover.ts';
import { elf, Tree } from '../../unit/workspace/trees.ts';
import { fingerprint } from './workspace.ts';

/**
 * A core with the habits of Unikraft's up to 0.10: it includes dependency files and remakes one,
 * writes lists while it is read, calls itself, links in two steps, and tells nothing but by make.
 */
const CORE = `
ifneq ($(shell umask),0022)
.PHONY: _all $(MAKECMDGOALS)
$(MAKECMDGOALS): _all
	@:
_all:
	@umask 0022 && $(MAKE) --no-print-directory $(MAKECMDGOALS)
else
-include $(C)
IMAGE := $(O)/$(CONFIG_UK_NAME)_kvm-x86_64
OBJECTS := $(O)/libkvmplat.o $(O)/apphello.o
$(shell echo list > $(O)/libkvmplat/uk_clean_list)
-include $(O)/libkvmplat/io.d
$(O)/libkvmplat/io.d: $(O)/config
	@echo '# remade' > $@
$(foreach lib,$(subst :, ,$(L)),$(info Using $(lib)))
$(O)/%.o: $(A)/%.c
	""gcc -c $< -o $@
$(IMAGE).dbg: $(OBJECTS)
	""gcc -r -nostdlib -Wl,-r -Wl,-m,elf_x86_64 $(OBJECTS) -Wl,--start-group -Wl,--end-group -o $(IMAGE).ld.o
	""objcopy -w -G kvmos_* -G _libkvmplat_entry $(IMAGE).ld.o $(IMAGE).o
	/usr/bin/time -o $@.time ""gcc -nostdlib -Wl,--omagic $(FLAGS) -Wl,-dT,$(O)/libkvmplat/link64.lds \\
		$(foreach lib,$(subst :, ,$(L)),-Wl,-T,$(lib)/extra.ld) $(IMAGE).o -o $@
$(IMAGE): $(IMAGE).dbg
	$(CURDIR)/support/scripts/sect-strip.py --with-objcopy=""objcopy $< -o $@ && ""strip -s $@
endif
`;

let tree: Tree;
beforeEach(() => {
  tree = new Tree();
  tree.put('w/unikraft/Makefile', CORE);
  for (const name of ['Config.uk', 'version.mk', 'Makefile.uk', 'lib/Config.uk']) {
    tree.put(`w/unikraft/${name}`);
  }
  tree.folder('w/unikraft/plat');
  tree.put('w/libs/one/extra.ld');
  for (const name of ['hello_kvm-x86_64', 'hello_kvm-x86_64.dbg']) {
    tree.put(`w/apps/hello/build/${name}`, elf(2));
  }
  for (const name of ['libkvmplat.o', 'apphello.o']) tree.put(`w/apps/hello/build/${name}`, elf(1));
  for (const name of ['libkvmplat.c', 'apphello.c']) tree.put(`w/apps/hello/${name}`);
  tree.put('w/apps/hello/build/config', 'FLAGS := -Wl,--cref\n');
  const w = path.join(tree.root, 'w');
  tree.put(
    'w/apps/hello/build/kconfig/libs.uk',
    `source "${w}/unikraft/lib//x/Config.uk"\nsource "${w}/libs/one/Config.uk"\n`,
  );
  tree.put('w/apps/hello/build/libkvmplat/link64.lds');
  tree.put(
    'w/apps/hello/build/libkvmplat/link64.lds.d',
    `cmd_${w}/apps/hello/build/libkvmplat/link64.lds := ""gcc -E\n`,
  );
  tree.put('w/apps/hello/build/libkvmplat/io.d', '# dependencies\n');
  symlinkSync(`${w}/unikraft/Makefile`, path.join(w, 'apps/hello/build/Makefile'));
});
afterEach(() => tree.remove());

async function findOne(root: string) {
  const { unikernels, unusable } = await discover(root, { tools: {} });
  expect(unusable).toEqual([]);
  expect(unikernels).toHaveLength(1);
  return unikernels[0]?.link;
}

/** A process that has ended and is not yet reaped has no command line. */
function isRunning(pid: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file, 'utf8') !== '';
}

describe('a build without records', () => {
  it('is asked by make, about a copy', async () => {
    const root = path.join(tree.root, 'w');
    const before = fingerprint(root);
    const link = await findOne(root);
    const build = path.join(root, 'apps/hello/build');
    const image = `${build}/hello_kvm-x86_64`;
    expect(link).toMatchObject({
      origin: 'make',
      composed: true,
      inputs: [`${build}/libkvmplat.o`, `${build}/apphello.o`],
      script: `${build}/libkvmplat/link64.lds`,
      extraScripts: [`${root}/libs/one/extra.ld`],
      debugImage: `${image}.dbg`,
    });
    expect(link?.command.tool).toBe('gcc');
    expect(link?.command.args).toContain('-Wl,--cref');
    expect(link?.postLink.map(({ tool, args }) => [tool, ...args])).toEqual([
      [
        `${root}/unikraft/support/scripts/sect-strip.py`,
        '--with-objcopy=objcopy',
        `${image}.dbg`,
        '-o',
        image,
      ],
      ['strip', '-s', image],
    ]);
    expect(fingerprint(root)).toEqual(before);
  });

  it('is found where it was moved to, even while the old place is still there', async () => {
    const moved = path.join(tree.root, 'moved');
    await cp(path.join(tree.root, 'w'), moved, { recursive: true, verbatimSymlinks: true });
    expect(JSON.stringify(await findOne(moved))).not.toContain(path.join(tree.root, 'w/'));
    await rename(path.join(moved, 'apps/hello'), path.join(moved, 'apps/other'));
    const link = await findOne(moved);
    expect(JSON.stringify(link)).not.toContain(path.join(tree.root, 'w/'));
    expect(link?.debugImage).toBe(path.join(moved, 'apps/other/build/hello_kvm-x86_64.dbg'));
  });

  it('does not care what times its files have, or about newer sources', async () => {
    const file = path.join(tree.root, 'w/apps/hello/apphello.c');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
    expect((await findOne(path.join(tree.root, 'w')))?.inputs).toHaveLength(2);
  });

  it('needs make', async () => {
    const root = path.join(tree.root, 'w');
    const empty = tree.folder('empty');
    const { unusable } = await discover(root, { tools: { searchPath: empty } });
    expect(unusable).toMatchObject([{ name: 'hello', reason: 'tool-missing' }]);
    expect(unusable[0]?.message).toContain('apt install make');
  });

  it.each([
    ['make fails', '$(error broken)'],
    ['make tells nothing', 'x:\n\t@:\n%:\n\t@:\n'],
  ])('is listed where %s', async (_, makefile) => {
    tree.put('w/unikraft/Makefile', makefile);
    const { unusable } = await discover(path.join(tree.root, 'w'), { tools: {} });
    expect(unusable).toMatchObject([{ name: 'hello', reason: 'link-record-unreadable' }]);
  });

  it('is listed where its configuration or core is gone', async () => {
    const root = path.join(tree.root, 'w');
    rmSync(path.join(root, 'apps/hello/build/config'));
    const first = await discover(root, { tools: {} });
    expect(first.unusable).toMatchObject([{ reason: 'link-record-unreadable' }]);
    rmSync(path.join(root, 'unikraft'), { recursive: true });
    mkdirSync(path.join(root, 'unikraft'));
    const second = await discover(root, { tools: {} });
    expect(second.unusable).toMatchObject([{ reason: 'core-missing' }]);
  });

  it('is asked by the application’s own makefile where the core is not known', async () => {
    const root = path.join(tree.root, 'w');
    rmSync(path.join(root, 'apps/hello/build/Makefile'));
    await rename(path.join(root, 'unikraft'), path.join(root, 'core-of-mine'));
    tree.put(
      'w/apps/hello/Makefile',
      'all:\n$(MAKECMDGOALS):\n' +
        '\t@$(MAKE) -C ../../core-of-mine A=$(PWD) L=$(PWD)/../../libs/one CONFIG_UK_NAME=hello $@\n',
    );
    const before = fingerprint(root);
    const link = await findOne(root);
    expect(link).toMatchObject({ origin: 'make', composed: true });
    expect(link?.inputs).toHaveLength(2);
    expect(fingerprint(root)).toEqual(before);
  });

  it('stops when cancelled', async () => {
    const pidFile = path.join(tree.root, 'pid');
    tree.put('w/unikraft/Makefile', `$(shell echo $$$$ > ${pidFile}; exec sleep 60)\n`);
    const abort = new AbortController();
    const run = discover(path.join(tree.root, 'w'), { tools: {}, signal: abort.signal });
    const outcome = expect(run).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitUntil(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'), {
      timeout: 60_000,
    });
    abort.abort();
    await outcome;
    expect(isRunning(readFileSync(pidFile, 'utf8').trim())).toBe(false);
  });
});
