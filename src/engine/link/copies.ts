/** Names of the copies that are linked in place of the user's objects, and of archives' members. */
import type { InputObject } from '../model/types.ts';

/** Folder of the copies inside a unikernel's own. */
export const OBJECTS = 'objects';

export interface CopyPlace {
  /** File in the folder of copies. */
  readonly file: string;
  /** Name in the archive, for a member of one. */
  readonly member?: string;
}

type Named = Pick<InputObject, 'library' | 'archive'>;

/** Where the copy of an object stands; unique within a unikernel, as library names are. */
export function copyPlace({ library, archive }: Named): CopyPlace {
  if (archive === undefined) return { file: objectName(library) };
  const member = library.slice(library.indexOf('/') + 1);
  return { file: archive.name, member: objectName(member) };
}

/** A pattern of linker scripts for the copy and no other. */
export function copyPattern(object: Named): string {
  const { file, member } = copyPlace(object);
  return `*/${OBJECTS}/${file}${member === undefined ? '' : `:${member}`}`;
}

const objectName = (name: string) => `${name.replace(/[^\w.+-]/g, '_')}.o`;
