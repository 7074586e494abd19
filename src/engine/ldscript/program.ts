/**
 * The scripts of a link as one list of statements. Those of the extra scripts come first: their
 * patterns choose input sections before those of the main script do. Only then INSERT moves what
 * stands before it.
 */
import type { Output, Program, Region, TopItem } from './model.ts';
import { newOutput } from './model.ts';
import type { Lookup } from './expression.ts';
import { constantValue } from './model.ts';
import { SEC } from './flags.ts';
import { unsupportedNode } from './unsupported.ts';
import type { Script, ScriptStatement, SectionsStatement } from './types.ts';
import { SpacerError } from '../errors.ts';

/** Reads the scripts in the order in which ld reads them: the extra ones, then the main one. */
export function readProgram(scripts: readonly Script[], lookup: Lookup): Program {
  const [main] = scripts.slice(-1);
  if (main === undefined) throw new SpacerError('script-evaluate', 'there is no linker script');
  const statements = scripts.flatMap((script) =>
    script.statements.map((node) => ({ script, node })),
  );
  const entries = statements.flatMap(({ node }) => entryNames(node));
  return {
    items: statements.flatMap(({ script, node }) => topItems(script, node)),
    file: [],
    script: main,
    headers: statements.flatMap(({ script, node }) =>
      node.kind === 'phdrs' ? node.headers.map((header) => ({ node: header, script })) : [],
    ),
    regions: readRegions(statements, lookup),
    entry: entries.at(-1),
    externs: statements.flatMap(({ node }) =>
      node.kind === 'names' && node.keyword === 'EXTERN' ? node.names : [],
    ),
  };
}

function entryNames(node: ScriptStatement): string[] {
  if (node.kind === 'entry') return [node.symbol];
  if (node.kind !== 'sections') return [];
  return node.statements.flatMap((inner) => (inner.kind === 'entry' ? [inner.symbol] : []));
}

function topItems(script: Script, node: ScriptStatement): TopItem[] {
  switch (node.kind) {
    case 'assignment':
    case 'assert':
      return sectionsItem(script, node);
    case 'sections':
      return node.statements.flatMap((inner) => sectionsItem(script, inner));
    case 'insert':
      return [{ kind: 'insert', after: node.position === 'after', where: node.section, script }];
    case 'inputs':
      throw unsupportedNode(script, node, `${node.keyword} in an evaluated script`);
    default:
      return [];
  }
}

function sectionsItem(script: Script, node: SectionsStatement): TopItem[] {
  switch (node.kind) {
    case 'assignment':
      return [{ kind: 'assignment', node, script }];
    case 'assert':
      return [{ kind: 'assert', node, script }];
    case 'output-section':
      if (node.region !== undefined || node.loadRegion !== undefined) {
        throw unsupportedNode(script, node, 'evaluating output sections in memory regions');
      }
      return [{ kind: 'output', output: newOutput(node.name, script, node) }];
    case 'overlay':
      throw unsupportedNode(script, node, 'evaluating OVERLAY');
    default:
      return [];
  }
}

function readRegions(
  statements: readonly { script: Script; node: ScriptStatement }[],
  lookup: Lookup,
): Map<string, Region> {
  const regions = new Map<string, Region>();
  for (const { script, node } of statements) {
    if (node.kind !== 'memory') continue;
    for (const { name, origin, length } of node.regions) {
      regions.set(name, {
        origin: constantValue(origin, script, lookup) ?? 0n,
        length: constantValue(length, script, lookup) ?? 0n,
      });
    }
  }
  return regions;
}

/**
 * Moves the statements before each INSERT to their place.
 *
 * @throws SpacerError `script-evaluate` where there is no such output section
 */
export function applyInserts(program: Program): void {
  for (;;) {
    const at = program.items.findIndex((item) => item.kind === 'insert');
    const insert = program.items[at];
    if (insert?.kind !== 'insert') return;
    const block = program.items.slice(0, at);
    const rest = program.items.slice(at + 1);
    const where = rest.findIndex(
      (item) => item.kind === 'output' && item.output.name === insert.where && !item.output.failed,
    );
    if (where < 0) {
      const { file } = insert.script;
      throw new SpacerError('script-evaluate', `INSERT: there is no ${insert.where}`, { file });
    }
    const after = insert.after ? where : previousOutput(rest, where);
    const place = placeAfter(rest, after);
    moveInFile(program, block, rest.slice(0, after + 1));
    rest.splice(place, 0, ...block);
    program.items = rest;
  }
}

/**
 * Moves the output sections of a block, in the file, behind the last one that stands before it, and
 * with them whatever lies between the first and the last of the block.
 */
function moveInFile(
  { file }: Program,
  block: readonly TopItem[],
  before: readonly TopItem[],
): void {
  const outputs = (items: readonly TopItem[]) =>
    items.flatMap((item) => (item.kind === 'output' && item.output.created ? [item.output] : []));
  const places = outputs(block).map((output) => file.indexOf(output));
  const anchor = outputs(before).findLast(({ failed }) => !failed);
  if (anchor === undefined || places.length === 0) return;
  const from = Math.min(...places);
  const moved = file.slice(from, Math.max(...places) + 1);
  if (moved.includes(anchor)) return;
  file.splice(from, moved.length);
  file.splice(file.indexOf(anchor) + 1, 0, ...moved);
}

/** The index of the usable output section before an item; -1 where there is none. */
export function previousOutput(items: readonly TopItem[], before: number): number {
  for (let at = before - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item?.kind === 'output' && !item.output.failed) return at;
  }
  return -1;
}

/**
 * Where a new output section goes that is to follow the one at index `after` (-1: the beginning).
 * What is assigned behind that section stays with it; but from an assignment to `.` on, the
 * assignments belong to the next output section, unless that one is not allocated. At the beginning,
 * the first assignment to `.` sets where everything starts, and stays first.
 */
export function placeAfter(items: readonly TopItem[], after: number): number {
  let keepFirst = after < 0;
  let dot: number | undefined;
  for (let at = after + 1; at < items.length; at += 1) {
    const item = items[at];
    if (item?.kind === 'assignment' && item.node.symbol === '.' && dot === undefined) {
      if (!keepFirst) dot = at;
      keepFirst = false;
    }
    if (item?.kind === 'output') return dot !== undefined && takesDot(item.output) ? dot : at;
  }
  return items.length;
}

/** Whether an assignment to `.` before the section is meant for it. */
function takesDot(output: Output): boolean {
  return !output.created || !output.hasInput || (output.flags & SEC.ALLOC) !== 0;
}
