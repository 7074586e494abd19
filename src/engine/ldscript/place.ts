/**
 * Which input section goes where. The output sections are walked in the order of the scripts; each
 * description takes what it matches and nobody took before. What is left over are orphans.
 */
import type { Lookup } from './expression.ts';
import { elfFlags, knownSection, SEC } from './flags.ts';
import type { InputIndex } from './match.ts';
import type { Input, Output, Program, TopItem } from './model.ts';
import { createOutput, DISCARD, findOutput, plainItem } from './model.ts';
import type { Expression, InputDescription } from './types.ts';
import { SHT } from '../elf/types.ts';

/** Marks what KEEP patterns match: it lives on, and keeps its output section. */
export function markKept(program: Program, index: InputIndex): Input[] {
  const kept = new Set<Input>();
  for (const item of program.items) {
    if (item.kind !== 'output') continue;
    for (const statement of item.output.node?.body ?? []) {
      if (statement.kind !== 'input' || !statement.keep) continue;
      for (const input of index.find(statement)) kept.add(input);
    }
  }
  for (const input of kept) input.flags |= SEC.KEEP;
  return [...kept];
}

/** Fills all output sections. Returns the one that takes lonely common symbols, if any. */
export function placeInputs(
  program: Program,
  index: InputIndex,
  lookup: Lookup,
): Output | undefined {
  let common: Output | undefined;
  for (const item of program.items) {
    if (item.kind === 'output') {
      fillOutput(program, item.output, index, lookup);
      if (!item.output.failed && common === undefined && namesCommon(item.output)) {
        common = item.output;
      }
    } else createMentioned(program, item, lookup);
  }
  return common;
}

function namesCommon(output: Output): boolean {
  return (output.node?.body ?? []).some(
    (statement) =>
      statement.kind === 'input' && statement.sections.some(({ pattern }) => pattern === 'COMMON'),
  );
}

function fillOutput(program: Program, output: Output, index: InputIndex, lookup: Lookup): void {
  const constraint = output.node?.constraint;
  if (constraint === 'ONLY_IF_RO' || constraint === 'ONLY_IF_RW') {
    const readOnly = allReadOnly(output, index);
    output.failed = readOnly !== (constraint === 'ONLY_IF_RO');
    if (output.failed) return;
  }
  for (const statement of output.node?.body ?? []) {
    if (statement.kind === 'input') fill(program, output, statement, index, lookup);
    else {
      const item = plainItem(statement);
      if (item === undefined) continue;
      output.items.push(item);
      if (output.name === DISCARD) continue;
      create(program, output, item.kind === 'data' ? dataFlags(output) | SEC.READONLY : 0, lookup);
      if (item.kind === 'data') output.flags |= dataFlags(output);
      if (item.kind === 'data') createNamed(program, item.node.value, lookup);
      if (item.kind === 'assignment') createNamed(program, item.node.value, lookup);
    }
  }
}

function allReadOnly(output: Output, index: InputIndex): boolean {
  return (output.node?.body ?? []).every(
    (statement) =>
      statement.kind !== 'input' ||
      index
        .find(statement)
        .every((input) => input.output !== undefined || (input.flags & SEC.READONLY) !== 0),
  );
}

function dataFlags(output: Output): number {
  switch (output.node?.type?.keyword) {
    case 'NOLOAD':
      return SEC.NEVER_LOAD | SEC.ALLOC;
    case 'DSECT':
    case 'COPY':
    case 'INFO':
    case 'OVERLAY':
      return SEC.CONTENTS;
    case 'READONLY':
      return SEC.CONTENTS | SEC.ALLOC | SEC.LOAD | SEC.READONLY;
    default:
      return SEC.CONTENTS | SEC.ALLOC | SEC.LOAD;
  }
}

function fill(
  program: Program,
  output: Output,
  description: InputDescription,
  index: InputIndex,
  lookup: Lookup,
): void {
  for (const input of index.find(description)) addInput(program, output, input, lookup);
}

