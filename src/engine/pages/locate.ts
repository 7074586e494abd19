/**
 * Finds where the input sections of a recorded link stand in its image, without a link map.
 *
 * The unstripped image keeps names; the objects keep which section a name is in and at which
 * offset. So `address - offset` is the base of a section - if the name means what it seems to. No
 * clue is believed alone: a section is placed only where the place is free, aligned, of the right
 * kind, and the image's bytes agree with the section's. The clues, best first:
 *
 *   1. global symbols     one address for each name
 *   2. local symbols      by file, name, type and size; equal ones are tried in the image's order
 *   3. relocations        a placed section's bytes in the image hold the addresses of what it uses
 *   4. content            tables, that nothing names, are looked for in what is still free
 *   5. order              what has no bytes (.bss) is laid out in link order: where all that is
 *                         missing between two neighbours fits exactly, it stands there
 *
 * Merged strings and constants lose their section in the link: `merged.ts` finds them one by one.
 * Unwind tables belong to the code that they describe: `unwind.ts`.
 */
import { SHF, SHN, STB, STT, type ElfFile, type ElfSymbol } from '../elf/types.ts';
import { placeRest } from './locate-rest.ts';
import { ImageMemory } from './image-memory.ts';
import { addressBook, matcher, targetOf, widthOf } from './match.ts';
import { mergedRanges } from './merged.ts';
import { overlay, flatten, type OwnedRange } from './owner-map.ts';
import { paddingRanges } from './padding.ts';
import { canStand, Placement, type Candidate, type LinkObject } from './placement.ts';
import { unwindRanges } from './unwind.ts';

/**
 * The owners of all bytes of an image that can be told from its symbols and the objects of its
 * link, in link order.
 */
export function locateSections(image: ElfFile, objects: readonly LinkObject[]): OwnedRange[] {
  const globals = globalAddresses(image);
  const placement = placeSections(image, objects);
  const sections = [...placement.placed].map(rangeOf);
  const owned = overlay(sections, flatten(commonRanges(objects, globals, placement.memory)));
  const merged = overlay(owned, mergedRanges(placement));
  const unwound = overlay(merged, unwindRanges(placement.memory, merged));
  return overlay(paddingRanges(placement.memory, unwound), unwound);
}

/** By image, for as long as somebody holds it: measuring and proving ask for the same places. */
const known = new WeakMap<ElfFile, { objects: readonly LinkObject[]; placement: Placement }>();

/** The input sections of a link, each at its place in the image as far as it can be found. */
export function placeSections(image: ElfFile, objects: readonly LinkObject[]): Placement {
  const found = known.get(image);
  if (found?.objects === objects) return found.placement;
  const globals = globalAddresses(image);
  const addressOf = addressBook(() => placement, globals);
  const placement = new Placement(new ImageMemory(image), objects, matcher(addressOf));
  placeByGlobals(placement, objects, globals);
  placeByLocals(placement, objects, image);
  placeByRelocations(placement, placement.placed.slice());
  placeByRelocations(placement, placeRest(placement, addressOf, isCollected(objects, image)));
  known.set(image, { objects, placement });
  return placement;
}

function rangeOf(candidate: Candidate): OwnedRange {
  const start = candidate.base ?? 0;
  return {
    start,
    end: start + candidate.section.size,
    library: candidate.object.library,
    section: candidate.section.name,
  };
}

/** Addresses of global names; undefined for a name that is not unique. */
function globalAddresses(image: ElfFile): Map<string, number | undefined> {
  const result = new Map<string, number | undefined>();
  for (const symbol of image.symbols) {
    if (symbol.binding === STB.LOCAL || symbol.section === SHN.UNDEF) continue;
    if (symbol.type === STT.TLS) continue;
    result.set(symbol.name, result.has(symbol.name) ? undefined : symbol.value);
  }
  return result;
}

function placeByGlobals(
  placement: Placement,
  objects: readonly LinkObject[],
  globals: ReadonlyMap<string, number | undefined>,
): void {
  for (const { elf } of objects)
    for (const symbol of elf.symbols) {
      if (symbol.binding === STB.LOCAL || symbol.section === SHN.UNDEF) continue;
      const candidate = placement.candidateOf(elf, symbol.section);
      const address = globals.get(symbol.name);
      if (address !== undefined && canStand(candidate))
        placement.place(candidate, address - symbol.value);
    }
}

