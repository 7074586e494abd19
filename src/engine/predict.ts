/**
 * Computes the image of a planned unikernel without linking it: the rewritten scripts are evaluated
 * as ld does, every live input section is relocated at the address that results, and the bytes of
 * the load segments are cut into pages. The relink must give the same bytes.
 */
import { createHash } from 'node:crypto';
import { PAGE_SIZE, type Segment } from '../protocol/page-map.ts';
import type { UnikernelInput } from './atoms/identify.ts';
import { isDebugging } from './elf/debugging.ts';
import { EM_X86_64, PF, PT, SHF, SHN, SHT, type ElfFile, type ElfSymbol } from './elf/types.ts';
import { evaluate, parse } from './ldscript/index.ts';
import type {
  EvaluatedSection,
  EvaluatedSegment,
  Evaluation,
  InputSection,
} from './ldscript/evaluate-types.ts';
import { finished, madeBytes, wholeSections, withMade } from './finished-image.ts';
import { isMade } from './made-sections.ts';
import { magicOf } from './link/command.ts';
import { copyPlace, OBJECTS } from './link/copies.ts';
import { BOOT_INFO, writtenBootInfo } from './model/boot-info.ts';
import type { FrameAddresses } from './model/eh-frame-build.ts';
import { relocateSection, type Addresses } from './model/relocate.ts';
import { KIND, type InputObject } from './model/types.ts';
import { FILL, type PlacedSection } from './pages/attribute.ts';
import type { StagePage } from './pages/document.ts';
import { takesAddresses } from './pages/image-memory.ts';
import type { LoadedUnikernel } from './read-unikernel.ts';

export interface Prediction {
  readonly segments: readonly Segment[];
  /** Ascending by address. */
  readonly pages: readonly StagePage[];
  /** Every live input section at its address, and the fill between them. */
  readonly placed: readonly PlacedSection[];
  /** Headers and symbols of the image, for attribution; it has no contents. */
  readonly image: ElfFile;
  /** As the linker leaves the image, before the steps after the link. */
  readonly linked: Evaluation;
  readonly addresses: Addresses;
  /** By address: pages as the linker leaves them, without what a step after the link fills in. */
  readonly contents: ReadonlyMap<number, Uint8Array>;
}

/** An input section of the program, by the object that the evaluator was given. */
interface Origin {
  readonly object: number;
  readonly section: number;
}

interface Model {
  readonly loaded: LoadedUnikernel;
  readonly input: UnikernelInput;
  /** As the linker leaves the image. */
  readonly linked: Evaluation;
  /** As the steps after the link leave it. */
  readonly evaluation: Evaluation;
  readonly origins: ReadonlyMap<InputSection, Origin>;
  readonly addresses: Addresses;
  /** Final bytes of output sections that are not put together from input sections. */
  readonly whole: ReadonlyMap<string, Uint8Array>;
}

/**
 * Predicts the pages of one unikernel.
 * @param texts its rewritten scripts
 */
export function predict(
  loaded: LoadedUnikernel,
  input: UnikernelInput,
  texts: readonly string[],
): Prediction {
  const { evaluation: linked, origins } = evaluateScripts(loaded, input, texts);
  const { made } = loaded;
  const plain = addressesOf(loaded, linked, origins);
  const addresses = made ? withMade(made, linked, plain) : plain;
  const whole = wholeSections(made, linked, addresses);
  const evaluation = finished(linked, loaded, whole);
  const model = { loaded, input, linked, evaluation, origins, addresses, whole };
  const memory = new Memory();
  const loads = evaluation.segments.filter((segment) => segment.type === PT.LOAD);
  for (const segment of loads) {
    for (const section of fileBacked(evaluation, segment))
      memory.write(section.address, bytesOf(model, section));
    memory.back(segment, fileEnd(evaluation, segment));
  }
  const segments = loads.map((segment) => describe(evaluation, segment));
  return {
    segments,
    pages: memory.pages(loads, bootInformation(evaluation, segments), segments),
    placed: placedSections(model),
    image: headersOf(model, loads),
    linked,
    addresses,
    contents: memory.contents,
  };
}

