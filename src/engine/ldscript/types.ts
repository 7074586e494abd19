/**
 * The syntax tree of a GNU ld linker script. Every node knows the tokens that it was made of and the
 * offsets of its text, so that an edit can replace just that text; the tokens keep their trivia, so
 * that printing gives back the file as it was.
 */

export type TokenKind = 'name' | 'string' | 'number' | 'punctuation' | 'end';

/** One token with the trivia (white space, comments, line markers) before it. */
export interface Token {
  readonly kind: TokenKind;
  readonly leading: string;
  /** As written; a string keeps its quotes. */
  readonly text: string;
  /** Offset of `text` (behind the trivia) in the file. */
  readonly start: number;
  readonly end: number;
}

/** What every node has. A node always covers at least one token. */
export interface NodeRange {
  /** Index of the first and of the last token. */
  readonly first: number;
  readonly last: number;
  /** Offset of the first character of the first token, and of the character after the last. */
  readonly start: number;
  readonly end: number;
}

// --- expressions -------------------------------------------------------------------------------

export type UnaryOperator = '-' | '+' | '!' | '~';
export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '=='
  | '!='
  | '<='
  | '>='
  | '<'
  | '>'
  | '&'
  | '|'
  | '&&'
  | '||';

/** Functions whose arguments are expressions. */
export type ValueFunction =
  | 'ABSOLUTE'
  | 'ALIGN'
  | 'BLOCK'
  | 'DATA_SEGMENT_ALIGN'
  | 'DATA_SEGMENT_END'
  | 'DATA_SEGMENT_RELRO_END'
  | 'LOG2CEIL'
  | 'MAX'
  | 'MIN'
  | 'NEXT';

/** Functions whose one argument is the name of a section, symbol, region or constant. */
export type NameFunction =
  'ADDR' | 'ALIGNOF' | 'CONSTANT' | 'DEFINED' | 'LENGTH' | 'LOADADDR' | 'ORIGIN' | 'SIZEOF';

