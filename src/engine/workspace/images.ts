/** Images in a build folder: how they are named, and whether one is whole. */
import path from 'node:path';
import { EM_X86_64 } from '../elf/types.ts';
import { SpacerError } from '../errors.ts';
import { readHead } from './files.ts';

/** An image by its name; the file may turn out to be something else. */
export interface Candidate {
  /** Name of the application as the image says it. */
  readonly name: string;
  readonly image: string;
  readonly debugImage: string;
  /** `kvm`, `qemu`, `fc`, ...; absent where the build chose its own name. */
  readonly platform?: string;
  readonly architecture?: string;
  /** Whether the `.dbg` twin exists. */
  readonly hasDebugImage: boolean;
}

/** NAME_PLATFORM-ARCHITECTURE: `kvm` up to 0.12, the virtual machine monitor from 0.13 on. */
const IMAGE_NAME = /^(.+)_([a-z][a-z0-9]*)-(x86_64|arm64|arm)$/;
const OTHER_PLATFORMS = new Set(['xen', 'linuxu']);

/** Tells whether a file name is that of an image's `.dbg` twin. */
export function isDebugImageName(name: string): boolean {
  return name.endsWith('.dbg') && IMAGE_NAME.test(name.slice(0, -4));
}

/**
 * Images of a build folder, by the names of its files, in the order of their names.
 *
 * A name without platform and architecture counts as well if it has a `.dbg` twin and a record of
 * the link: builds may choose the image's whole name.
 */
export function findCandidates(directory: string, files: ReadonlySet<string>): Candidate[] {
  const names = new Set<string>();
  for (const file of files) {
    if (IMAGE_NAME.test(file)) names.add(file);
    if (!file.endsWith('.dbg')) continue;
    const base = file.slice(0, -4);
    if (IMAGE_NAME.test(base) || files.has(`${file}.cmd`)) names.add(base);
  }
  return [...names].sort().map((base) => {
    const parts = IMAGE_NAME.exec(base);
    return {
      name: parts?.[1] ?? base,
      image: path.join(directory, base),
      debugImage: path.join(directory, `${base}.dbg`),
      ...(parts?.[2] === undefined ? {} : { platform: parts[2] }),
      ...(parts?.[3] === undefined ? {} : { architecture: parts[3] }),
      hasDebugImage: files.has(`${base}.dbg`),
    };
  });
}

/** Throws if an image is, by its name, not one that Spacer aligns. */
export function checkName(candidate: Candidate): void {
  const { architecture, platform, image } = candidate;
  if (architecture !== undefined && architecture !== 'x86_64') {
    const text = `The image is built for ${architecture}; Spacer aligns x86_64.`;
    throw new SpacerError('other-architecture', text, { file: image });
  }
  if (platform !== undefined && OTHER_PLATFORMS.has(platform)) {
    const text = `The image is built for ${platform}; Spacer aligns images for KVM.`;
    throw new SpacerError('other-platform', text, { file: image });
  }
}

const ELF_MAGIC = 0x7f454c46;
const ELF_HEADER = 64;
const ET_EXEC = 2;
const ET_DYN = 3;

/**
 * Throws unless a file is a whole ELF64 image for x86_64: magic, class, machine, type, and both
 * header tables inside the file.
 */
export async function checkDebugImage(file: string): Promise<void> {
  const read = await readHead(file, ELF_HEADER);
  if (read === undefined) throw damaged(file, 'it is no regular file');
  const { head, size } = read;
  checkElf64(file, head);
  const type = head.readUInt16LE(16);
  if (type !== ET_EXEC && type !== ET_DYN) throw damaged(file, 'it is no executable');
  const segments = head.readBigUInt64LE(32);
  const segmentBytes = BigInt(head.readUInt16LE(54) * head.readUInt16LE(56));
  const sections = head.readBigUInt64LE(40);
  const sectionBytes = BigInt(head.readUInt16LE(58) * head.readUInt16LE(60));
  if (segmentBytes === 0n) throw damaged(file, 'it has no segments');
  if (segments + segmentBytes > BigInt(size) || sections + sectionBytes > BigInt(size)) {
    throw damaged(file, 'it ends before its headers do');
  }
}

/** Throws if an input of the link is an object of another architecture, or no object at all. */
export async function checkInput(file: string): Promise<void> {
  const read = await readHead(file, ELF_HEADER);
  if (read === undefined) throw damaged(file, 'it is no regular file', 'damaged-object');
  const archive = read.head.subarray(0, 8).toString('latin1');
  if (archive === '!<arch>\n' || archive === '!<thin>\n') return;
  checkElf64(file, read.head, 'damaged-object');
}

function checkElf64(file: string, head: Buffer, code?: string): void {
  if (head.length < ELF_HEADER) throw damaged(file, 'it is too short for an ELF file', code);
  if (head.readUInt32BE(0) !== ELF_MAGIC) throw damaged(file, 'it is no ELF file', code);
  const machine = head.readUInt16LE(18);
  if (head[4] !== 2 || head[5] !== 1 || machine !== EM_X86_64) {
    const text = `The file is ELF${head[4] === 1 ? 32 : 64} for machine ${machine}, not x86_64.`;
    throw new SpacerError('other-architecture', text, { file });
  }
}

function damaged(file: string, what: string, code = 'damaged-image'): SpacerError {
  return new SpacerError(code, `The file is damaged: ${what}.`, { file });
}

/** How a bootable image is packed, by its first bytes. */
export type Packing = 'elf64' | 'elf32' | 'efi' | 'unknown';

/** Looks at the first bytes of a bootable image. */
export async function readPacking(image: string): Promise<Packing> {
  const head = (await readHead(image, ELF_HEADER))?.head;
  if (head === undefined || head.length < 20) throw damaged(image, 'it is too short');
  if (head.toString('latin1', 0, 2) === 'MZ') return 'efi';
  if (head.readUInt32BE(0) !== ELF_MAGIC) return 'unknown';
  return head[4] === 1 ? 'elf32' : 'elf64';
}
