/**
 * Proves that an aligned image is the same program as the user's own. The linker is not trusted:
 * what the objects become is computed again, and compared with both images. The checks:
 *
 *   atoms        every input section stands in both images as its object has it, and every
 *                relocated field leads to the same symbol and addend
 *   bytes        every loaded byte, padding and linker's own sections included, is accounted for
 *   symbols      each has the value of its place; both images know the same names
 *   order        tables in exactly their order; names that scripts give to places
 *   segments     the headers that the scripts ask for; nothing overlaps; permissions are kept
 *   unwind       the same records for the same functions
 *   boot         entry, multiboot header, table of memory regions; the bootable image is the
 *                unstripped one
 */
import { globMatches } from '../atoms/gather.ts';
import { sectionKeys } from '../atoms/object-form.ts';
import type { ElfFile } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { magicOf } from '../link/command.ts';
import { effectsOf } from '../link/effects.ts';
import type { LoadedUnikernel } from '../loaded-unikernel.ts';
import type { Program } from '../model/types.ts';
import type { Prediction } from '../predict.ts';
import { recordedProgram } from '../read-unikernel.ts';
import { checkAtoms } from './atoms.ts';
import { checkBoot } from './boot.ts';
import { checkOrder } from './order.ts';
import { checkBytes } from './predicted.ts';
import { elfOf, proofOf, type ImageFile, type Proof } from './proof.ts';
import { checkHeaders, checkPermissions } from './segments.ts';
import { checkNames, checkValues } from './symbols.ts';
import { joinFindings, type Difference, type Finding } from './types.ts';
import { checkUnwind } from './unwind.ts';
import { viewOfAligned, viewOfFound, viewOfRecorded, type ImageView } from './view.ts';

export interface VerifyRequest {
  /** As the build left it. */
  readonly recorded: LoadedUnikernel;
  /** As it was linked again; absent: what was linked is not known. */
  readonly aligned?: LoadedUnikernel | undefined;
  /** Of `aligned`; absent: how it is linked is not known in all. */
  readonly prediction?: Prediction | undefined;
  /** The unstripped image of the new link. */
  readonly debug: ElfFile;
  readonly oldImage: ImageFile;
  readonly newImage: ImageFile;
}

/** Compares the two images of one unikernel. @throws SpacerError `elf-*` */
export function verifyUnikernel(request: VerifyRequest): Proof {
  const { recorded, debug, oldImage, newImage } = request;
  const booted = elfOf(oldImage);
  const old = viewOfRecorded(
    recordedProgram(recorded),
    recorded.debug,
    recorded.command.pie,
    booted,
  );
  const aligned = alignedView(request, old.program);
  const findings = joinFindings([
    checkAtoms(old, aligned, 'the user’s image'),
    ...comparePrograms(request, old, aligned),
    ...checkLinked(request),
    checkBoot({
      old: booted,
      oldDebug: recorded.debug,
      image: elfOf(newImage),
      debug,
      isRemoved: removedBy(recorded),
    }),
  ]);
  return proofOf(findings, oldImage, newImage);
}

function comparePrograms(request: VerifyRequest, old: ImageView, aligned: ImageView): Finding[] {
  return [
    checkAtoms(aligned, old, 'the aligned image'),
    checkNames(
      request.recorded.debug,
      request.aligned?.program,
      request.debug,
      isExchanged(request),
    ),
    checkOrder(old, aligned),
    checkPermissions(old, aligned),
    checkUnwind(old, aligned, isExchanged(request)),
  ];
}

/** What is known of an image only where the objects and scripts of its link are. */
function checkLinked(request: VerifyRequest): Finding[] {
  const { recorded, aligned, prediction, debug } = request;
  if (!aligned || !prediction)
    return [{ unproven: ['bytes between the input sections: how they were linked is not known'] }];
  const { addresses, linked } = prediction;
  return [
    checkBytes(prediction, debug, removedBy(recorded)),
    checkValues(aligned.program, addresses, linked, debug),
    checkHeaders(recorded.debug, debug, linked, magicOf(recorded.command) === undefined),
  ];
}

/** The aligned image as seen from the user's own objects, whatever was linked in their places. */
function alignedView(
  { recorded, aligned, prediction, debug }: VerifyRequest,
  own: Program,
): ImageView {
  const { pie } = recorded.command;
  if (!aligned || !prediction) return viewOfFound(own, debug, pie);
  const { addressOf } = prediction.addresses;
  const program = recordedProgram(aligned);
  const view = viewOfAligned(program, debug, aligned.objects, addressOf, pie);
  const indexes = own.objects.map(({ elf }, i) => indexesIn(elf, program.objects[i]!.elf));
  return {
    ...view,
    program: own,
    spansOf: (object, section) => view.spansOf(object, indexes[object]?.[section] ?? section),
  };
}

/** An object that was exchanged for a larger one has the same sections under other numbers. */
function indexesIn(own: ElfFile, other: ElfFile): number[] | undefined {
  if (own === other) return undefined;
  const indexes = new Map(sectionKeys(other).map((key, index) => [key, index]));
  return sectionKeys(own).map((key) => indexes.get(key) ?? -1);
}

/** Whether objects of other unikernels were linked, which may hold more than the user's own. */
function isExchanged({ recorded, aligned }: VerifyRequest): boolean {
  if (aligned === undefined) return false;
  return recorded.originals.some(({ path }, i) => aligned.originals[i]?.path !== path);
}

function removedBy({ unikernel }: LoadedUnikernel): (name: string) => boolean {
  const { removed } = effectsOf(unikernel.link.postLink);
  return (name) => removed.some((pattern) => globMatches(pattern, name));
}

/** Differences that a message names. */
const SHOWN = 3;

/** The error of a unikernel whose new image is not the same program. */
export function notTheSame(name: string, differences: readonly Difference[]): SpacerError {
  const shown = differences.slice(0, SHOWN).map(({ text }) => text);
  const more = differences.length > SHOWN ? [`and ${differences.length - SHOWN} more`] : [];
  const text = `The new image of ${name} is not proven to be the same program and is not delivered: ${[...shown, ...more].join('; ')}.`;
  return new SpacerError('not-the-same-program', text);
}
