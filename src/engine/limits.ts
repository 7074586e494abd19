/**
 * How much is read of what others made. Each limit is far above what real builds have, and low
 * enough that what stays below it is read within seconds and a few hundred megabytes. Limits of
 * documents and messages stand with their schemas (protocol/page-map-schema.ts, lock/schema.ts).
 */
const KiB = 1024;
const MiB = 1024 * KiB;

export const LIMITS = {
  /** Bytes of a file. */
  bytes: {
    /** Images and objects; the largest seen, a debug image of nginx with musl, has 12 MB. */
    binary: 1024 * MiB,
    /** A lock of 1,000 unikernels has 40 MB; V8 ends at 512 MB of text. */
    document: 448 * MiB,
    /** A report of 2 million pages has 650 MB, in 200 MB of memory. */
    report: 2048 * MiB,
    /** A link map has about 3 MB. */
    linkMap: 256 * MiB,
    /** The linker's own script has 9 KB, a rewritten one of an image by functions 500 KB. */
    script: 4 * MiB,
    /** The longest record seen has 12 KB; with long paths and 200 libraries it is below 100 KB. */
    record: 4 * MiB,
    responseFile: MiB,
    /** Kraftfiles are a page of text. */
    kraftfile: 64 * KiB,
    /** `.config` has some thousand lines, lists of libraries a hundred. */
    configuration: MiB,
  },
  /** Nesting, so that recursion stays within the stack. */
  depth: {
    script: 100,
    /** Kraftfiles are nested about six deep. */
    kraftfile: 64,
    responseFiles: 4,
    /** Merged objects inside merged objects: builds have two levels. */
    merges: 8,
    /** Copies of copies of a library's object: builds have one. */
    copies: 4,
  },
  count: {
    /** An object with function sections has some thousand; ELF's own numbers end at 4 billion. */
    sections: 1_000_000,
    archiveMembers: 100_000,
    archiveSymbols: 5_000_000,
    responseWords: 100_000,
    /** Each further operator of an expression is one level of recursion for who walks it. */
    operators: 1000,
    linkMapEntries: 4_000_000,
    /** Files of a build folder: 100 libraries with their sources extracted have about 30,000. */
    buildFiles: 300_000,
  },
  /** Characters of a name in an archive or of a section. C++ names can be long, too. */
  name: 64 * KiB,
  /** Characters of a pattern with wildcards: matching takes up to pattern times name steps. */
  pattern: 256,
  /**
   * Steps that the wildcards of one script may take over one image: patterns times names, where 100
   * patterns and 20,000 sections are a large image.
   */
  patternWork: 500_000_000,
  /**
   * All names of a file together may be this many times as long as the file, and a little more.
   * String tables share suffixes, so a hostile file could ask for gigabytes by a few kilobytes.
   */
  namesPerByte: 16,
  namesAtLeast: 64 * KiB,
} as const;
