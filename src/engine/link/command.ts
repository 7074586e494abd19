/** What a link command says, and the same command with another script, inputs and output. */
import { SpacerError } from '../errors.ts';
import type { ToolCommand } from '../workspace/types.ts';
import { isDriver, isLinker, linkerPiece, readPieces, writePieces } from './pieces.ts';
import type { Piece, Role } from './pieces.ts';

export interface LinkCommand {
  /** Objects and archives in order, as the command names them. */
  readonly inputs: readonly string[];
  /** `-lX` as written, in order: compiler libraries are left for the driver to find. */
  readonly libraries: readonly string[];
  /** The script of `-dT`, or else of the first `-T`: the one with the SECTIONS of the image. */
  readonly script: string | undefined;
  /** Further `-T` scripts, in order. */
  readonly extraScripts: readonly string[];
  readonly output: string;
  readonly entry?: string;
  readonly gcSections: boolean;
  readonly pie: boolean;
  /** `-r`: makes an object, not an image. */
  readonly partial: boolean;
  /** All other arguments, in order. */
  readonly otherArgs: readonly string[];
}

export interface Replacement {
  readonly script: string;
  readonly extraScripts: readonly string[];
  /** New path of an input by its path in the command; inputs without an entry stay. */
  readonly inputsMap: ReadonlyMap<string, string>;
  /** Archives in place of recorded ones, by path or `-lNAME`: all their members are linked, once. */
  readonly archivesMap?: ReadonlyMap<string, string>;
  readonly output: string;
  /** Where the link map goes. Maps and dependency files of the recorded command are never kept. */
  readonly map?: string;
  /** Objects beyond the recorded ones: they come right before the first group of archives. */
  readonly extraInputs?: readonly string[];
  /** Options for the linker beyond the recorded ones, one word each. */
  readonly extraLinkerArgs?: readonly string[];
}

const NAMED: ReadonlySet<Role> = new Set<Role>([
  'input',
  'library',
  'default-script',
  'script',
  'output',
  'entry',
  'gc',
  'no-gc',
  'pie',
  'no-pie',
  'relocatable',
]);

/**
 * Sorts the arguments of a link by what they mean.
 *
 * @throws SpacerError `link-record-unreadable` if the tool does not link, or writes to no named file
 */
export function parseLinkCommand(command: ToolCommand): LinkCommand {
  const pieces = piecesOf(command);
  const values = (role: Role): string[] =>
    pieces.filter((piece) => piece.role === role).map((piece) => piece.value ?? '');
  const scripts = [...values('default-script'), ...values('script')];
  const output = values('output').at(-1);
  const entry = values('entry').at(-1);
  if (output === undefined) throw unreadable('it names no output');
  return {
    inputs: values('input'),
    libraries: pieces.filter((piece) => piece.role === 'library').map(asDriverLibrary),
    script: scripts[0],
    extraScripts: scripts.slice(1),
    output,
    ...(entry === undefined ? {} : { entry }),
    gcSections: last(pieces, 'gc', 'no-gc'),
    pie: last(pieces, 'pie', 'no-pie'),
    partial: pieces.some((piece) => piece.role === 'relocatable'),
    otherArgs: writePieces(
      command.tool,
      pieces.filter((piece) => !NAMED.has(piece.role)),
    ),
  };
}

/** `-N`, `-n` and their long names, as linkers take them (ld manual, "Command-line Options"). */
export function magicOf({ otherArgs }: LinkCommand): 'omagic' | 'nmagic' | undefined {
  const words = otherArgs.flatMap((arg) => (arg.startsWith('-Wl,') ? arg.slice(4).split(',') : []));
  const last = words.findLast((word) => /^(-N|--?(no-)?omagic|-n|--?nmagic)$/.test(word));
  if (last === undefined || last.endsWith('no-omagic')) return undefined;
  return last === '-N' || last.endsWith('omagic') ? 'omagic' : 'nmagic';
}

/** The same link with other scripts, copies of its inputs and another output. */
export function withScript(command: ToolCommand, replacement: Replacement): ToolCommand {
  const pieces = piecesOf(command).filter((piece) => piece.role !== 'map');
  const main =
    pieces.find((piece) => piece.role === 'default-script') ??
    pieces.find((piece) => piece.role === 'script');
  const kept = withArchives(
    pieces.filter((piece) => piece === main || !isScript(piece)),
    replacement.archivesMap ?? new Map(),
  );
  const placed = kept.flatMap((piece): Piece[] => {
    if (piece === main) return scriptPieces(piece, replacement);
    if (piece.role === 'input') return [withValue(piece, mapped(piece, replacement.inputsMap))];
    if (piece.role === 'output') return [withValue(piece, replacement.output)];
    return [piece];
  });
  if (main === undefined) placed.push(...scriptPieces(undefined, replacement));
  if (replacement.map !== undefined) placed.push(linkerPiece('map', '-Map', replacement.map));
  const all = withExtras(placed, replacement);
  return { ...command, args: writePieces(command.tool, all) };
}

