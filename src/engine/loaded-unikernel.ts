/** A unikernel on its way through the passes, before it is planned. */
import type { ElfFile } from './elf/types.ts';
import type { Script } from './ldscript/types.ts';
import type { LinkCommand } from './link/command.ts';
import type { ArchiveUse } from './link/inputs.ts';
import type { PreparedObject } from './link/prepare.ts';
import type { MadePlan } from './model/dynamic.ts';
import type { InputObject, Program } from './model/types.ts';
import type { UkRelocPlan } from './model/uk-reloc.ts';
import type { Stamps } from './workspace/stamps.ts';
import type { Unikernel } from './workspace/types.ts';

/** The linker's own sections of one unikernel. */
export interface Made {
  readonly plan: MadePlan;
  /** The linker makes more than is modelled: sizes are those of the default link. */
  readonly isAdmitted: boolean;
  /** Index of the first of them in the first object. */
  readonly first: number;
  /** Unikraft's relocation table, where a step after the link writes it. */
  readonly ukReloc?: UkRelocPlan;
}

/** A unikernel with everything of its link read into memory. */
export interface LoadedUnikernel {
  readonly unikernel: Unikernel;
  /** Of all files that were read, from before they were. */
  readonly stamps: Stamps;
  readonly command: LinkCommand;
  /** The scripts of the recorded link, each with one INSERT at most. */
  readonly recorded: readonly Script[];
  /** The script of the image, then those that insert into it, made ready to be rewritten. */
  readonly scripts: readonly Script[];
  /** Archives of which the link takes members. */
  readonly archives: readonly ArchiveUse[];
  /** The user's objects in link order, as they are. */
  readonly originals: readonly InputObject[];
  /** The same, in the place of some their copies split at compile units. */
  readonly sources: readonly PreparedObject[];
  /** The same ready to be placed, and behind them those that the alignment adds. */
  readonly objects: readonly PreparedObject[];
  readonly program: Program;
  /** Entry symbol; absent where neither command nor script names one. */
  readonly entry?: string;
  /** Symbols that the link keeps whatever refers to them. */
  readonly roots: readonly string[];
  /** The unstripped image of the default link. */
  readonly debug: ElfFile;
  /** The link makes `.eh_frame_hdr`. */
  readonly hasFrameHeader: boolean;
  /** The linker's own sections: the first object of `program` has them, that of `objects` not. */
  readonly made?: Made | undefined;
}
