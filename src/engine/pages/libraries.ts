/** The micro-libraries of a set, counted from the owners of its pages. */
import type {
  LibraryEntry,
  PageOwner,
  UnikernelEntry,
  UnikernelPages,
} from '../../protocol/page-map.ts';

/**
 * What the pages alone say about the libraries. Two unikernels hold different variants where a
 * section of the library has different sizes; a caller that read the objects knows better.
 */
export function librariesOf(unikernels: readonly UnikernelEntry[]): LibraryEntry[] {
  const found = new Map<string, { unikernels: number[]; shapes: Set<string>; size: number }>();
  unikernels.forEach((unikernel, index) => {
    const pages = unikernel.before ?? unikernel.after ?? unikernel.predicted;
    for (const [name, sections] of sectionsOf(pages)) {
      const entry = found.get(name) ?? { unikernels: [], shapes: new Set(), size: 0 };
      const size = [...sections.values()].reduce((sum, bytes) => sum + bytes, 0);
      entry.unikernels.push(index);
      entry.shapes.add(JSON.stringify([...sections].sort(([a], [b]) => (a < b ? -1 : 1))));
      entry.size = Math.max(entry.size, size);
      found.set(name, entry);
    }
  });
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, entry]) => ({
      name,
      unikernels: entry.unikernels,
      sharing: sharingOf(entry.unikernels.length, unikernels.length),
      variants: entry.shapes.size,
      size: entry.size,
    }));
}

function sharingOf(count: number, all: number): LibraryEntry['sharing'] {
  if (count === all) return 'all';
  return count > 1 ? 'some' : 'one';
}

function sectionsOf(pages: UnikernelPages | undefined): Map<string, Map<string, number>> {
  const libraries = new Map<string, Map<string, number>>();
  for (const page of pages?.pages ?? [])
    for (const owner of page.owners) if (!owner.library.startsWith('[')) add(libraries, owner);
  return libraries;
}

function add(libraries: Map<string, Map<string, number>>, owner: PageOwner): void {
  const sections = libraries.get(owner.library) ?? new Map<string, number>();
  sections.set(owner.section, (sections.get(owner.section) ?? 0) + owner.bytes);
  libraries.set(owner.library, sections);
}
