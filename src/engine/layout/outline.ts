/**
 * What a unikernel's linker scripts place, in order, seen as a layout. An output section is
 *
 * - `bulk`, where it is one of the well-known sections of code and data and only gathers input
 *   sections of its own name (`*(.text) *(.text.*)`): its atoms may stand anywhere in any order. Statements before the gathering (boot code that must come
 *   first) are its head and keep their place;
 * - a `table` otherwise: sorted, kept or bounded by symbols inside; its start may move, but its
 *   contents stay together in the order that the script gives.
 *
 * Symbols assigned between two output sections belong to the end of the one or to the start of
 * the other.
 */
import type {
  Assignment,
  BodyStatement,
  Expression,
  InputDescription,
  InsertCommand,
  OutputSection,
  Script,
  SectionsStatement,
} from '../ldscript/types.ts';

export interface OutlineSection {
  readonly name: string;
  /** Index of the script: 0 is the one of the whole image, further ones insert into it. */
  readonly script: number;
  readonly node: OutputSection;
  readonly kind: 'bulk' | 'table';
  /** Statements before the gathering ones; empty for a table. */
  readonly head: readonly BodyStatement[];
  /** Gathering statements; empty for a table. */
  readonly general: readonly InputDescription[];
  /** Assignments right before the section that denote its start. */
  readonly leading: readonly Assignment[];
  /** Assignments behind the section that denote its end. */
  readonly trailing: readonly Assignment[];
  /** Names in PHDRS that the section stands in, inherited ones included. */
  readonly phdrs: readonly string[];
}

/** Output sections that take part in the layout, in the order of their final place. */
export function outlineOf(scripts: readonly Script[]): OutlineSection[] {
  const [main = [], ...extras] = scripts.map(sectionsOfScript);
  const result = [...main];
  extras.forEach((sections, i) => {
    const insert = scripts[i + 1]!.statements.find((s): s is InsertCommand => s.kind === 'insert');
    const at = insert ? insertionIndex(result, insert) : result.length;
    result.splice(at, 0, ...sections.map((section) => ({ ...section, script: i + 1 })));
  });
  return withInheritedPhdrs(result);
}

/** ld puts INSERT AFTER right behind the named section, so that later scripts come first. */
function insertionIndex(sections: readonly OutlineSection[], insert: InsertCommand): number {
  const home = insertionHome(sections, insert);
  const index = sections.findIndex((section) => section.name === home);
  if (index < 0) return sections.length;
  return insert.position === 'after' ? index + 1 : index;
}

/**
 * The section behind which an inserted one stands in the aligned image. Inserted tables differ from
 * unikernel to unikernel; behind read-only data they would stand in the middle of what is equal, so
 * they go behind the last section of the main script that stands in the same segment.
 */
export function insertionHome(sections: readonly OutlineSection[], insert: InsertCommand): string {
  const from = sections.findIndex((section) => section.name === insert.section);
  const asked = sections[from];
  if (asked === undefined || insert.position === 'before' || startsData(asked))
    return insert.section;
  let home = asked;
  for (const section of sections.slice(from + 1)) {
    if (startsData(section) || section.node.phdrs.length > 0) break;
    if (section.script === 0) home = section;
  }
  return home.name;
}

const startsData = ({ name }: OutlineSection) => /^\.(tdata|tbss|data|bss)$/.test(name);

function sectionsOfScript(script: Script): OutlineSection[] {
  const statements = script.statements.flatMap((s) => (s.kind === 'sections' ? s.statements : []));
  const result: OutlineSection[] = [];
  let between: SectionsStatement[] = [];
  for (const statement of statements) {
    if (statement.kind !== 'output-section') {
      between.push(statement);
      continue;
    }
    const { trailing, leading } = splitAssignments(between);
    attachTrailing(result, trailing);
    result.push(describe(statement, leading));
    between = [];
  }
  attachTrailing(result, splitAssignments(between, true).trailing);
  return result;
}

function attachTrailing(sections: OutlineSection[], trailing: readonly Assignment[]): void {
  const last = sections.at(-1);
  if (last) sections[sections.length - 1] = { ...last, trailing };
}

function describe(node: OutputSection, leading: readonly Assignment[]): OutlineSection {
  const parts = bulkParts(node);
  return {
    name: node.name,
    script: 0,
    node,
    kind: parts ? 'bulk' : 'table',
    head: parts?.head ?? [],
    general: parts?.general ?? [],
    leading,
    trailing: [],
    phdrs: node.phdrs,
  };
}

/** An output section without `:phdr` stands in those of the one before it (ld manual, PHDRS). */
function withInheritedPhdrs(sections: readonly OutlineSection[]): OutlineSection[] {
  let current: readonly string[] = [];
  return sections.map((section) => {
    if (section.node.phdrs.length > 0) current = section.node.phdrs;
    return { ...section, phdrs: current };
  });
}

