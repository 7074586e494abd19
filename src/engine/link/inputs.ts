/** Reads the inputs of a link: objects, and of archives the members that the link takes. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkSize, firstBytes } from '../elf/contents.ts';
import { readElf } from '../elf/read.ts';
import { readElfFile } from '../elf/read-parts.ts';
import type { ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import type { InputObject } from '../model/types.ts';
import type { LinkRecord, ToolCommand } from '../workspace/types.ts';
import { ARCHIVE_MAGIC, isArchive, readArchive, type Archive } from './archive.ts';
import { takeMembers, type LinkItem } from './members.ts';
import { linkOrder, type OrderedInput } from './order.ts';
import { isDriver } from './pieces.ts';
import { runTool, type RunOptions } from './run.ts';

/** An archive of which the link takes members, as the command names it. */
export interface ArchiveUse {
  /** Its path, or `-lNAME`. */
  readonly word: string;
  /** File name of its copy. */
  readonly name: string;
}

export interface LinkInputs {
  /** In link order; the members of one archive stand together. */
  readonly objects: readonly InputObject[];
  readonly archives: readonly ArchiveUse[];
  /** What is left to the linker to find, for people. */
  readonly notes: readonly string[];
}

/**
 * Reads all inputs.
 * @param roots names that are undefined from the start
 * @param tools may be asked where the compiler's own libraries are
 * @throws SpacerError `elf-*`, `archive-*`
 */
export async function readInputs(
  link: LinkRecord,
  roots: readonly string[],
  tools: RunOptions,
): Promise<LinkInputs> {
  const { inputs, folders } = linkOrder(link.command);
  const reader = new Reader(link, folders, tools);
  const items = await reader.items(inputs);
  const taken = takeMembers(items, roots, (archive, { name, data }) =>
    readElf(`${archive.path}(${name})`, data),
  );
  const done = new Set<Archive | ElfFile>();
  const objects = items.flatMap((item) => objectsOf(item, reader, taken, done));
  return { objects: named(objects), archives: reader.uses(taken), notes: reader.notes };
}

type Taken = ReturnType<typeof takeMembers>;

class Reader {
  readonly notes: string[] = [];
  private readonly read = new Map<string, ReturnType<Reader['open']>>();
  private readonly words: { word: string; archive: Archive }[] = [];
  private readonly names = new Map<Archive, string>();

  constructor(
    private readonly link: LinkRecord,
    private readonly folders: readonly string[],
    private readonly tools: RunOptions,
  ) {}

  async items(inputs: readonly OrderedInput[]): Promise<LinkItem[]> {
    const read = await Promise.all(inputs.map((input) => this.item(input)));
    return read.flatMap((item) => item ?? []);
  }

  private async item(input: OrderedInput): Promise<LinkItem | undefined> {
    if (input.kind === 'group') return { kind: 'group', items: await this.items(input.inputs) };
    if (input.kind === 'file') return this.file(input.path, input.path, input.whole);
    const file = await this.libraryFile(input.name);
    if (file !== undefined) return this.file(file, `-l${input.name}`, input.whole);
    this.notes.push(
      `The library -l${input.name} is left to the linker: its archive was not found.`,
    );
    return undefined;
  }

  private file(file: string, word: string, whole: boolean): LinkItem {
    const reading = this.read.get(file) ?? this.open(file);
    this.read.set(file, reading);
    const { archive, elf } = reading;
    if (archive === undefined) return { kind: 'object', elf };
    this.words.push({ word, archive });
    return { kind: 'archive', archive, whole };
  }

  /** Each file is read once, however often it is named. */
  private open(
    file: string,
  ): { archive: Archive; elf?: never } | { archive?: never; elf: ElfFile } {
    if (!isArchive(firstBytes(file, ARCHIVE_MAGIC))) return { elf: readElfFile(file) };
    checkSize(file, statSync(file).size);
    return { archive: readArchive(file, readFileSync(file)) };
  }

  /** The folders of `-L`, then those that the compiler knows. */
  private async libraryFile(name: string): Promise<string | undefined> {
    const base = name.startsWith(':') ? name.slice(1) : `lib${name}.a`;
    for (const folder of this.folders) {
      const file = path.resolve(this.link.command.cwd, folder, base);
      if (isFile(file)) return file;
    }
    const asked = await this.askCompiler(base);
    return asked !== undefined && path.isAbsolute(asked) && isFile(asked) ? asked : undefined;
  }

  private async askCompiler(base: string): Promise<string | undefined> {
    const { tool, cwd } = this.link.command;
    if (this.tools.tools === undefined || !isDriver(tool)) return undefined;
    const command: ToolCommand = { tool, args: [`-print-file-name=${base}`], cwd };
    try {
      return (await runTool(command, this.tools)).stdout.trim();
    } catch (error) {
      if (error instanceof SpacerError && error.code !== 'cancelled') return undefined;
      throw error;
    }
  }

  /** File name of an archive's copy; archives of one name from two folders get different ones. */
  nameOf(archive: Archive): string {
    const known = this.names.get(archive);
    if (known !== undefined) return known;
    const base = path.basename(archive.path, '.a').replace(/[^\w.+-]/g, '_');
    const used = new Set(this.names.values());
    let name = `${base}.a`;
    for (let n = 2; used.has(name); n++) name = `${base}_${n}.a`;
    this.names.set(archive, name);
    return name;
  }

  uses(taken: Taken): ArchiveUse[] {
    return this.words
      .filter(({ archive }) => (taken.get(archive)?.length ?? 0) > 0)
      .map(({ word, archive }) => ({ word, name: this.nameOf(archive) }));
  }
}

const isFile = (file: string): boolean =>
  statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

/** Objects count once, and members stand where their archive is named first. */
function objectsOf(
  item: LinkItem,
  reader: Reader,
  taken: Taken,
  done: Set<Archive | ElfFile>,
): InputObject[] {
  if (item.kind === 'group')
    return item.items.flatMap((inner) => objectsOf(inner, reader, taken, done));
  if (item.kind === 'object') {
    const { elf } = item;
    if (done.has(elf)) return [];
    done.add(elf);
    return [{ index: 0, path: elf.path, library: path.basename(elf.path, '.o'), elf }];
  }
  const { archive } = item;
  if (done.has(archive)) return [];
  done.add(archive);
  const name = reader.nameOf(archive);
  return (taken.get(archive) ?? []).map(({ member, elf }): InputObject => ({
    index: 0,
    path: elf.path,
    library: `${path.basename(name, '.a')}/${path.basename(member.name, '.o')}`,
    archive: { path: archive.path, name, member: member.name },
    elf,
  }));
}

/** Two objects of one name get different library names. */
function named(objects: readonly InputObject[]): InputObject[] {
  const seen = new Map<string, number>();
  return objects.map((object, index) => {
    const n = (seen.get(object.library) ?? 0) + 1;
    seen.set(object.library, n);
    return { ...object, index, library: n === 1 ? object.library : `${object.library}#${n}` };
  });
}
