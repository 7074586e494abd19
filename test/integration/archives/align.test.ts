import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { align } from '../../../src/engine/align.ts';
import { readElf } from '../../../src/engine/elf/read.ts';
import { readUnikernel } from '../../../src/engine/read-unikernel.ts';
import { discover } from '../../../src/engine/workspace/discover.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import { contentsOf } from '../../support/contents.ts';
import { buildWithArchives } from './workspace.ts';

const roots: string[] = [];
afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true, force: true })));

function workspace(): string {
  const root = mkdtempSync(path.join(tmpdir(), 'spacer-archives-'));
  roots.push(root);
  buildWithArchives(root, 'one');
  buildWithArchives(root, 'two');
  return root;
}

describe('a workspace that links archives', () => {
  const root = workspace();
  const output = path.join(root, 'out');
  const done = align({ workspace: root, output, options: DEFAULT_OPTIONS, tools: {} });

  it('is aligned, and measured as predicted', async () => {
    const document = await done;
    expect(document.failures).toEqual([]);
    expect(document.unikernels.map(({ notes }) => notes)).toEqual([undefined, undefined]);
    expect(contentsOf(document, 'after')).toEqual(contentsOf(document, 'predicted'));
    expect(document.totals.after?.shared).toBeGreaterThan(0);
  });

  it('links the members that the build linked, and no others', async () => {
    await done;
    for (const name of ['one', 'two']) {
      const image = `${name}_qemu-x86_64.dbg`;
      const functions = (file: string) =>
        readElf(file, readFileSync(file))
          .symbols.filter(({ type }) => type === 2)
          .map((symbol) => symbol.name)
          .sort();
      const before = functions(path.join(root, 'apps', name, 'build', image));
      expect(functions(path.join(output, name, image))).toEqual(before);
      expect(before).toContain('__udivti3');
      expect(before).not.toContain('unused');
    }
  });

  it('keeps what a pattern takes of an archive apart', async () => {
    await done;
    const image = path.join(output, 'one', 'one_qemu-x86_64.dbg');
    const contents = (section: string) => {
      const args = ['-O', 'binary', '-j', section, image, path.join(root, 'section')];
      execFileSync('objcopy', args);
      return readFileSync(path.join(root, 'section')).readInt32LE(0);
    };
    expect([contents('.util'), contents('.plain')]).toEqual([3, 11]);
  });

  it('leaves to the linker what no tool may be asked for, and says so', async () => {
    const { unikernels } = await discover(root, { tools: {} });
    const loaded = await readUnikernel(unikernels[0]!);
    expect(loaded.unikernel.notes).toEqual([expect.stringMatching(/-lgcc is left to the linker/)]);
    expect(loaded.archives.map(({ name }) => name)).toEqual(['libutil.a', 'libother.a']);
  });
});
