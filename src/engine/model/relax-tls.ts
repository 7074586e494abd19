/**
 * Thread-local variables of an executable lie at a fixed distance from the thread pointer. So ld
 * rewrites every general access (a call of __tls_get_addr, a descriptor, a load of the offset from
 * the global offset table) into the local-exec form (psABI 4.2 and Drepper, "ELF Handling For
 * Thread-Local Storage"; the bytes are those of elf64-x86-64.c, elf_x86_64_relocate_section).
 * The call that belongs to a rewritten access has a relocation of its own, which is skipped.
 */
import { put, siteError, type Site } from './relocation-site.ts';
import { R } from './relocation-types.ts';

const bytesOf = (text: string) => Uint8Array.from(text.split(' '), (byte) => parseInt(byte, 16));

/** mov %fs:0,%rax; lea tpoff(%rax),%rax */
const GD_TO_LE = bytesOf('64 48 8b 04 25 0 0 0 0 48 8d 80 0 0 0 0');
const GD_TO_LE_LARGE = bytesOf('64 48 8b 04 25 0 0 0 0 48 8d 80 0 0 0 0 66 f 1f 44 0 0');
/** mov %fs:0,%rax behind padding */
const LD_TO_LE = bytesOf('66 66 66 64 48 8b 04 25 0 0 0 0');
const LD_TO_LE_INDIRECT = bytesOf('66 66 66 66 64 48 8b 04 25 0 0 0 0');
const LD_TO_LE_LARGE = bytesOf('66 66 66 66 2e f 1f 84 0 0 0 0 0 64 48 8b 04 25 0 0 0 0');
const MOVABS_RAX = bytesOf('48 b8');

/**
 * Rewrites the access that the site's relocation belongs to.
 * @param tpoff of the variable, against the thread pointer
 * @returns the number of following relocations that the rewrite has consumed
 */
export function relaxTls(site: Site, tpoff: number): number {
  switch (site.type) {
    case R.TLSGD:
      relaxGeneralDynamic(site, tpoff);
      return 1;
    case R.TLSLD:
      relaxLocalDynamic(site);
      return 1;
    case R.GOTTPOFF:
      relaxInitialExec(site, tpoff);
      return 0;
    case R.GOTPC32_TLSDESC:
      relaxDescriptor(site, tpoff);
      return 0;
    default:
      relaxDescriptorCall(site);
      return 0;
  }
}

function relaxGeneralDynamic(site: Site, tpoff: number): void {
  const { bytes, offset } = site;
  const large = isLargeCall(bytes, offset + 4);
  const before = large ? 3 : 4;
  if (!large) expect(site, bytes[offset - 4] === 0x66 && isGdCall(bytes, offset + 4));
  expect(site, isLeaRdi(bytes, offset));
  write(site, offset - before, large ? GD_TO_LE_LARGE : GD_TO_LE);
  put(site.view, offset + (large ? 9 : 8), 4, tpoff);
}

function isLeaRdi(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset - 3] === 0x48 && bytes[offset - 2] === 0x8d && bytes[offset - 1] === 0x3d;
}

/** data16 rex64 call, in the three forms that compilers and ld's own relaxation produce. */
function isGdCall(bytes: Uint8Array, at: number): boolean {
  const call = (a: number, b: number, c: number) =>
    bytes[at + 1] === a && bytes[at + 2] === b && bytes[at + 3] === c;
  return (
    bytes[at] === 0x66 &&
    (call(0x48, 0xff, 0x15) || call(0x48, 0x67, 0xe8) || call(0x66, 0x48, 0xe8))
  );
}

/** movabs $__tls_get_addr@pltoff,%rax; add %r15 or %rbx,%rax; call *%rax */
function isLargeCall(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== MOVABS_RAX[0] || bytes[at + 1] !== MOVABS_RAX[1]) return false;
  const rbx = bytes[at + 10] === 0x48 && bytes[at + 12] === 0xd8;
  const r15 = bytes[at + 10] === 0x4c && bytes[at + 12] === 0xf8;
  return (
    bytes[at + 11] === 0x01 && (rbx || r15) && bytes[at + 13] === 0xff && bytes[at + 14] === 0xd0
  );
}

function relaxLocalDynamic(site: Site): void {
  const { bytes, offset } = site;
  expect(site, isLeaRdi(bytes, offset));
  const first = bytes[offset + 4];
  const indirect =
    (first === 0xff && bytes[offset + 5] === 0x15) ||
    (first === 0x67 && bytes[offset + 5] === 0xe8);
  if (isLargeCall(bytes, offset + 4)) return write(site, offset - 3, LD_TO_LE_LARGE);
  expect(site, indirect || first === 0xe8);
  write(site, offset - 3, indirect ? LD_TO_LE_INDIRECT : LD_TO_LE);
}

/** mov or add of x@gottpoff(%rip) becomes mov or add of $x, or lea where add would need a SIB byte. */
function relaxInitialExec(site: Site, tpoff: number): void {
  const { bytes, offset } = site;
  const [rex, opcode, modrm] = [bytes[offset - 3], bytes[offset - 2], bytes[offset - 1] ?? 0];
  const isMov = opcode === 0x8b;
  expect(site, rex === 0x48 || rex === 0x4c);
  expect(site, (isMov || opcode === 0x03) && (modrm & 0xc7) === 5);
  const register = modrm >> 3;
  // ModRM.rm 4 would mean a SIB byte, so %rsp and %r12 keep the add.
  const toLea = !isMov && register !== 4;
  if (rex === 0x4c) bytes[offset - 3] = toLea ? 0x4d : 0x49;
  bytes[offset - 2] = isMov ? 0xc7 : toLea ? 0x8d : 0x81;
  bytes[offset - 1] = toLea ? 0x80 | register | (register << 3) : 0xc0 | register;
  put(site.view, offset, 4, tpoff);
}

/** lea x@tlsdesc(%rip),%reg -> mov $x,%reg */
function relaxDescriptor(site: Site, tpoff: number): void {
  const { bytes, offset } = site;
  const [rex, modrm] = [bytes[offset - 3] ?? 0, bytes[offset - 1] ?? 0];
  expect(site, (rex & 0xfb) === 0x48 && bytes[offset - 2] === 0x8d && (modrm & 0xc7) === 5);
  bytes[offset - 3] = (rex & 0x48) | ((rex >> 2) & 1);
  bytes[offset - 2] = 0xc7;
  bytes[offset - 1] = 0xc0 | ((modrm >> 3) & 7);
  put(site.view, offset, 4, tpoff);
}

/** call *x@tlsdesc(%rax) -> xchg %ax,%ax */
function relaxDescriptorCall(site: Site): void {
  const { bytes, offset } = site;
  expect(site, bytes[offset] === 0xff && bytes[offset + 1] === 0x10);
  bytes[offset] = 0x66;
  bytes[offset + 1] = 0x90;
}

function write(site: Site, at: number, replacement: Uint8Array): void {
  expect(site, at >= 0 && at + replacement.length <= site.bytes.length);
  site.bytes.set(replacement, at);
}

function expect(site: Site, holds: boolean): void {
  if (!holds)
    throw siteError(
      site,
      'link-tls',
      'accesses a thread-local variable with instructions that cannot be rewritten',
    );
}
