/**
 * Which options a recorded command may have. Records are untrusted, and compilers and linkers have
 * options that load code, start other programs or write files by name; some accept abbreviations of
 * long names, too. So this is a list of what is known to do no more than link, and everything that
 * is not on it is refused. Sources: ld(1) and gcc(1) "Options for Linking" of binutils 2.40 and gcc
 * 12; objcopy(1), strip(1). What writes without a path in it (`-fdump-tree-all`) writes into the
 * folder that the tool runs in, which is a scratch folder of ours.
 */
import type { Piece } from './pieces.ts';

const RUNS = 'it makes the tool run other programs';
const WRITES = 'it makes the tool write other files';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Options of ld without a value, or with one behind `=`, by their names without dashes. */
const LINKER_FLAGS = words(`
  ( ) start-group end-group as-needed no-as-needed whole-archive no-whole-archive add-needed
  no-add-needed copy-dt-needed-entries no-copy-dt-needed-entries allow-multiple-definition
  allow-shlib-undefined no-allow-shlib-undefined Bstatic Bdynamic Bsymbolic Bsymbolic-functions
  Bno-symbolic Bgroup static dn non_shared dy call_shared check-sections no-check-sections cref d dc
  dp define-common no-define-common demangle no-demangle discard-all discard-locals discard-none
  eh-frame-hdr no-eh-frame-hdr emit-relocs q enable-new-dtags disable-new-dtags export-dynamic
  no-export-dynamic E fatal-warnings no-fatal-warnings force-group-allocation gc-sections
  no-gc-sections gc-keep-exported print-gc-sections no-print-gc-sections print-map M
  print-map-discarded no-print-map-discarded print-memory-usage ld-generated-unwind-info
  no-ld-generated-unwind-info n nmagic N omagic no-omagic noinhibit-exec no-keep-memory no-undefined
  no-undefined-version no-warn-mismatch no-warn-search-mismatch no-dynamic-linker pie pic-executable
  no-pie relax no-relax relocatable r i Ur nostdlib reduce-memory-overheads s strip-all S strip-debug
  stats sort-common strip-discarded no-strip-discarded t trace traditional-format unique v V version
  verbose warn-common warn-constructors warn-multiple-gp warn-once warn-section-align warn-textrel
  warn-alternate-em warn-unresolved-symbols error-unresolved-symbols warn-execstack no-warn-execstack
  warn-rwx-segments no-warn-rwx-segments w no-warnings x X build-id hash-style sort-section
  compress-debug-sections orphan-handling unresolved-symbols max-cache-size package-metadata O O0 O1
  O2 O3 error-limit color-diagnostics accept-unknown-input-arch no-accept-unknown-input-arch
`);
/** Options of ld with a value that is no file. */
const LINKER_TEXT = words(`
  m e entry u undefined require-defined defsym z y trace-symbol Ttext Tdata Tbss Ttext-segment
  Trodata-segment Tldata-segment section-start soname h rpath dynamic-linker I oformat format
  input-format b A architecture wrap G a init fini export-dynamic-symbol
`);
/** Options of ld with a value that is a file or folder which the linker reads. */
const LINKER_FILES = words(`
  version-script dynamic-list retain-symbols-file just-symbols R export-dynamic-symbol-list
  rpath-link sysroot
`);
/** Values that touch their option. */
const LINKER_JOINED = /^-(?:z[a-z][\w=.-]*|melf_\w+|u[\w.$]+)$/;

/** Options of compiler drivers that do no more than choose how code is made and linked. */
const DRIVER: readonly RegExp[] = [
  /^-(nostdlib|nostdinc(\+\+)?|nodefaultlibs|nostartfiles|nolibc|static|static-libgcc|rdynamic)$/,
  /^-(static-libstdc\+\+|s|w|pipe|pthread|ansi|pedantic|pedantic-errors|undef|v|shared)$/,
  /^-(O[\w]*|g[\w-]*|std=[\w+]+|m[\w.-]+(=[\w.,+-]+)?|W[a-z][\w+-]*(=[\w-]*)?)$/,
  /^-f(?!plugin|pass-plugin|use-ld|module|profile|auto-profile|dump|offload)[\w+-]+(=[\w.,+:-]*)?$/,
  /^-f(file|debug|macro|profile)-prefix-map=/,
  /^-T(text|data|bss)(=\w+)?$/,
  /^-fuse-ld=(bfd|gold|lld|mold)$/,
  /^-(D|U|I|isystem|iquote|idirafter)./,
  /^--target=[\w.-]+$/,
];
const DRIVER_TEXT = words(`
  -u -z -D -U -I -isystem -iquote -idirafter -include -imacros --param -target -arch
`);
const DRIVER_FILES = words('--sysroot');

