/**
 * Real Unikraft workspaces, where there are some: `SPACER_REAL_WORKSPACE` (0.17, ordinary),
 * `SPACER_REAL_WORKSPACE_FS` (0.17, function sections), `SPACER_REAL_WORKSPACE_08` (0.8). They are
 * only read. Without them the tests are skipped.
 */
import { describe, expect, it } from 'vitest';
import { alignJson, type Aligned } from '../../support/cli.ts';
import { contentsOf } from '../../support/contents.ts';
import { fingerprint } from '../../support/fingerprint.ts';
import { expectSameConsoles } from '../../support/images.ts';

const WORKSPACES = [
  { what: '0.17, ordinary', variable: 'SPACER_REAL_WORKSPACE', most: 175 / 491 },
  { what: '0.17, function sections', variable: 'SPACER_REAL_WORKSPACE_FS', most: 116 / 348 },
  { what: '0.8, homogeneous', variable: 'SPACER_REAL_WORKSPACE_08', most: 90 / 259 },
];

describe.each(WORKSPACES)('a real workspace: $what', ({ variable, most }) => {
  const workspace = process.env[variable] ?? '';
  const when = it.runIf(workspace !== '');
  let aligning: Promise<Aligned> | undefined;
  const aligned = () => (aligning ??= alignJson(workspace));

  when(`needs at most ${most.toFixed(3)} times the distinct pages (${variable})`, async () => {
    const before = fingerprint(workspace);
    const { totals, bound } = (await aligned()).document;
    expect(totals.after!.distinct).toBeLessThanOrEqual(most * totals.before!.distinct);
    expect(totals.after!.distinct).toBeLessThanOrEqual(1.3 * bound!.pages);
    expect(fingerprint(workspace)).toEqual(before);
  });

  when(`has the pages that were predicted (${variable})`, async () => {
    const { document } = await aligned();
    expect(contentsOf(document, 'after')).toEqual(contentsOf(document, 'predicted'));
  });

  when(`boots as before (${variable})`, async () => {
    const { document, output } = await aligned();
    const mask = (text: string) =>
      masked(text).replaceAll(output, 'DIR').replaceAll(workspace, 'DIR');
    await expectSameConsoles(document, { mask });
  });
});

/** What changes from run to run, with the layout, or with the place of the image. */
function masked(text: string): string {
  return (
    text
      .replace(/\S*_(?:qemu|kvm)-x86_64/g, 'IMAGE')
      .replace(/\[ *\d+\.\d+\]/g, '[TIME]')
      // The table of memory regions lists the segments, and there are others.
      .replace(/^.*\bbootinfo\.c\b.* krnl .*\n/gm, '')
      .replace(/0x[0-9a-f]+|\b[0-9a-f]{6,16}\b/g, 'ADDRESS')
      .replace(/estimate is \d+ Hz/g, 'estimate is N Hz')
  );
}
