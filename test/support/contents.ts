import type { PageMapDocument, UnikernelPages } from '../../src/protocol/page-map.ts';

/**
 * Every page by its address, with the first page of the set that has its content: equal for two
 * stages where the same pages are equal to each other.
 */
export function contentsOf(document: PageMapDocument, stage: 'predicted' | 'after'): string[] {
  const first = new Map<number, string>();
  return document.unikernels.flatMap(({ name, [stage]: pages }) =>
    (pages as UnikernelPages).pages.map(({ address, kind, contentClass }) => {
      const label = `${name} ${address.toString(16)}`;
      const known = first.get(contentClass);
      if (known === undefined && kind !== 'zero') first.set(contentClass, label);
      return `${label} ${kind} ${kind === 'zero' ? '' : (known ?? label)}`;
    }),
  );
}