function evaluateScripts(
  loaded: LoadedUnikernel,
  input: UnikernelInput,
  texts: readonly string[],
): { evaluation: Evaluation; origins: Map<InputSection, Origin> } {
  const { program } = loaded;
  const origins = new Map<InputSection, Origin>();
  const objects = program.objects.map((input, object) => {
    const { sections } = input.elf;
    for (const section of sections) origins.set(section, { object, section: section.index });
    // Debugging information has no address in the image, and is most of what objects have.
    const placed: InputSection[] = sections.filter((section) => !isDebugging(section));
    return { ...nameOfCopy(input), sections: placed };
  });
  if (input.frame.headerSize > 0) objects[0]!.sections.push(FRAME_HEADER);
  const frameSizes = new Map(
    input.frame.inputs.map((f) => [program.objects[f.object]!.elf.sections[f.section]!, f.size]),
  ) as Map<InputSection, number>;
  const isLive = (section: InputSection) => {
    const origin = origins.get(section);
    return origin === undefined || input.live.has(origin.object, origin.section);
  };
  const [script, ...extras] = texts.map((text, i) => parse(text, loaded.scripts[i]?.file));
  const evaluation = evaluate({
    script: script!,
    extras,
    objects,
    live: isLive,
    sizeOf: (section) =>
      section === FRAME_HEADER ? input.frame.headerSize : frameSizes.get(section),
    isReferenced: (name) => program.globalByName.has(name),
    isDefined: (name) => isDefinedByObject(program.globalByName.get(name)?.kind),
    options: {
      ...(loaded.entry !== undefined && { entry: loaded.entry }),
      pie: loaded.command.pie,
      magic: magicOf(loaded.command),
    },
  });
  return { evaluation, origins };
}

/** What the linker takes for the name of an object. */
function nameOfCopy(object: InputObject): { path: string; archive?: string } {
  const { file, member } = copyPlace(object);
  const path = `/${OBJECTS}/${file}`;
  return member === undefined ? { path } : { path: member, archive: path };
}

const isDefinedByObject = (kind: number | undefined) =>
  kind === KIND.SECTION || kind === KIND.ABSOLUTE;

/** ld adds this section to the first object that it links. */
const FRAME_HEADER: InputSection = {
  name: '.eh_frame_hdr',
  type: SHT.PROGBITS,
  flags: SHF.ALLOC,
  size: 0,
  alignment: 4,
};

function addressesOf(
  loaded: LoadedUnikernel,
  evaluation: Evaluation,
  origins: ReadonlyMap<InputSection, Origin>,
): Addresses {
  const { program } = loaded;
  const byFlat = new Float64Array(program.sectionBase.at(-1)!).fill(-1);
  for (const output of evaluation.outputSections)
    for (const content of output.contents) {
      const origin = content.kind === 'input' ? origins.get(content.section) : undefined;
      if (origin) byFlat[program.sectionBase[origin.object]! + origin.section] = content.address;
    }
  const tls = evaluation.outputSections.filter((s) => s.flags & SHF.TLS);
  const tlsStart = Math.min(...tls.map((s) => s.address));
  return {
    addressOf: (object, section) => {
      const address = byFlat[program.sectionBase[object]! + section]!;
      return address < 0 ? undefined : address;
    },
    symbolValue: (name) => evaluation.symbols.get(name)?.value ?? evaluation.commons.get(name),
    ...(tls.length > 0 && {
      tls: {
        start: tlsStart,
        end: Math.max(...tls.map((s) => s.address + s.size)),
        alignment: Math.max(...tls.map((s) => s.alignment)),
      },
    }),
    pic: loaded.command.pie,
  };
}

/** Sections of a segment that have file contents. */
function fileBacked(evaluation: Evaluation, segment: EvaluatedSegment): EvaluatedSection[] {
  return segment.sections
    .map((index) => evaluation.outputSections[index]!)
    .filter((section) => section.type !== SHT.NOBITS && section.size > 0);
}

function fileEnd(evaluation: Evaluation, segment: EvaluatedSegment): number {
  const ends = fileBacked(evaluation, segment).map((section) => section.address + section.size);
  return Math.max(segment.address, ...ends);
}

