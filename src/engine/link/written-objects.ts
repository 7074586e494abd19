/**
 * Reads back the copies that an earlier alignment wrote, so that they are linked as they are: with
 * the stubs, pins and split libraries that its scripts place.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { COMMON } from '../aslr/names.ts';
import { storedFile, type Contents } from '../elf/contents.ts';
import { readElfParts } from '../elf/read-parts.ts';
import { SpacerError } from '../errors.ts';
import type { InputObject } from '../model/types.ts';
import { readArchive } from './archive.ts';
import { copyPlace } from './copies.ts';
import { STUBS, type PreparedObject } from './prepare.ts';

/** Objects that alignments add behind the user's own, in the order of the link. */
const ADDED = [STUBS, COMMON];

/**
 * The copies of a unikernel's objects in the order of `originals`, then what the alignment added.
 * @param folder that of the copies
 * @throws SpacerError `objects-missing` where a copy is not there; `archive-*`, `elf-*`
 */
export function readWrittenObjects(
  folder: string,
  originals: readonly InputObject[],
): PreparedObject[] {
  const reader = new CopyReader(folder);
  const own = originals.map((object) => prepared(object, object.path, reader.contentsOf(object)));
  const added = ADDED.filter((library) =>
    existsSync(path.join(folder, copyPlace({ library }).file)),
  );
  const behind = added.map((library, i) => {
    const object = { index: own.length + i, path: `<${library}>`, library };
    return prepared(object, object.path, reader.contentsOf(object));
  });
  return [...own, ...behind];
}

const prepared = (
  object: Omit<InputObject, 'elf'>,
  file: string,
  copy: Contents,
): PreparedObject => ({ ...object, elf: readElfParts(file, copy), copy });

class CopyReader {
  /** Members of each archive by name; an archive is read once. */
  private readonly archives = new Map<string, ReadonlyMap<string, Uint8Array>>();

  constructor(private readonly folder: string) {}

  contentsOf(object: Pick<InputObject, 'library' | 'archive'>): Contents {
    const { file, member } = copyPlace(object);
    if (member === undefined) return this.open(file, storedFile);
    return this.membersOf(file).get(member) ?? this.missing(`${file}(${member})`);
  }

  private membersOf(file: string): ReadonlyMap<string, Uint8Array> {
    const known = this.archives.get(file);
    if (known !== undefined) return known;
    const { members } = readArchive(
      path.join(this.folder, file),
      this.open(file, (whole) => readFileSync(whole)),
    );
    const byName = new Map(members.map(({ name, data }) => [name, data]));
    this.archives.set(file, byName);
    return byName;
  }

  private open<T>(file: string, read: (file: string) => T): T {
    try {
      return read(path.join(this.folder, file));
    } catch {
      return this.missing(file);
    }
  }

  private missing(file: string): never {
    throw new SpacerError(
      'objects-missing',
      'The copy that the last alignment linked is not there: align again.',
      { file: path.join(this.folder, file) },
    );
  }
}
