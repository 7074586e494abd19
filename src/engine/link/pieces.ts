/**
 * The arguments of a link as pieces: one option with its values, one input, one library.
 *
 * Compiler drivers pass linker options on as `-Wl,a,b` or `-Xlinker a`, and an option's value may
 * stand in the next of these. So the driver's arguments are first spread into a stream of words,
 * each at the level of the driver or of the linker, and then grouped by what GNU ld and gcc say
 * about each option (ld(1), gcc(1) "Options for Linking").
 */
import path from 'node:path';
import { SpacerError } from '../errors.ts';
import type { ToolCommand } from '../workspace/types.ts';

export type Role =
  | 'input'
  | 'library'
  | 'search'
  | 'group'
  | 'default-script'
  | 'script'
  | 'output'
  | 'entry'
  | 'map'
  | 'relocatable'
  | 'gc'
  | 'no-gc'
  | 'pie'
  | 'no-pie'
  | 'other';

export interface Piece {
  readonly level: 'driver' | 'linker';
  readonly role: Role;
  /** The option without its value; empty for inputs. */
  readonly option: string;
  /** The value, or the path of an input. */
  readonly value?: string;
  /** Words exactly as they stand at their level. */
  readonly words: readonly string[];
}

interface Leveled {
  readonly level: Piece['level'];
  readonly word: string;
}

/** Options of gcc whose value is the next argument. */
const DRIVER_VALUES = new Set(
  (
    '-o -T -L -I -l -u -z -e -x -D -U -A -B -G -F -include -imacros -isystem -iquote -idirafter ' +
    '-iprefix -iwithprefix -iwithprefixbefore -isysroot --param -MF -MT -MQ -Xassembler ' +
    '-Xpreprocessor -wrapper -aux-info -dumpbase -dumpbase-ext -dumpdir --sysroot -target -arch'
  ).split(' '),
);
/** Options of ld whose value is the next word, without their dashes. */
const LINKER_VALUES = new Set(
  (
    'T o e m u z L l y h R A a b c F f G I P Y dT Map Ttext Tdata Tbss Ttext-segment ' +
    'Trodata-segment Tldata-segment soname rpath rpath-link dynamic-linker plugin plugin-opt ' +
    'script default-script entry undefined require-defined defsym section-start format ' +
    'input-format oformat output library library-path wrap retain-symbols-file version-script ' +
    'dynamic-list just-symbols trace-symbol mri-script architecture auxiliary filter ' +
    'assert init fini emulation task-link dependency-file export-dynamic-symbol ' +
    'export-dynamic-symbol-list remap-inputs remap-inputs-file'
  ).split(' '),
);

/** Tells whether a tool links by itself, not through a compiler driver. */
export function isLinker(tool: string): boolean {
  return /^(.*-)?ld(\.\w+)?(-[\d.]+)?$/.test(path.basename(tool));
}

/** Tells whether a tool is a compiler driver that links. */
export function isDriver(tool: string): boolean {
  return /^(.*-)?(gcc|g\+\+|cc|c\+\+|clang|clang\+\+)(-[\d.]+)?$/.test(path.basename(tool));
}

/**
 * Reads the arguments of a link as pieces, in order.
 *
 * @throws SpacerError `link-record-unreadable` where an option lacks its value
 */
export function readPieces(command: ToolCommand): Piece[] {
  const words = isLinker(command.tool)
    ? command.args.map((word): Leveled => ({ level: 'linker', word }))
    : spread(command.args);
  const pieces: Piece[] = [];
  for (let at = 0; at < words.length;) {
    const piece = readPiece(words, at);
    pieces.push(piece);
    at += piece.words.length;
  }
  return pieces;
}

/** Writes pieces as arguments of `tool`. */
export function writePieces(tool: string, pieces: readonly Piece[]): string[] {
  if (isLinker(tool)) return pieces.flatMap((piece) => piece.words);
  return pieces.flatMap((piece) => {
    if (piece.level === 'driver') return [...piece.words];
    if (piece.words.some((word) => word.includes(','))) {
      return piece.words.flatMap((word) => ['-Xlinker', word]);
    }
    return [`-Wl,${piece.words.join(',')}`];
  });
}

/** A piece of the linker's level, as `-Wl,` passes it. */
export function linkerPiece(role: Role, option: string, value: string): Piece {
  return { level: 'linker', role, option, value, words: [option, value] };
}

function spread(args: readonly string[]): Leveled[] {
  const words: Leveled[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    if (word === '-Xlinker') {
      words.push({ level: 'linker', word: valueOf(args[++at], word) });
    } else if (word.startsWith('-Wl,')) {
      words.push(
        ...word
          .slice(4)
          .split(',')
          .map((part): Leveled => ({ level: 'linker', word: part })),
      );
    } else {
      words.push({ level: 'driver', word });
      // A value that looks like a linker option is still a value.
      if (DRIVER_VALUES.has(word)) {
        words.push({ level: 'driver', word: valueOf(args[++at], word) });
      }
    }
  }
  return words;
}

