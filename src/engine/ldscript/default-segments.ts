/** Segments as ld makes them for scripts without PHDRS. */
import type { Program } from './model.ts';
import type { SegmentMap } from './program-headers.ts';
import type { LinkState } from './state.ts';

export function defaultSegments(_program: Program, _state: LinkState): SegmentMap[] {
  return [];
}
