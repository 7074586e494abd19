/**
 * The locked layout as values. A **place** is what the lock keeps of a slot: an address, and room for
 * what may stand there. A slot has one place as a rule; one whose content outgrew its room has a second
 * one, and the first stays as long as a unikernel uses it.
 */
import type { Granularity } from '../../protocol/options.ts';
import type { Group } from '../layout/regions.ts';
import type { Slot } from '../layout/slots.ts';

export const LOCK_FORMAT = 'spacer-lock';
export const LOCK_VERSION = 1;
/** The one architecture that layouts are made for. */
export const ARCHITECTURE = 'x86_64';

/** One content of a slot, and the unikernels that have it. */
export interface Variant {
  /** Digest of the bytes and of what they refer to, by key; the same on every machine. */
  readonly content: string;
  /** Bytes. */
  readonly size: number;
  /** Names of unikernels, sorted. */
  readonly holders: readonly string[];
}

export interface Place {
  /** Key of the slot. */
  readonly key: string;
  readonly region: string;
  readonly role: Slot['role'];
  readonly library: string;
  /** Guest address of the first byte. */
  readonly address: number;
  /** Bytes that are kept free for the slot. */
  readonly room: number;
  readonly alignment: number;
  /** Global symbols at the first byte: what begins with one of them may take this place. */
  readonly symbols: readonly string[];
  readonly variants: readonly Variant[];
}

/** An output section over the whole fleet. Addresses are guest addresses. */
export interface LockedRegion {
  readonly name: string;
  readonly kind: 'bulk' | 'table';
  readonly group: Group;
  readonly endAlignment: number;
  /** What symbols before the section denote. */
  readonly start: number;
  /** What symbols behind a bulk section denote; the same in every unikernel. */
  readonly end: number;
}

/** Where the slots of a group of regions may stand: `[start, limit)`. */
export interface LockedGroup {
  readonly group: Group;
  readonly start: number;
  readonly limit: number;
}

export interface LockedUnikernel {
  readonly name: string;
  /** SHA-256 over its slots: keys, addresses, sizes and contents. */
  readonly checksum: string;
}

/** What decides which slots there are: the same for every unikernel of the fleet. */
export interface Choices {
  /** What one slot holds. */
  readonly granularity: Granularity;
  /** Functions that are called through a stub. */
  readonly stubs: readonly string[];
  /** Constants that have a slot of their own. */
  readonly pins: readonly string[];
}

export interface Lock extends Choices {
  readonly architecture: typeof ARCHITECTURE;
  /** Address of the first byte of the layout. */
  readonly base: number;
  readonly groups: readonly LockedGroup[];
  /** In the order of the linker scripts. */
  readonly regions: readonly LockedRegion[];
  /** Bytes from the start of thread-local storage to its end; offsets count from the end. */
  readonly threadLocalSize: number;
  readonly unikernels: readonly LockedUnikernel[];
  readonly places: readonly Place[];
}

/** What one unikernel has in a slot. */
export interface MemberSlot {
  readonly key: string;
  readonly region: string;
  readonly role: Slot['role'];
  readonly library: string;
  readonly alignment: number;
  /** Bytes. */
  readonly size: number;
  readonly content: string;
  /** Strong global symbols at the first byte. */
  readonly symbols: readonly string[];
  /** Keys of the slots that it refers to. */
  readonly targets: ReadonlySet<string>;
}

/** One unikernel as the lock sees it. */
export interface Member {
  readonly name: string;
  /** Its output sections in the order of its scripts. */
  readonly regions: readonly Omit<LockedRegion, 'start' | 'end'>[];
  /** In the order of its scripts. */
  readonly slots: readonly MemberSlot[];
}