/** The first mention of an archive becomes its copy, further ones go. */
function withArchives(pieces: readonly Piece[], map: ReadonlyMap<string, string>): Piece[] {
  const seen = new Set<string>();
  return pieces.flatMap((piece): Piece[] => {
    const word = piece.role === 'library' ? asDriverLibrary(piece) : (piece.value ?? '');
    const isInput = piece.role === 'library' || piece.role === 'input';
    const copy = isInput ? map.get(word) : undefined;
    if (copy === undefined) return [piece];
    if (seen.has(copy)) return [];
    seen.add(copy);
    const words = ['--whole-archive', copy, '--no-whole-archive'];
    return [{ level: 'linker', role: 'other', option: words[0]!, words }];
  });
}

/**
 * The final link of a two-step build as one direct link: the objects of the first step stand where
 * their merged object stood. `-r` merges equally named sections, so no library could be placed.
 *
 * @param merged path of the merged object as `final` names it
 */
export function composeLinks(final: ToolCommand, first: ToolCommand, merged: string): ToolCommand {
  const members = piecesOf(first).filter((piece) => MEMBERS.has(piece.role));
  const level = isLinker(final.tool) ? 'linker' : 'driver';
  const pieces = piecesOf(final).flatMap((piece): Piece[] =>
    piece.role === 'input' && piece.value === merged
      ? members.map((member) => ({ ...member, level: member.role === 'group' ? 'linker' : level }))
      : [piece],
  );
  return { ...final, args: writePieces(final.tool, pieces) };
}

const MEMBERS: ReadonlySet<Role> = new Set<Role>(['input', 'library', 'search', 'group']);

/** The same link with every word that is a value passed through `change`. */
export function changeInputs(command: ToolCommand, change: (path: string) => string): ToolCommand {
  const pieces = piecesOf(command).map((piece) =>
    piece.role === 'input' ? withValue(piece, change(piece.value ?? '')) : piece,
  );
  return { ...command, args: writePieces(command.tool, pieces) };
}

function piecesOf(command: ToolCommand): Piece[] {
  if (!isLinker(command.tool) && !isDriver(command.tool)) {
    throw unreadable(`"${command.tool}" is no linker that Spacer knows`);
  }
  return readPieces(command);
}

function unreadable(what: string): SpacerError {
  const text = `The recorded link command cannot be read: ${what}.`;
  return new SpacerError('link-record-unreadable', text);
}

function last(pieces: readonly Piece[], on: Role, off: Role): boolean {
  return pieces.findLast((piece) => piece.role === on || piece.role === off)?.role === on;
}

function asDriverLibrary(piece: Piece): string {
  return `-l${piece.value ?? ''}`;
}

function isScript(piece: Piece): boolean {
  return piece.role === 'script' || piece.role === 'default-script';
}

function mapped(piece: Piece, map: ReadonlyMap<string, string>): string {
  const value = piece.value ?? '';
  return map.get(value) ?? value;
}

function withValue(piece: Piece, value: string): Piece {
  if (piece.option === '') return { ...piece, value, words: [value] };
  const words =
    piece.words.length > 1
      ? [piece.option, value]
      : [joins(piece) ? `${piece.option}${value}` : `${piece.option}=${value}`];
  return { ...piece, value, words };
}

/** `-oFILE` and `--entry=NAME`, against `--output=FILE`. */
function joins(piece: Piece): boolean {
  return piece.option.endsWith('=') || /^-[A-Za-z]$/.test(piece.option);
}

function scriptPieces(main: Piece | undefined, replacement: Replacement): Piece[] {
  const first =
    main === undefined
      ? linkerPiece('script', '-T', replacement.script)
      : withValue(main, replacement.script);
  return [first, ...replacement.extraScripts.map((script) => linkerPiece('script', '-T', script))];
}

function withExtras(pieces: readonly Piece[], replacement: Replacement): Piece[] {
  const level = pieces.find((piece) => piece.role === 'input')?.level ?? 'driver';
  const inputs = (replacement.extraInputs ?? []).map((value): Piece => ({
    level,
    role: 'input',
    option: '',
    value,
    words: [value],
  }));
  const args = (replacement.extraLinkerArgs ?? []).map((word): Piece => ({
    level: 'linker',
    role: 'other',
    option: word,
    words: [word],
  }));
  const group = pieces.findIndex((piece) => piece.role === 'group');
  const afterInputs = pieces.findLastIndex((piece) => piece.role === 'input') + 1;
  const at = group < 0 ? afterInputs : Math.min(group, afterInputs || group);
  return [...pieces.slice(0, at), ...inputs, ...pieces.slice(at), ...args];
}