/** Names that the gABI ("Special Sections") and the psABI give to code and data without an order. */
const BULK_NAME = /^\.(text|rodata1?|data1?|data\.rel\.ro|bss|tdata|tbss|l?(ro)?data|lbss)$/;

function bulkParts(node: OutputSection) {
  if (!BULK_NAME.test(node.name)) return undefined;
  const first = node.body.findIndex((statement) => gathers(statement, node.name));
  if (first < 0) return undefined;
  const head = node.body.slice(0, first);
  const rest = node.body.slice(first);
  const count = rest.findIndex((statement) => !gathers(statement, node.name));
  const general = (count < 0 ? rest : rest.slice(0, count)) as InputDescription[];
  const tail = count < 0 ? [] : rest.slice(count);
  const plain = head.every(isInput) && tail.every(isLocation);
  return plain ? { head, general } : undefined;
}

const isInput = (statement: BodyStatement) =>
  statement.kind === 'input' || statement.kind === 'empty';
const isLocation = (statement: BodyStatement) =>
  statement.kind === 'empty' || (statement.kind === 'assignment' && statement.symbol === '.');

/** True for `*(.text)`, `*(.text.*)`, `*(COMMON)` and their like inside the section of that name. */
function gathers(statement: BodyStatement, output: string): boolean {
  if (statement.kind !== 'input' || statement.keep || statement.file?.pattern !== '*') return false;
  if (statement.flags.length > 0 || statement.file.exclude.length > 0) return false;
  return (
    statement.sections.length > 0 &&
    statement.sections.every(
      ({ pattern, sort, exclude }) =>
        sort === 'unsorted' && exclude.length === 0 && isOwnName(pattern, output),
    )
  );
}

function isOwnName(pattern: string, output: string): boolean {
  const own = pattern === output || pattern === `${output}.*` || pattern === `${output}*`;
  return (
    own || pattern === 'COMMON' || /^\.(gnu\.linkonce\.|tcommon$|scommon$|dynbss$)/.test(pattern)
  );
}

/**
 * Divides the assignments between two output sections. What stands before the last change of the
 * location counter denotes an end. Where it does not change, names decide; where names do not
 * tell, everything denotes the end, which is where the location counter is.
 */
function splitAssignments(statements: readonly SectionsStatement[], atEnd = false) {
  const assignments = statements.filter((s): s is Assignment => s.kind === 'assignment');
  if (atEnd) return { trailing: assignments.filter(isSymbol), leading: [] };
  const move = assignments.findLastIndex((assignment) => assignment.symbol === '.');
  if (move >= 0)
    return {
      trailing: assignments.slice(0, move).filter(isSymbol),
      leading: assignments.slice(move + 1),
    };
  const start = assignments.findIndex((a) => /start|begin|base/i.test(a.symbol));
  const tail = start < 0 ? [] : assignments.slice(start);
  const clear = tail.every((a) => !/end$/i.test(a.symbol));
  const cut = start >= 0 && clear ? start : assignments.length;
  return { trailing: assignments.slice(0, cut), leading: assignments.slice(cut) };
}

const isSymbol = (assignment: Assignment) => assignment.symbol !== '.';

/** The largest constant that a section's last statements align its end to; 1 where there is none. */
export function tailAlignment(section: OutlineSection): number {
  const tail = section.node.body.filter(isLocation);
  return Math.max(1, ...tail.map((s) => (s.kind === 'assignment' ? alignedTo(s.value) : 1)));
}

function alignedTo(expression: Expression): number {
  if (expression.kind !== 'call' || expression.function !== 'ALIGN') return 1;
  const argument = expression.arguments.at(-1);
  return argument ? (constantOf(argument) ?? 1) : 1;
}

/** The value of a number or of a shift of numbers, as preprocessed scripts have them. */
function constantOf(expression: Expression): number | undefined {
  if (expression.kind === 'number') return Number(expression.value);
  if (expression.kind !== 'binary' || expression.operator !== '<<') return undefined;
  const left = constantOf(expression.left);
  const right = constantOf(expression.right);
  return left === undefined || right === undefined ? undefined : left * 2 ** right;
}

/** True where an expression asks for the size of a section: it adds to the location counter itself. */
export function usesSizeOf(expression: Expression, section: string): boolean {
  switch (expression.kind) {
    case 'name-call':
      return expression.function === 'SIZEOF' && expression.name === section;
    case 'binary':
      return usesSizeOf(expression.left, section) || usesSizeOf(expression.right, section);
    case 'unary':
      return usesSizeOf(expression.operand, section);
    case 'call':
      return expression.arguments.some((argument) => usesSizeOf(argument, section));
    default:
      return false;
  }
}