function bytesOf(model: Model, section: EvaluatedSection): Uint8Array {
  const whole = model.whole.get(section.name);
  if (whole) return whole;
  const bytes = new Uint8Array(section.size);
  for (const content of section.contents) {
    const offset = content.address - section.address;
    if (content.kind === 'gap') repeat(bytes, offset, content.size, content.fill);
    if (content.kind === 'data')
      for (let i = 0; i < content.size; i++)
        bytes[offset + i] = Number((content.value >> BigInt(8 * i)) & 0xffn);
    const origin = content.kind === 'input' ? model.origins.get(content.section) : undefined;
    if (origin && section.name !== '.eh_frame')
      bytes.set(relocated(model, origin, content.address), offset);
  }
  if (section.name === '.eh_frame') bytes.set(frameOf(model, section).frame);
  if (section.name === '.eh_frame_hdr') bytes.set(frameOf(model, section).header);
  return bytes;
}

function repeat(bytes: Uint8Array, offset: number, size: number, fill: Uint8Array | undefined) {
  if (!fill || fill.length === 0) return;
  for (let i = 0; i < size; i++) bytes[offset + i] = fill[i % fill.length]!;
}

function relocated(model: Model, origin: Origin, address: number): Uint8Array {
  const { made } = model.loaded;
  if (made && isMade(made, origin.object, origin.section))
    return madeBytes(made, model.linked, model.addresses, origin.section);
  return relocateSection({
    ...model.addresses,
    program: model.loaded.program,
    object: origin.object,
    section: origin.section,
    sectionAddress: address,
  });
}

function frameOf(model: Model, section: EvaluatedSection) {
  const address = (name: string) =>
    model.evaluation.outputSections.find((s) => s.name === name)?.address ?? section.address;
  const addresses: FrameAddresses = {
    ...model.addresses,
    frameAddress: address('.eh_frame'),
    headerAddress: address('.eh_frame_hdr'),
  };
  return model.input.frame.build(addresses);
}

function describe(evaluation: Evaluation, segment: EvaluatedSegment): Segment {
  const permission = (flag: number, letter: string) => (segment.flags & flag ? letter : '-');
  return {
    address: segment.address,
    fileSize: fileEnd(evaluation, segment) - segment.address,
    memorySize: segment.size,
    permissions: permission(PF.R, 'r') + permission(PF.W, 'w') + permission(PF.X, 'x'),
  };
}

/** The range that a step after the link fills from the list of segments; empty where there is none. */
function bootInformation(
  evaluation: Evaluation,
  listed: readonly Segment[],
): { start: number; end: number } {
  const section = evaluation.outputSections.find((s) => s.name === BOOT_INFO);
  if (!section) return { start: 0, end: 0 };
  const { address, size } = section;
  const entries = listed.filter(({ memorySize }) => memorySize > 0).length;
  return { start: address, end: address + writtenBootInfo(size, entries) };
}

function placedSections(model: Model): PlacedSection[] {
  const { program } = model.loaded;
  const loaded = model.evaluation.outputSections.filter(takesAddresses);
  return loaded.flatMap((output) =>
    output.contents.flatMap((content): PlacedSection[] => {
      if (isFill(output, content)) return isWritten(model, output) ? [] : [fillOf(output, content)];
      const origin = content.kind === 'input' ? model.origins.get(content.section) : undefined;
      if (!origin || content.kind !== 'input' || content.size === 0) return [];
      if (isMade(model.loaded.made, origin.object, origin.section)) return [];
      const object = program.objects[origin.object]!;
      const { address, size, section } = content;
      return [
        { address, size, section: section.name, library: object.library, object: object.path },
      ];
    }),
  );
}

/** A rewritten script starts a segment with bytes of its own where nothing else stands. */
const isFill = ({ name }: EvaluatedSection, { kind }: EvaluatedSection['contents'][number]) =>
  kind === 'gap' || (kind === 'data' && name.startsWith('.lead.spacer'));

/** Not put together from its contents, or filled in by a step after the link. */
const isWritten = ({ whole }: Model, { name }: EvaluatedSection) =>
  whole.has(name) || name === BOOT_INFO;