/** Puts an input section into an output section, unless it has a place or is dropped. */
export function addInput(program: Program, output: Output, input: Input, lookup: Lookup): void {
  if (input.output !== undefined) return;
  if (output.name === DISCARD || (input.flags & SEC.EXCLUDE) !== 0) {
    input.output = 'discarded';
    return;
  }
  const flags = typedFlags(output, input.flags);
  create(program, output, flags, lookup);
  joinFlags(output, input, flags);
  output.alignment = Math.max(output.alignment, input.alignment);
  input.output = output;
  output.items.push({ kind: 'input', input });
}

/** What `(NOLOAD)` and its kin make of the flags of an input section. */
function typedFlags(output: Output, flags: number): number {
  switch (output.node?.type?.keyword) {
    case 'NOLOAD':
      return (flags & ~(SEC.LOAD | SEC.CONTENTS)) | SEC.NEVER_LOAD;
    case 'DSECT':
    case 'COPY':
    case 'INFO':
    case 'OVERLAY':
      return flags & ~SEC.ALLOC;
    case 'READONLY':
      return flags | SEC.READONLY;
    default:
      return flags;
  }
}

/** An output section is read-only, or mergeable, only if all that goes into it is. */
function joinFlags(output: Output, input: Input, flags: number): void {
  output.flags &= flags | ~SEC.READONLY;
  let added = flags;
  if (output.hasInput) {
    added &= ~SEC.READONLY;
    const merge = SEC.MERGE | SEC.STRINGS;
    if ((output.flags & merge) !== (flags & merge)) {
      output.flags &= ~merge;
      added &= ~merge;
    }
  }
  output.flags |= added;
  if (output.hasInput) return;
  output.hasInput = true;
  const plain = [SHT.PROGBITS, SHT.NOTE, SHT.NOBITS].some((type) => type === output.type);
  if (plain) output.type = SHT.NULL;
  if (output.type === SHT.NULL && output.flags === input.flags) output.type = input.section.type;
}

/** Makes the section exist, and those whose addresses its own depends on. */
function create(program: Program, output: Output, flags: number, lookup: Lookup): void {
  if (output.created) return;
  createOutput(program, output, flags, lookup);
  if (output.addressNode !== undefined) createNamed(program, output.addressNode, lookup);
  if (output.node?.loadAddress !== undefined) createNamed(program, output.node.loadAddress, lookup);
}

function createMentioned(program: Program, item: TopItem, lookup: Lookup): void {
  if (item.kind === 'assignment') createNamed(program, item.node.value, lookup);
  if (item.kind === 'assert') createNamed(program, item.node.condition, lookup);
}

/** ADDR and LOADADDR make the sections exist that they name. */
function createNamed(program: Program, node: Expression, lookup: Lookup): void {
  switch (node.kind) {
    case 'name-call': {
      if (node.function !== 'ADDR' && node.function !== 'LOADADDR') return;
      const output = findOutput(program, node.name);
      if (output !== undefined) create(program, output, 0, lookup);
      return;
    }
    case 'unary':
      return createNamed(program, node.operand, lookup);
    case 'binary':
      createNamed(program, node.left, lookup);
      return createNamed(program, node.right, lookup);
    case 'conditional':
      createNamed(program, node.condition, lookup);
      createNamed(program, node.whenTrue, lookup);
      return createNamed(program, node.whenFalse, lookup);
    case 'call':
      return node.arguments.forEach((argument) => createNamed(program, argument, lookup));
    case 'assert-expression':
      return createNamed(program, node.condition, lookup);
    default:
  }
}

/** The SHF_* that an output section has in the file. What the ABI says counts until input says it. */
export function finalFlags({ name, flags, hasInput }: Output): number {
  return elfFlags(flags, hasInput ? 0 : (knownSection(name)?.flags ?? 0));
}

/** The SHT_* that an output section has in the file: NOBITS where it takes memory, but no contents. */
export function finalType({ type, flags }: Output): number {
  if (flags & SEC.ALLOC && !(flags & (SEC.LOAD | SEC.CONTENTS))) return SHT.NOBITS;
  return type === SHT.NULL || (type === SHT.NOBITS && flags & SEC.ALLOC) ? SHT.PROGBITS : type;
}