function valueOf(word: string | undefined, option: string): string {
  if (word !== undefined) return word;
  const text = `The recorded link command cannot be read: ${option} lacks its value.`;
  return fail(text);
}

function fail(text: string): never {
  throw new SpacerError('link-record-unreadable', text);
}

function readPiece(words: readonly Leveled[], at: number): Piece {
  const { level, word } = words[at] ?? { level: 'driver', word: '' };
  if (word.startsWith('@')) {
    fail(`The recorded link command cannot be read: the response file ${word} is not expanded.`);
  }
  const next = words[at + 1];
  const value = next?.level === level ? next.word : undefined;
  return level === 'driver' ? driverPiece(word, value) : linkPiece(word, value);
}

function driverPiece(word: string, next: string | undefined): Piece {
  const make = (role: Role, option: string, words: string[], value?: string): Piece => ({
    level: 'driver',
    role,
    option,
    words,
    ...(value === undefined ? {} : { value }),
  });
  if (!word.startsWith('-') || word === '-') return make('input', '', [word], word);
  const plain = DRIVER_FLAGS.get(word);
  if (plain !== undefined) return make(plain, word, [word]);
  const spaced = DRIVER_VALUES.has(word);
  const option = spaced ? word : joinedOption(word);
  const role = DRIVER_ROLES.get(option) ?? 'other';
  if (spaced) return make(role, word, [word, valueOf(next, word)], valueOf(next, word));
  if (role === 'other') return make('other', word, [word]);
  return make(role, option, [word], word.slice(option.length));
}

const DRIVER_FLAGS = new Map<string, Role>([
  ['-r', 'relocatable'],
  ['-pie', 'pie'],
  ['--pie', 'pie'],
  ['-static-pie', 'pie'],
  ['--static-pie', 'pie'],
  ['-no-pie', 'no-pie'],
  ['-nopie', 'no-pie'],
]);
const DRIVER_ROLES = new Map<string, Role>([
  ['-o', 'output'],
  ['-T', 'script'],
  ['-l', 'library'],
  ['-L', 'search'],
  ['-e', 'entry'],
  ['--entry=', 'entry'],
]);

/** The option of `-lNAME`, `-LPATH`, `-oPATH`, `-TPATH` and `--entry=NAME`. */
function joinedOption(word: string): string {
  if (word.startsWith('--entry=')) return '--entry=';
  const short = word.slice(0, 2);
  if (short === '-T') return /^-T(text|data|bss)\b/.test(word) ? word : short;
  return short === '-l' || short === '-L' || short === '-o' ? short : word;
}

function linkPiece(word: string, next: string | undefined): Piece {
  const make = (role: Role, option: string, words: string[], value?: string): Piece => ({
    level: 'linker',
    role,
    option,
    words,
    ...(value === undefined ? {} : { value }),
  });
  if (word === '(' || word === ')') return make('group', word, [word]);
  if (!word.startsWith('-') || word === '-') return make('input', '', [word], word);
  const equals = word.indexOf('=');
  const option = equals < 0 ? word : word.slice(0, equals);
  const name = option.replace(/^--?/, '');
  const role = linkerRole(name, word);
  if (equals >= 0 && (option.startsWith('--') || name.length > 1)) {
    return make(role, option, [word], word.slice(equals + 1));
  }
  if (equals < 0 && LINKER_VALUES.has(name)) {
    return make(role, option, [word, valueOf(next, word)], valueOf(next, word));
  }
  const joined = /^-[lLoT]/.exec(word)?.[0];
  if (joined !== undefined && role === 'other' && !SINGLE_DASH.test(word)) {
    return make(linkerRole(joined.slice(1), joined), joined, [word], word.slice(2));
  }
  return make(role, option, [word]);
}

/** Long options of ld with one dash that begin like `-l`, `-L`, `-o` or `-T`. */
const SINGLE_DASH =
  /^-(T(text|data|bss|rodata-segment|ldata-segment)|library|oformat|output|omagic)/;

const LINKER_ROLES = new Map<string, Role>([
  ['T', 'script'],
  ['script', 'script'],
  ['dT', 'default-script'],
  ['default-script', 'default-script'],
  ['o', 'output'],
  ['output', 'output'],
  ['e', 'entry'],
  ['entry', 'entry'],
  ['l', 'library'],
  ['library', 'library'],
  ['L', 'search'],
  ['library-path', 'search'],
  ['Map', 'map'],
  ['dependency-file', 'map'],
  ['start-group', 'group'],
  ['end-group', 'group'],
  ['r', 'relocatable'],
  ['i', 'relocatable'],
  ['relocatable', 'relocatable'],
  ['gc-sections', 'gc'],
  ['no-gc-sections', 'no-gc'],
  ['pie', 'pie'],
  ['pic-executable', 'pie'],
  ['no-pie', 'no-pie'],
]);

function linkerRole(name: string, word: string): Role {
  // `--r` is no option, and `-m`, `-M` differ from `-Map`.
  if (word.startsWith('--') && name.length === 1) return 'other';
  return LINKER_ROLES.get(name) ?? 'other';
}
