/** Names of unikernels: unique in the set, the same in every run, and fit for a folder's name. */
import path from 'node:path';

export interface Named {
  /** The application's own name. */
  readonly name: string;
  readonly kind: 'classic' | 'kraft';
  /** Folder of the application. */
  readonly directory: string;
  readonly buildDirectory: string;
}

const LENGTH_LIMIT = 80;

/**
 * One name for each. Only where applications have equal names each of them gets a suffix, which
 * comes from its path below the root (`hello@fleet-a`), then from its kind (`hello@kraft`), then
 * from its build folder. So a name depends on nothing but the path and whether it is alone.
 */
export function uniqueNames(items: readonly Named[], root: string): string[] {
  const suffixes: ((item: Named) => string)[] = [
    () => '',
    (item) => folders(item, root),
    (item) => [folders(item, root), item.kind].filter(Boolean).join('-'),
    (item) => [folders(item, root), item.kind, path.basename(item.buildDirectory)].join('-'),
    (item) => path.relative(root, item.buildDirectory).split(path.sep).join('-'),
  ];
  const names = items.map((item) => safeName(item.name));
  for (const suffix of suffixes.slice(1)) {
    for (const group of equalOnes(names)) {
      for (const index of group) {
        const item = items[index];
        if (item === undefined) continue;
        const end = suffix(item);
        names[index] = safeName(item.name) + (end === '' ? '' : `@${safeName(end)}`);
      }
    }
  }
  return numbered(names);
}

/** Folders between the root and the application, without `apps`. */
function folders(item: Named, root: string): string {
  const relative = path.relative(root, path.dirname(item.directory));
  const parts = relative.split(path.sep).filter((part) => part !== '' && part !== 'apps');
  return parts.filter((part) => part !== '..').join('-');
}

/** Indices of names that occur more than once, by name. */
function equalOnes(names: readonly string[]): number[][] {
  const byName = new Map<string, number[]>();
  names.forEach((name, index) => byName.set(name, [...(byName.get(name) ?? []), index]));
  return [...byName.values()].filter((group) => group.length > 1);
}

/** The last resort, for paths that become equal when they are made safe. */
function numbered(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 2; used.has(unique); count++) unique = `${name}@${count}`;
    used.add(unique);
    return unique;
  });
}

/** A name that can be a folder's: no separators, no control characters, no leading dot. */
export function safeName(name: string): string {
  const safe = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}._+@-]+/gu, '_')
    .replace(/^[.@-]+/, '_')
    // Reports stand beside the folders of unikernels.
    .replace(/\.json$/i, '_json')
    .slice(0, LENGTH_LIMIT);
  return safe === '' ? 'unikernel' : safe;
}
