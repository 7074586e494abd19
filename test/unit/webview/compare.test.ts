/** Two layouts over each other: what is equal, and where. */
import { describe, expect, it } from 'vitest';
import { pageMapOf, type StagePage } from '../../../src/engine/pages/document.ts';
import { compareLayouts } from '../../../webview/model/compare.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { buildModel, type StageModel } from '../../../webview/model/stage.ts';

/** Pages from an address on, a letter a content; `0` is a page of zeros, a space a hole. */
function pagesAt(page: number, contents: string): StagePage[] {
  return [...contents].flatMap((key, i) =>
    key === ' '
      ? []
      : [
          {
            address: (page + i) * 4096,
            writable: false,
            executable: true,
            key: key === '0' ? null : key,
          },
        ],
  );
}

function stageOf(...unikernels: StagePage[][]): StageModel {
  const document = pageMapOf({
    spacer: '0',
    unikernels: unikernels.map((pages, u) => ({
      name: `u${u}`,
      stages: { after: { segments: [], pages, owners: pages.map(() => []) } },
    })),
  });
  return buildModel(packPageMap(document)).stages.after!;
}

describe('two layouts', () => {
  it('have a block at other addresses as one run', () => {
    const stage = stageOf(
      [...pagesAt(0x100, 'Zx'), ...pagesAt(0x200, 'abcd')],
      [...pagesAt(0x100, 'Zy'), ...pagesAt(0x950, 'abcd')],
    );
    const { runs, pages, equal, moved } = compareLayouts(stage, 0, 1);
    expect(runs.map(({ length, shift }) => [length, shift])).toEqual([
      [1, 0],
      [4, 0x750],
    ]);
    expect({ pages, equal, moved }).toEqual({ pages: 6, equal: 5, moved: 4 });
  });

  it('break a run where a page differs, and count no zeros', () => {
    const stage = stageOf(pagesAt(16, 'ab0xcd'), pagesAt(32, 'ab0ycd'));
    const { runs, pages, equal } = compareLayouts(stage, 0, 1);
    expect(runs.map(({ length, shift }) => [length, shift])).toEqual([
      [2, 16],
      [2, 16],
    ]);
    expect({ pages, equal }).toEqual({ pages: 5, equal: 4 });
  });

  it('match a content that is there twice once each, and go on with a run', () => {
    const stage = stageOf(pagesAt(1, 'aabp'), pagesAt(8, 'paab'));
    const { runs, equal } = compareLayouts(stage, 0, 1);
    expect(equal).toBe(4);
    expect(runs.map(({ length, shift }) => [length, shift])).toEqual([
      [3, 8],
      [1, 4],
    ]);
    expect(compareLayouts(stageOf(pagesAt(1, 'aa'), pagesAt(8, 'a')), 0, 1).equal).toBe(1);
  });

  it('have an axis of their own', () => {
    const stage = stageOf(pagesAt(1, 'ab'), pagesAt(1, 'ab'), pagesAt(1 << 20, 'c'));
    expect(compareLayouts(stage, 0, 1).axis.columns).toBe(2);
  });
});
