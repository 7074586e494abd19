/**
 * Of which compile units a build made the object of a library: a merge (`-r`) of their objects, and
 * copies of the merged object whose symbols were made local by the library's export list. Builds
 * from 0.11 on record both beside the objects. Nothing that is read here is run.
 */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { isDriver, isLinker, readPieces } from '../link/pieces.ts';
import { splitCommands } from '../link/words.ts';
import { mergeSteps, type MergeStep } from './assemble.ts';
import { readLimited } from './files.ts';
import { pathMapper } from './mapping.ts';
import { Reach } from './reach.ts';
import { expandResponseFiles } from './response.ts';
import type { ToolCommand } from './types.ts';

export interface LibraryPlace {
  /** What the user opened. */
  readonly root: string;
  readonly buildDirectory: string;
}

/**
 * The objects of a library's compile units, in the order of their merge; paths are those of today,
 * also in a moved workspace.
 * @throws SpacerError `library-record-unreadable`, `link-record-unreadable`
 */
export async function readLibraryRecord(object: string, place: LibraryPlace): Promise<string[]> {
  let target = object;
  for (let depth = 0; depth < LIMITS.depth.copies; depth++) {
    const { command, copyOf } = await readStep(target, place);
    if (copyOf === undefined) return reachable(unitsOf(command, place), place);
    target = path.resolve(place.buildDirectory, copyOf);
  }
  throw unreadable('it is a copy of too many copies', object);
}

async function readStep(target: string, place: LibraryPlace): Promise<MergeStep> {
  const file = `${target}.cmd`;
  const text = await readLimited(file, LIMITS.bytes.record);
  if (text === undefined) throw unreadable('the build did not record how it was made', target);
  const [words = [], ...more] = splitCommands(text, { file });
  if (more.length > 0) throw unreadable('several commands made it', target);
  const recorded = recordedOutput(words);
  if (recorded === undefined || path.basename(recorded) !== path.basename(target))
    throw unreadable('its record is about another file', target);
  const map = pathMapper(path.resolve(place.buildDirectory, recorded), target, place.root);
  const [tool = '', ...args] = words.map(map);
  const expanded = await expandResponseFiles(args, place, map);
  const [step] = mergeSteps([{ tool, args: expanded, cwd: place.buildDirectory }]);
  if (step === undefined) throw unreadable('no merge of objects made it', target);
  return step;
}

/** The output as the build wrote it down: response files are not expanded yet. */
function recordedOutput(words: readonly string[]): string | undefined {
  const [tool = ''] = words;
  if (isDriver(tool) || isLinker(tool)) return words[words.lastIndexOf('-o') + 1];
  return words.at(-1);
}

function unitsOf(merge: ToolCommand, place: LibraryPlace): string[] {
  const pieces = readPieces(merge);
  const script = pieces.find(({ role }) => role === 'script' || role === 'default-script');
  if (script) throw unreadable('its units were merged by a script', place.buildDirectory);
  return pieces.flatMap(({ role, value }) =>
    role === 'input' && value !== undefined ? [path.resolve(place.buildDirectory, value)] : [],
  );
}

/** Units are read and their contents become part of outputs. */
async function reachable(units: string[], place: LibraryPlace): Promise<string[]> {
  const reach = new Reach(place);
  const allowed = await Promise.all(units.map((unit) => reach.allows(unit)));
  const stray = units.find((_, i) => allowed[i] !== true);
  if (stray !== undefined) throw unreadable('a unit of it lies outside the workspace', stray);
  return units;
}

function unreadable(why: string, file: string): SpacerError {
  return new SpacerError('library-record-unreadable', why, { file });
}
