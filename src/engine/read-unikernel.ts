import { NO_INDIRECTION, type Indirection } from './atoms/indirection.ts';
import { gather } from './atoms/gather.ts';
import { readElfFile } from './elf/read-parts.ts';
import { FRAME_HEADER, scriptsForOrphans } from './ldscript/adopt.ts';
import { parse } from './ldscript/index.ts';
import type { BodyStatement, Script, SectionsStatement } from './ldscript/types.ts';
import { splitInserts } from './ldscript/split.ts';
import { parseLinkCommand, type LinkCommand } from './link/command.ts';
import { LIMITS } from './limits.ts';
import { readInputs } from './link/inputs.ts';
import type { RunOptions } from './link/run.ts';
import { prepareObjects, type PreparedObject } from './link/prepare.ts';
import { outlineOf } from './layout/outline.ts';
import type { LoadedUnikernel } from './loaded-unikernel.ts';
import { planMadeSections, scriptsForMade, withMadeSections } from './made-sections.ts';
import { createProgram, isDiscarded } from './model/program.ts';
import type { Program, ProgramOptions } from './model/types.ts';
import { readText } from './workspace/files.ts';
import { stampsOf } from './workspace/stamps.ts';
import type { Unikernel } from './workspace/types.ts';

export type { LoadedUnikernel } from './loaded-unikernel.ts';

/**
 * Reads scripts and objects of one unikernel.
 * @throws SpacerError `script-syntax`, `elf-*`, `link-*`
 */
export async function readUnikernel(
  recorded: Unikernel,
  tools: RunOptions = {},
): Promise<LoadedUnikernel> {
  const { link } = recorded;
  const command = parseLinkCommand(link.command);
  const { image, debugImage } = recorded;
  const scriptFiles = [link.script, ...link.extraScripts];
  const stamps = await stampsOf([image, debugImage, ...scriptFiles, ...command.inputs]);
  const read = await Promise.all(scriptFiles.map(readScript));
  const scripts = read.flatMap(splitInserts);
  const entry = command.entry ?? entryOf(scripts);
  const roots = rootsOf(command, scripts);
  const undefinedAtFirst = entry === undefined ? roots : [entry, ...roots];
  const { objects, archives, notes } = await readInputs(link, undefinedAtFirst, tools);
  const unikernel = withNotes(recorded, notes);
  const symbols = { ...scriptSymbols(scripts), isDynamic: command.pie };
  const prepared = prepareObjects(objects, symbols.scriptSymbols, NO_INDIRECTION);
  const program = createProgram(prepared, symbols);
  const debug = readElfFile(unikernel.debugImage);
  const hasFrameHeader = debug.sections.some((s) => s.name === FRAME_HEADER.name && s.size > 0);
  const loaded = {
    unikernel,
    stamps,
    command,
    recorded: scripts,
    scripts: withHomes(scripts, program, hasFrameHeader),
    archives,
    originals: objects,
    sources: objects,
    objects: prepared,
    program,
    ...(entry !== undefined && { entry }),
    roots,
    debug,
    hasFrameHeader,
  };
  return withLinkersOwn(loaded, symbols);
}

/** Adds the sections that the linker makes for itself, where it makes any. */
function withLinkersOwn(plain: LoadedUnikernel, symbols: ProgramOptions): LoadedUnikernel {
  const made = planMadeSections(plain, symbols.scriptSymbols);
  if (made === undefined) return plain;
  const program = createProgram(withMadeSections(plain.objects, made), symbols);
  const scripts = scriptsForMade(plain.recorded, made, plain.unikernel.link.postLink);
  return { ...plain, made, program, scripts: withHomes(scripts, program, plain.hasFrameHeader) };
}

/** The same unikernel with other sources, the user's objects or their split copies. */
export function withSources(
  loaded: LoadedUnikernel,
  sources: readonly PreparedObject[],
): LoadedUnikernel {
  return withIndirection({ ...loaded, sources }, NO_INDIRECTION);
}