export type Expression =
  | (NodeRange & { readonly kind: 'number'; readonly value: bigint })
  /** A symbol, or the location counter where `name` is `.`. */
  | (NodeRange & { readonly kind: 'symbol'; readonly name: string })
  | (NodeRange & {
      readonly kind: 'unary';
      readonly operator: UnaryOperator;
      readonly operand: Expression;
    })
  | (NodeRange & {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (NodeRange & {
      readonly kind: 'conditional';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    })
  | (NodeRange & {
      readonly kind: 'call';
      readonly function: ValueFunction;
      readonly arguments: readonly Expression[];
    })
  | (NodeRange & {
      readonly kind: 'name-call';
      readonly function: NameFunction;
      readonly name: string;
    })
  | (NodeRange & {
      readonly kind: 'segment-start';
      readonly segment: string;
      readonly fallback: Expression;
    })
  | (NodeRange & { readonly kind: 'sizeof-headers' })
  | (NodeRange & {
      readonly kind: 'assert-expression';
      readonly condition: Expression;
      readonly message: string;
    });

// --- statements that stand in several places ----------------------------------------------------

export type AssignmentOperator = '=' | '+=' | '-=' | '*=' | '/=' | '<<=' | '>>=' | '&=' | '|=';

export interface Assignment extends NodeRange {
  readonly kind: 'assignment';
  readonly form: 'plain' | 'hidden' | 'provide' | 'provide-hidden';
  /** `.` for the location counter. */
  readonly symbol: string;
  readonly operator: AssignmentOperator;
  readonly value: Expression;
}

export interface Assert extends NodeRange {
  readonly kind: 'assert';
  readonly condition: Expression;
  readonly message: string;
}

/** A lone `;`. */
export interface Empty extends NodeRange {
  readonly kind: 'empty';
}

// --- inside an output section -------------------------------------------------------------------

export type FileSort = 'unsorted' | 'name' | 'none';
export type SectionSort =
  | 'unsorted'
  | 'name'
  | 'alignment'
  | 'name-alignment'
  | 'alignment-name'
  | 'init-priority'
  | 'none';

export interface FilePattern extends NodeRange {
  readonly pattern: string;
  readonly sort: FileSort;
  readonly exclude: readonly string[];
}

export interface SectionPattern extends NodeRange {
  readonly pattern: string;
  readonly sort: SectionSort;
  readonly exclude: readonly string[];
}

export interface SectionFlag {
  readonly name: string;
  readonly negated: boolean;
}

/** `KEEP(*(.text .text.*))`, `lib.a:x.o(COMMON)`, `x.o`. */
export interface InputDescription extends NodeRange {
  readonly kind: 'input';
  readonly keep: boolean;
  /** INPUT_SECTION_FLAGS; empty where none is given. */
  readonly flags: readonly SectionFlag[];
  /** Undefined for the form `[.text .data]`. */
  readonly file: FilePattern | undefined;
  /** Empty where a file is named alone: all its sections. */
  readonly sections: readonly SectionPattern[];
}

export interface DataStatement extends NodeRange {
  readonly kind: 'data';
  readonly keyword: 'BYTE' | 'SHORT' | 'LONG' | 'QUAD' | 'SQUAD';
  readonly size: 1 | 2 | 4 | 8;
  readonly value: Expression;
}

export interface FillStatement extends NodeRange {
  readonly kind: 'fill';
  readonly value: Expression;
}

/** CONSTRUCTORS, SORT(CONSTRUCTORS), CREATE_OBJECT_SYMBOLS, LINKER_VERSION: they place nothing here. */
export interface AttributeStatement extends NodeRange {
  readonly kind: 'attribute';
  readonly keyword: 'CONSTRUCTORS' | 'CREATE_OBJECT_SYMBOLS' | 'LINKER_VERSION';
  readonly sorted: boolean;
}

export type BodyStatement =
  | Assignment
  | Assert
  | Empty
  | InputDescription
  | DataStatement
  | FillStatement
  | AttributeStatement;

// --- inside SECTIONS ----------------------------------------------------------------------------

export interface SectionType {
  readonly keyword: '' | 'NOLOAD' | 'DSECT' | 'COPY' | 'INFO' | 'OVERLAY' | 'READONLY' | 'TYPE';
  /** `READONLY (TYPE = 1)`, `TYPE = 1` */
  readonly value: Expression | undefined;
}

export interface OutputSection extends NodeRange {
  readonly kind: 'output-section';
  readonly name: string;
  readonly address: Expression | undefined;
  readonly type: SectionType | undefined;
  readonly loadAddress: Expression | undefined;
  readonly align: Expression | undefined;
  readonly alignWithInput: boolean;
  readonly subalign: Expression | undefined;
  readonly constraint: 'ONLY_IF_RO' | 'ONLY_IF_RW' | 'SPECIAL' | undefined;
  /** Index of the token `{`, and of its `}`. */
  readonly open: number;
  readonly close: number;
  readonly body: readonly BodyStatement[];
  readonly region: string | undefined;
  readonly loadRegion: string | undefined;
  /** As written; empty where the section inherits those of the one before. */
  readonly phdrs: readonly string[];
  readonly fill: FillStatement | undefined;
}

/** Kept as text. */
export interface Overlay extends NodeRange {
  readonly kind: 'overlay';
}

export type SectionsStatement =
  Assignment | Assert | Empty | EntryCommand | OutputSection | Overlay;

// --- top level ----------------------------------------------------------------------------------

export interface EntryCommand extends NodeRange {
  readonly kind: 'entry';
  readonly symbol: string;
}

/** A command of the form `KEYWORD(name, ...)` that carries nothing but names. */
export interface NamesCommand extends NodeRange {
  readonly kind: 'names';
  readonly keyword: NamesKeyword;
  readonly names: readonly string[];
}

export type NamesKeyword =
  | 'EXTERN'
  | 'FORCE_COMMON_ALLOCATION'
  | 'FORCE_GROUP_ALLOCATION'
  | 'HLL'
  | 'INHIBIT_COMMON_ALLOCATION'
  | 'LD_FEATURE'
  | 'MAP'
  | 'NOCROSSREFS'
  | 'NOCROSSREFS_TO'
  | 'OUTPUT'
  | 'OUTPUT_ARCH'
  | 'OUTPUT_FORMAT'
  | 'REGION_ALIAS'
  | 'SEARCH_DIR'
  | 'STARTUP'
  | 'SYSLIB'
  | 'TARGET';

export interface InputFile {
  /** `-lc` is kept as written. */
  readonly name: string;
  readonly asNeeded: boolean;
}

export interface InputCommand extends NodeRange {
  readonly kind: 'inputs';
  readonly keyword: 'INPUT' | 'GROUP';
  readonly files: readonly InputFile[];
}

export interface InsertCommand extends NodeRange {
  readonly kind: 'insert';
  readonly position: 'after' | 'before';
  readonly section: string;
}

export interface ProgramHeader extends NodeRange {
  readonly name: string;
  /** A name such as PT_LOAD or a number. */
  readonly type: Expression;
  readonly filehdr: boolean;
  readonly phdrs: boolean;
  readonly at: Expression | undefined;
  readonly flags: Expression | undefined;
}

export interface PhdrsCommand extends NodeRange {
  readonly kind: 'phdrs';
  readonly headers: readonly ProgramHeader[];
}

export interface MemoryRegion extends NodeRange {
  readonly name: string;
  readonly origin: Expression;
  readonly length: Expression;
}

export interface MemoryCommand extends NodeRange {
  readonly kind: 'memory';
  readonly regions: readonly MemoryRegion[];
}

/** Kept as text. */
export interface VersionCommand extends NodeRange {
  readonly kind: 'version';
}

export interface SectionsCommand extends NodeRange {
  readonly kind: 'sections';
  readonly open: number;
  readonly close: number;
  readonly statements: readonly SectionsStatement[];
}

export type ScriptStatement =
  | Assignment
  | Assert
  | Empty
  | EntryCommand
  | InputCommand
  | InsertCommand
  | MemoryCommand
  | NamesCommand
  | PhdrsCommand
  | SectionsCommand
  | VersionCommand;

export interface Script {
  readonly kind: 'script';
  /** For messages; a path or a name in angle brackets. */
  readonly file: string;
  readonly text: string;
  /** The last one is of kind `end` and carries the trivia at the end of the file. */
  readonly tokens: readonly Token[];
  readonly statements: readonly ScriptStatement[];
}