/** Whether the image lacks a name that an object defines: the link removed unused sections. */
function isCollected(objects: readonly LinkObject[], image: ElfFile): boolean {
  const names = new Set(image.symbols.map((symbol) => symbol.name));
  return objects.some(({ elf }) =>
    elf.symbols.some(
      ({ binding, section, name }) =>
        binding === STB.GLOBAL &&
        ((elf.sections[section]?.flags ?? 0) & SHF.ALLOC) !== 0 &&
        !names.has(name),
    ),
  );
}

/** More equal local names than this in one image say nothing. */
const MAX_EQUAL_LOCALS = 64;

function placeByLocals(placement: Placement, objects: readonly LinkObject[], image: ElfFile): void {
  const addresses = new Map<string, number[]>();
  forEachLocal(image, (symbol, key) => {
    const list = addresses.get(key);
    if (list) list.push(symbol.value);
    else addresses.set(key, [symbol.value]);
  });
  for (const { elf } of objects)
    forEachLocal(elf, (symbol, key) => {
      const candidate = placement.candidateOf(elf, symbol.section);
      const list = addresses.get(key);
      if (list === undefined || list.length > MAX_EQUAL_LOCALS || !canStand(candidate)) return;
      list.some((address) => placement.place(candidate, address - symbol.value));
    });
}

/** Local symbols of loaded sections, each with a key of its file, name, type and size. */
function forEachLocal(elf: ElfFile, visit: (symbol: ElfSymbol, key: string) => void): void {
  let file = '';
  for (const symbol of elf.symbols) {
    if (symbol.type === STT.FILE) file = symbol.name;
    if (symbol.binding !== STB.LOCAL || symbol.name === '') continue;
    if (symbol.type === STT.FILE || symbol.type === STT.SECTION) continue;
    if (((elf.sections[symbol.section]?.flags ?? 0) & SHF.ALLOC) === 0) continue;
    visit(symbol, `${file}\0${symbol.name}\0${symbol.type}\0${symbol.size}`);
  }
}

/** Follows the relocations of placed sections to the sections that they refer to. */
function placeByRelocations(placement: Placement, start: Candidate[]): void {
  for (let at = 0; at < start.length; at++) {
    const candidate = start[at];
    if (candidate?.base === undefined) continue;
    const image = placement.memory.bytesAt(candidate.base, candidate.section.size);
    if (image) start.push(...referred(placement, candidate, candidate.base, image));
  }
}

function referred(
  placement: Placement,
  candidate: Candidate,
  base: number,
  image: Uint8Array,
): Candidate[] {
  const found: Candidate[] = [];
  const { elf } = candidate.object;
  for (const relocation of candidate.relocations) {
    const symbol = elf.symbols[relocation.symbol];
    const target = symbol && placement.candidateOf(elf, symbol.section);
    if (symbol?.binding !== STB.LOCAL || !canStand(target)) continue;
    const end = relocation.offset + widthOf(relocation.type);
    if (relocation.offset < 0 || end > image.length || end - relocation.offset < 4) continue;
    const field = image.subarray(relocation.offset, end);
    const address = targetOf(relocation, field, base + relocation.offset);
    if (address !== undefined && placement.place(target, address - symbol.value))
      found.push(target);
  }
  return found;
}

/** Common symbols stand in the image at their name's address; the first that has one owns it. */
function commonRanges(
  objects: readonly LinkObject[],
  globals: ReadonlyMap<string, number | undefined>,
  memory: ImageMemory,
): OwnedRange[] {
  const ranges: OwnedRange[] = [];
  for (const { library, elf } of objects)
    for (const symbol of elf.symbols) {
      if (symbol.section !== SHN.COMMON) continue;
      const start = globals.get(symbol.name);
      if (start === undefined || memory.outputOf(start, symbol.size) === undefined) continue;
      ranges.push({ start, end: start + symbol.size, library, section: 'COMMON' });
    }
  return ranges;
}
