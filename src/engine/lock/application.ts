import type { Slot } from '../layout/slots.ts';

/** Unikraft calls libraries `libNAME`, and an application's own code by another name (`appNAME`). */
export const isApplication = (library: string): boolean => !/^(lib|spacer-|\[)/.test(library);

/** Slots that a unikernel to come may have too: those of libraries. */
export const isLasting = ({ library, libraries }: Slot): boolean =>
  libraries === undefined && !isApplication(library);
