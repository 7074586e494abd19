import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, type PageMapDocument } from '../../../src/protocol/page-map.ts';
import { packPageMap } from '../../../src/protocol/packed/pack.ts';
import { countAll, countPages, project, sharedBytes } from '../../../webview/model/projection.ts';
import { buildModel, type StageModel } from '../../../webview/model/stage.ts';
import { makeFleet } from './fleet.ts';

const document = makeFleet({ unikernels: 8, pages: 70 });
const model = buildModel(packPageMap(document));

/** Contents of a host by brute force: every page of every instance, then a set. */
function bruteForce(
  from: PageMapDocument,
  stage: 'before' | 'after',
  instances: number,
  written: boolean,
): number {
  const contents = new Set<string>();
  from.unikernels.forEach((unikernel, u) => {
    for (let instance = 0; instance < instances; instance += 1) {
      unikernel[stage]?.pages.forEach((page, index) => {
        const own = written && page.writable;
        contents.add(own ? `own ${u} ${instance} ${index}` : `content ${page.contentClass}`);
      });
    }
  });
  return contents.size * PAGE_SIZE;
}

describe('host memory', () => {
  it.each([
    ['before', 1, true],
    ['before', 3, false],
    ['after', 1, false],
    ['after', 5, true],
  ] as const)('%s, %i instances, written: %s', (stage, instances, written) => {
    const pages = countPages(model.stages[stage] as StageModel);
    expect(sharedBytes(pages, instances, written)).toBe(
      bruteForce(document, stage, instances, written),
    );
  });

  it('is the headline for one instance that has written nothing, and one page of zeros', () => {
    const pages = countPages(model.stages.after as StageModel);
    expect(pages.contents).toBe((document.totals.after?.distinct ?? 0) + 1);
  });

  it('compares with the images of before', () => {
    const projection = project(countAll(model), 'after', 10, true);
    expect(projection.withoutSharing).toBe((document.totals.before?.total ?? 0) * 10 * PAGE_SIZE);
    expect(projection.before).toBeGreaterThan(projection.after ?? Infinity);
  });

  it('has no second bar where only images of before were measured', () => {
    const only = buildModel(
      packPageMap(makeFleet({ unikernels: 3, pages: 70, stages: ['before'] })),
    );
    expect(project(countAll(only), 'before', 10, true).after).toBeUndefined();
  });
});