/** What a word of a recorded command is to those who decide on it. */
export type Verdict =
  | { readonly kind: 'harmless' }
  /** Reads this file or folder. */
  | { readonly kind: 'reads'; readonly file: string }
  | { readonly kind: 'refused'; readonly why: string };

const HARMLESS: Verdict = { kind: 'harmless' };

/** Judges one piece of a link. Outputs, maps and dependency files go: a replay has its own. */
export function judgePiece(piece: Piece): Verdict {
  const { role, value = '' } = piece;
  if (role === 'library')
    return value.includes('/') ? refuse(piece.words[0]!, 'it names a file') : HARMLESS;
  if (['input', 'script', 'default-script', 'search'].includes(role)) return reads(value);
  if (role !== 'other') return HARMLESS;
  return piece.level === 'linker' ? judgeLinker(piece) : judgeDriver(piece);
}

function judgeLinker({ option, value, words: [word = ''] }: Piece): Verdict {
  const name = option.replace(/^--?/, '');
  const isOne = option.startsWith('--') && name.length === 1;
  if (isOne) return refuse(word);
  if (LINKER_FILES.has(name)) return reads(value ?? '');
  if (LINKER_FLAGS.has(name) || LINKER_TEXT.has(name)) return HARMLESS;
  return value === undefined && LINKER_JOINED.test(word) ? HARMLESS : refuse(word);
}

function judgeDriver({ option, value, words: [word = ''] }: Piece): Verdict {
  if (DRIVER_FILES.has(option)) return reads(value ?? '');
  const sysroot = /^--sysroot=(.*)$/.exec(word)?.[1];
  if (sysroot !== undefined) return reads(sysroot);
  if (value !== undefined && DRIVER_TEXT.has(option)) return HARMLESS;
  return DRIVER.some((pattern) => pattern.test(word)) ? HARMLESS : refuse(word);
}

const reads = (file: string): Verdict => ({ kind: 'reads', file });

/** What is worth a word of its own; a guess at abbreviations is fine, since all are refused. */
const REASONS: readonly [RegExp, string][] = [
  [/^--?(f?plugin|f?pass-plugin)/, 'it loads code into the tool'],
  [/^(-B|-wrapper|--?specs|--?prefix|-fuse-ld|-iplugindir|--?config|-Xclang|-fmodule)/, RUNS],
  [/^--?(error-handling-script|with-)/, RUNS],
  [/^--?(save-temps|dump|aux-info|M|W[ap],|Xassembler|Xpreprocessor|out-implib|time)/, WRITES],
  [/^--?(dwo|extract-dwo|split|dump-section|f?dump|f?profile|f?auto-profile)/, WRITES],
];

function refuse(word: string, why?: string): Verdict {
  const known = REASONS.find(([pattern]) => pattern.test(word))?.[1];
  const reason = why ?? known ?? 'it is not known to be harmless';
  return { kind: 'refused', why: `of its option ${word}: ${reason}` };
}

/** Options of objcopy and strip with a value in the next word. */
const COPY_VALUES = words(`
  -R --remove-section -j --only-section -K --keep-symbol -N --strip-symbol -G --keep-global-symbol
  -L --localize-symbol -W --weaken-symbol -O --output-target -I --input-target -F --target -B
  --binary-architecture --update-section --add-section --set-section-flags --set-start
  --rename-section --redefine-sym --globalize-symbol --set-section-alignment
  --change-section-address --change-section-vma --change-section-lma --adjust-vma -o
`);
/** Options of objcopy and strip without a value. */
const COPY_FLAGS = words(`
  -s --strip-all -S -g -d --strip-debug --strip-unneeded -x --discard-all -X --discard-locals -w
  --wildcard -p --preserve-dates -D --enable-deterministic-archives -U -v --verbose
  --weaken --merge-notes --no-merge-notes --strip-dwo --keep-file-symbols --only-keep-debug
`);

/**
 * Judges the words of objcopy or strip; which files they may touch is decided elsewhere.
 * @returns why they are refused
 */
export function refusalOfCopy(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (!word.startsWith('-') || COPY_FLAGS.has(word)) continue;
    if (COPY_VALUES.has(word)) at++;
    else if (!isJoinedCopyOption(word)) return refusedBecause(word);
  }
  return undefined;
}

function isJoinedCopyOption(word: string): boolean {
  const long = /^(--[\w-]+)=/.exec(word)?.[1];
  return long === undefined ? /^-[RjKNGLWOIFBo][^-]/.test(word) : COPY_VALUES.has(long);
}

/** Words of Unikraft's scripts: names, numbers, and an objcopy to run. */
export function refusalOfScript(args: readonly string[]): string | undefined {
  const strange = args.find((word) => !/^[\w.,+-]*$|^--with-objcopy=/.test(word));
  return strange === undefined ? undefined : refusedBecause(strange);
}

function refusedBecause(word: string): string {
  const verdict = refuse(word);
  return verdict.kind === 'refused' ? verdict.why : '';
}