/** The user's own program: its objects as the build made them, linked by the recorded scripts. */
export function recordedProgram({ originals, recorded, command }: LoadedUnikernel): Program {
  return createProgram(originals, { ...scriptSymbols(recorded), isDynamic: command.pie });
}

/** The same unikernel with its objects prepared for stubs and pins. */
export function withIndirection(
  loaded: LoadedUnikernel,
  indirection: Indirection,
): LoadedUnikernel {
  const symbols = { ...scriptSymbols(loaded.scripts), isDynamic: loaded.command.pie };
  const objects = prepareObjects(loaded.sources, symbols.scriptSymbols, indirection);
  return withObjects(loaded, objects);
}

/** The same unikernel linked from other objects, in the order of its own with new ones behind. */
export function withObjects(
  loaded: LoadedUnikernel,
  objects: readonly PreparedObject[],
): LoadedUnikernel {
  const symbols = scriptSymbols(loaded.scripts);
  const program = createProgram(objects, symbols);
  return withLinkersOwn({ ...loaded, objects, program, made: undefined }, symbols);
}

function entryOf(scripts: readonly Script[]): string | undefined {
  for (const { statements } of scripts)
    for (const statement of statements) if (statement.kind === 'entry') return statement.symbol;
  return undefined;
}

/** Names given with -u or --undefined, or with EXTERN. */
function rootsOf(command: LinkCommand, scripts: readonly Script[]): string[] {
  const words = command.otherArgs.flatMap((arg) =>
    arg.startsWith('-Wl,') ? arg.slice(4).split(',') : [arg],
  );
  const named = words.flatMap((word, i) => {
    if (word === '-u' || word === '--undefined') return words[i + 1] ?? [];
    return /^(?:-u|--undefined=)(.+)$/.exec(word)?.[1] ?? [];
  });
  const external = scripts.flatMap(({ statements }) =>
    statements.flatMap((s) => (s.kind === 'names' && s.keyword === 'EXTERN' ? s.names : [])),
  );
  return [...named, ...external];
}

/** Every loaded section gets a statement that places it. */
function withHomes(
  scripts: readonly Script[],
  program: Program,
  hasFrameHeader: boolean,
): readonly Script[] {
  const outline = outlineOf(scripts);
  const { orphans } = gather(
    outline,
    program.objects,
    (object, section) => !isDiscarded(program, object, section),
  );
  const sections = orphans.map((o) => program.objects[o.object]!.elf.sections[o.section]!);
  const needsHeader = hasFrameHeader && !outline.some(({ name }) => name === FRAME_HEADER.name);
  const all = needsHeader ? [...sections, FRAME_HEADER] : sections;
  return [...scripts, ...scriptsForOrphans(all, scripts)];
}

async function readScript(file: string): Promise<Script> {
  return parse(await readText(file, LIMITS.bytes.script), file);
}

function withNotes(unikernel: Unikernel, notes: readonly string[]): Unikernel {
  if (notes.length === 0) return unikernel;
  return { ...unikernel, notes: [...(unikernel.notes ?? []), ...notes] };
}

/** Names that the scripts assign, and names that they only provide. */
function scriptSymbols(scripts: readonly Script[]) {
  const assigned = new Set<string>();
  const provided = new Set<string>();
  const visit = (statement: SectionsStatement | BodyStatement): void => {
    if (statement.kind === 'output-section') statement.body.forEach(visit);
    if (statement.kind !== 'assignment' || statement.symbol === '.') return;
    (statement.form.startsWith('provide') ? provided : assigned).add(statement.symbol);
  };
  for (const { statements } of scripts)
    for (const statement of statements) {
      if (statement.kind === 'sections') statement.statements.forEach(visit);
      if (statement.kind === 'assignment') visit(statement);
    }
  return { scriptSymbols: assigned, provided };
}