function fillOf(
  { name }: EvaluatedSection,
  { address, size }: { readonly address: number; readonly size: number },
): PlacedSection {
  return { address, size, library: FILL, section: name, object: '' };
}

const ET_EXEC = 2;
/** Beyond the headers, so that no segment seems to load them. */
const NO_HEADERS = 2 ** 20;

function headersOf(model: Model, loads: readonly EvaluatedSegment[]): ElfFile {
  const { evaluation, loaded } = model;
  return {
    path: loaded.unikernel.debugImage,
    bits: 64,
    type: ET_EXEC,
    machine: EM_X86_64,
    entry: 0,
    sections: evaluation.outputSections.map((section, index) => ({
      index,
      name: section.name,
      type: section.type,
      flags: section.flags,
      address: section.address,
      offset: NO_HEADERS,
      size: section.size,
      link: 0,
      info: 0,
      alignment: section.alignment,
      entrySize: 0,
      data: NOTHING,
    })),
    segments: loads.map((segment) => ({
      type: PT.LOAD,
      flags: segment.flags,
      offset: NO_HEADERS,
      virtualAddress: segment.address,
      physicalAddress: segment.loadAddress,
      fileSize: fileEnd(evaluation, segment) - segment.address,
      memorySize: segment.size,
      alignment: PAGE_SIZE,
    })),
    symbols: symbolsOf(model),
    relocations: new Map(),
    bytes: NOTHING,
  };
}

const NOTHING = new Uint8Array(0);

function symbolsOf(model: Model): ElfSymbol[] {
  const { addressOf } = model.addresses;
  return model.loaded.program.objects.flatMap(({ elf }, object) =>
    elf.symbols.flatMap((symbol) => {
      const isPlaced = symbol.section !== SHN.UNDEF && symbol.section < SHN.ABS;
      const address = isPlaced ? addressOf(object, symbol.section) : undefined;
      return address === undefined
        ? []
        : [{ ...symbol, value: address + symbol.value, section: 1 }];
    }),
  );
}

/** What the table of memory regions says of a segment: whole pages and permissions. */
const listedRegion = ({ address, memorySize, permissions }: Segment) =>
  [address, Math.ceil(memorySize / PAGE_SIZE), permissions] as const;

/** Guest memory, page by page. */
class Memory {
  readonly contents = new Map<number, Uint8Array>();

  write(address: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) {
      const at = address + done;
      const offset = at % PAGE_SIZE;
      const count = Math.min(PAGE_SIZE - offset, bytes.length - done);
      this.page(at - offset).set(bytes.subarray(done, done + count), offset);
      done += count;
    }
  }

  /** Every page of a segment's file contents is loaded, also where no section says so. */
  back(segment: EvaluatedSegment, end: number): void {
    const first = Math.floor(segment.address / PAGE_SIZE) * PAGE_SIZE;
    for (let page = first; page < end; page += PAGE_SIZE) this.page(page);
  }

  /** Pages that hold boot information are told apart by the segments that it will list. */
  pages(
    segments: readonly EvaluatedSegment[],
    boot: { start: number; end: number },
    listed: readonly Segment[],
  ): StagePage[] {
    const key = JSON.stringify(listed.map(listedRegion));
    return [...this.contents]
      .sort(([a], [b]) => a - b)
      .map(([address, bytes]) => {
        const flags = segments
          .filter((s) => s.address < address + PAGE_SIZE && s.address + s.size > address)
          .reduce((all, s) => all | s.flags, 0);
        const common = {
          address,
          writable: (flags & PF.W) !== 0,
          executable: (flags & PF.X) !== 0,
        };
        const isBoot = boot.start < address + PAGE_SIZE && boot.end > address;
        if (!isBoot) return { ...common, bytes };
        return { ...common, key: createHash('sha256').update(bytes).update(key).digest('hex') };
      });
  }

  private page(address: number): Uint8Array {
    const known = this.contents.get(address);
    if (known) return known;
    const page = new Uint8Array(PAGE_SIZE);
    this.contents.set(address, page);
    return page;
  }
}
