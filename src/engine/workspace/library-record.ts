/**
 * How a build made the object of a library: a merge (`-r`) of the objects of its compile units, and
 * copies of the merged object whose symbols were made local by the library's export list. Builds
 * from 0.11 on record both beside the objects.
 */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import { isDriver, isLinker, readPieces } from '../link/pieces.ts';
import { splitCommands } from '../link/words.ts';
import { mergeSteps, type MergeStep } from './assemble.ts';
import { readLimited } from './files.ts';
import { pathMapper } from './mapping.ts';
import { expandResponseFiles } from './response.ts';
import type { ToolCommand } from './types.ts';

export interface LibraryRecord {
  /** Objects of the compile units, in the order of the merge; absolute paths. */
  readonly units: readonly string[];
  readonly merge: ToolCommand;
  /** From the merged object to the library's, in order. Input and output are the last two arguments. */
  readonly copies: readonly ToolCommand[];
}

export interface LibraryPlace {
  /** What the user opened. */
  readonly root: string;
  readonly buildDirectory: string;
}

/** Merged objects with many units have long records; see record.ts. */
const RECORD_LIMIT = 4 * 1024 * 1024;
/** Copies of copies: builds make one. */
const DEPTH_LIMIT = 4;

/**
 * Reads how an object was made; paths are those of today, also in a moved workspace.
 * @throws SpacerError `library-record-unreadable`, `link-record-unreadable`
 */
export async function readLibraryRecord(
  object: string,
  place: LibraryPlace,
): Promise<LibraryRecord> {
  const copies: ToolCommand[] = [];
  let target = object;
  for (let depth = 0; depth < DEPTH_LIMIT; depth++) {
    const { command, copyOf } = await readStep(target, place);
    if (copyOf === undefined) return { units: unitsOf(command, place), merge: command, copies };
    checkCopy(command);
    copies.unshift(command);
    target = path.resolve(place.buildDirectory, copyOf);
  }
  throw unreadable('it is a copy of too many copies', object);
}

async function readStep(target: string, place: LibraryPlace): Promise<MergeStep> {
  const file = `${target}.cmd`;
  const text = await readLimited(file, RECORD_LIMIT);
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

const PLAIN: ReadonlySet<string> = new Set([
  'input',
  'output',
  'relocatable',
  'group',
  'search',
  'map',
  'other',
  'no-pie',
  'pie',
]);

function unitsOf(merge: ToolCommand, place: LibraryPlace): string[] {
  const pieces = readPieces(merge);
  const foreign = pieces.find(({ role }) => !PLAIN.has(role));
  if (foreign) throw unreadable(`its merge has ${foreign.words.join(' ')}`, place.buildDirectory);
  return pieces.flatMap(({ role, value }) =>
    role === 'input' && value !== undefined ? [path.resolve(place.buildDirectory, value)] : [],
  );
}

/** Options of objcopy that change symbols only: they mean the same whatever sections are called. */
const JOINED =
  /^--(keep-global-symbols?|localize-symbols?|globalize-symbols?|weaken-symbols?|keep-symbols?|strip-symbols?|strip-unneeded-symbols?|redefine-syms?)=/;
const SPACED =
  /^(-[GLWKN]|--(keep-global-symbol|localize-symbol|globalize-symbol|weaken-symbol|keep-symbol|strip-symbol|redefine-sym|redefine-syms))$/;
const ALONE = /^(-w|--wildcard|-p|--preserve-dates|--localize-hidden|--weaken)$/;

function checkCopy({ args }: ToolCommand): void {
  const options = args.slice(0, -2);
  for (let i = 0; i < options.length; i++) {
    const option = options[i]!;
    if (SPACED.test(option)) i++;
    else if (!JOINED.test(option) && !ALONE.test(option))
      throw unreadable(`its copy was made with ${option}`, args.at(-1) ?? '');
  }
}

function unreadable(why: string, file: string): SpacerError {
  return new SpacerError('library-record-unreadable', why, { file });
}
