/** What the passes of the linker model share. This state never leaves the model. */
import type { Base } from './expression.ts';
import { ABSOLUTE, evaluateExpression, scopeOf } from './expression.ts';
import type { Lookup } from './expression.ts';
import type { Content, InputObject, InputSection } from './evaluate-types.ts';
import { knownSection, SEC } from './flags.ts';
import type {
  Assert,
  Assignment,
  BodyStatement,
  DataStatement,
  Expression,
  FillStatement,
  OutputSection,
  ProgramHeader,
  Script,
} from './types.ts';
import { SHT } from '../elf/types.ts';

/** An input section on its way to an output section. */
export interface Input {
  readonly object: InputObject;
  readonly section: InputSection;
  /** Place among all input sections, in the order of files and sections. */
  readonly order: number;
  /** SEC_*; KEEP is added where a KEEP pattern matches. */
  flags: number;
  alignment: number;
  readonly size: number;
  /** Made by the linker and dropped after it has been placed. */
  readonly passing: boolean;
  output: Output | 'discarded' | undefined;
  /** Offset into the output section. */
  offset: number;
}

/** What stands in the body of an output section, in order. */
export type Item =
  | { readonly kind: 'input'; readonly input: Input }
  | { readonly kind: 'data'; readonly node: DataStatement; offset: number; value: bigint }
  | { readonly kind: 'fill'; readonly node: FillStatement }
  | { readonly kind: 'assignment'; readonly node: Assignment; offset: number }
  | { readonly kind: 'assert'; readonly node: Assert; offset: number };

/** An output section statement, of a script or made for an orphan. */
export interface Output extends Base {
  readonly name: string;
  readonly script: Script;
  /** Undefined for orphans. */
  readonly node: OutputSection | undefined;
  readonly addressNode: Expression | undefined;
  phdrs: readonly string[];
  items: Item[];
  /** ONLY_IF_RO or ONLY_IF_RW does not hold. */
  failed: boolean;
  /** Something made it exist: an input section, data, an assignment. */
  created: boolean;
  /** SEC_* of the section; before it exists, a hint for orphans. */
  flags: number;
  hasInput: boolean;
  /** SHT_* as it stands while sections are placed. */
  type: number;
  alignment: number;
  address: number;
  loadAddress: number;
  size: number;
  /** Size in the pass before. */
  lastSize: number;
  /** Dropped from the file because it is empty. */
  removed: boolean;
  /** Dropped, and without any effect on addresses either. */
  ignored: boolean;
  /** A symbol is assigned inside. */
  assignsSymbol: boolean;
  placed: boolean;
  /** An assignment to `_end` stands before it. */
  afterEnd: boolean;
  contents: Content[];
}

/** A statement at the level of SECTIONS. */
export type TopItem =
  | { readonly kind: 'assignment'; readonly node: Assignment; readonly script: Script }
  | { readonly kind: 'assert'; readonly node: Assert; readonly script: Script }
  | {
      readonly kind: 'insert';
      readonly after: boolean;
      readonly where: string;
      readonly script: Script;
    }
  | { readonly kind: 'output'; readonly output: Output };

export interface Region {
  readonly origin: bigint;
  readonly length: bigint;
}

/** The scripts as one list of statements, and what they say besides. */
export interface Program {
  items: TopItem[];
  /** Output sections that exist, in the order of the file. Mostly that of `items`. */
  readonly file: Output[];
  readonly script: Script;
  readonly headers: readonly { readonly node: ProgramHeader; readonly script: Script }[];
  readonly regions: ReadonlyMap<string, Region>;
  readonly entry: string | undefined;
  /** EXTERN: symbols that count as referenced. */
  readonly externs: readonly string[];
}

export const DISCARD = '/DISCARD/';

/** A new output section statement. */
export function newOutput(name: string, script: Script, node?: OutputSection): Output {
  return {
    name,
    script,
    node,
    addressNode: node?.address,
    phdrs: node?.phdrs ?? [],
    items: [],
    failed: false,
    created: false,
    flags: node?.type?.keyword === 'NOLOAD' ? SEC.NEVER_LOAD : 0,
    hasInput: false,
    type: SHT.NULL,
    alignment: 1,
    address: 0,
    loadAddress: 0,
    size: 0,
    lastSize: 0,
    removed: false,
    ignored: false,
    assignsSymbol: false,
    placed: false,
    afterEnd: false,
    contents: [],
  };
}

/** All output sections, in order. */
export function outputsOf(program: Program): Output[] {
  return program.items.flatMap((item) => (item.kind === 'output' ? [item.output] : []));
}

/** The first usable output section of that name. */
export function findOutput(program: Program, name: string): Output | undefined {
  return outputsOf(program).find((output) => output.name === name && !output.failed);
}

/** Makes an output section exist, with what its statement and its name say of it. */
export function createOutput(
  program: Program,
  output: Output,
  flags: number,
  lookup: Lookup,
): void {
  if (output.created) return;
  program.file.push(output);
  output.created = true;
  output.flags = flags;
  output.type = knownSection(output.name)?.type ?? SHT.NULL;
  if (output.node?.align !== undefined) {
    output.alignment = powerOfTwo(constantValue(output.node.align, output.script, lookup) ?? 1n);
  }
}

/** The value of an expression that does not depend on `.`. */
export function constantValue(
  node: Expression,
  script: Script,
  lookup: Lookup,
): bigint | undefined {
  const value = evaluateExpression(node, scopeOf(lookup, script, ABSOLUTE));
  return value === undefined ? undefined : value.value + BigInt(value.base?.address ?? 0);
}

/** The least power of two that is no smaller. */
export function powerOfTwo(value: bigint): number {
  let power = 1;
  while (BigInt(power) < value && power < 2 ** 52) power *= 2;
  return power;
}

/** The items of a body, without its input descriptions (those are resolved elsewhere). */
export function plainItem(node: Exclude<BodyStatement, { kind: 'input' }>): Item | undefined {
  switch (node.kind) {
    case 'data':
      return { kind: 'data', node, offset: 0, value: 0n };
    case 'fill':
      return { kind: 'fill', node };
    case 'assignment':
      return { kind: 'assignment', node, offset: 0 };
    case 'assert':
      return { kind: 'assert', node, offset: 0 };
    default:
      return undefined;
  }
}
