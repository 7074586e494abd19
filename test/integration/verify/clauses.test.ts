/** Each thing that the proof compares, changed by itself: it is seen, and called what it is. */
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/engine/elf/read.ts';
import { PF, PT, SHF, SHT, type ElfFile, type ElfSegment } from '../../../src/engine/elf/types.ts';
import { R } from '../../../src/engine/model/relocation-types.ts';
import { FILLED } from '../../../src/engine/verify/boot-regions.ts';
import { verifyUnikernel, type VerifyRequest } from '../../../src/engine/verify/verify.ts';
import { alignedForProof } from '../../support/aligned.ts';

const request = async (): Promise<VerifyRequest> => (await alignedForProof('default'))[0]!;

type Change = (bytes: Buffer, elf: ElfFile) => void;

function changed({ path: file, bytes }: { path: string; bytes: Uint8Array }, change: Change) {
  const copy = Buffer.from(bytes);
  change(copy, readElf(file, bytes));
  return copy;
}

const inBootable = (one: VerifyRequest, change: Change): VerifyRequest => ({
  ...one,
  newImage: { path: one.newImage.path, bytes: changed(one.newImage, change) },
});

const inDebug = (one: VerifyRequest, change: Change): VerifyRequest => ({
  ...one,
  debug: readElf(one.debug.path, changed(one.debug, change)),
});

const inBoth = (one: VerifyRequest, change: Change) => inBootable(inDebug(one, change), change);

const kindsOf = (one: VerifyRequest) => verifyUnikernel(one).differences.map(({ kind }) => kind);

/** Offset in the file of a loaded byte. */
function offsetOf({ segments }: ElfFile, address: number): number {
  const own = segments.find(
    (s) =>
      s.type === PT.LOAD && s.virtualAddress <= address && address < s.virtualAddress + s.fileSize,
  )!;
  return own.offset + address - own.virtualAddress;
}

const turn =
  (address: number): Change =>
  (bytes, elf) => {
    const at = offsetOf(elf, address);
    bytes[at] = bytes[at]! ^ 1;
  };

/** Address of the first relocated field of some type in code. */
function fieldOf({ aligned, prediction }: VerifyRequest, types: readonly number[]): number {
  for (const [object, { elf }] of aligned!.program.objects.entries())
    for (const [index, relocations] of elf.relocations) {
      const section = elf.sections[index]!;
      const base = prediction!.addresses.addressOf(object, index);
      const found = relocations.find(({ type }) => types.includes(type));
      if (base !== undefined && found && section.flags & SHF.EXECINSTR) return base + found.offset;
    }
  throw new Error('the sample has no such field');
}

/** Offset in the file of a field of the first program header that is meant. */
function headerOf(elf: ElfFile, isMeant: (segment: ElfSegment) => boolean) {
  const i = elf.segments.findIndex(isMeant);
  if (i < 0) throw new Error('the image has no such header');
  const is64 = elf.bits === 64;
  const view = Buffer.from(elf.bytes.buffer, elf.bytes.byteOffset, elf.bytes.length);
  const table = is64 ? Number(view.readBigUInt64LE(32)) : view.readUInt32LE(28);
  const at = table + i * (is64 ? 56 : 32);
  return is64
    ? { flags: at + 4, offset: at + 8, address: at + 16 }
    : { flags: at + 24, offset: at + 4, address: at + 8 };
}

const allows = (flags: number) => (s: ElfSegment) =>
  s.type === PT.LOAD && (s.flags & flags) === flags && s.memorySize > 0;

describe('the proof', () => {
  it('passes what was not changed', async () => {
    const { differences, unproven } = verifyUnikernel(await request());
    expect([...differences, ...unproven]).toEqual([]);
  });

  it('sees a byte of an atom, and names its library', async () => {
    const one = await request();
    const { value } = one.debug.symbols.find(({ name }) => name === 'main')!;
    const { differences } = verifyUnikernel(inBoth(one, turn(value)));
    const texts = differences.flatMap(({ kind, text }) => (kind === 'bytes' ? [text] : []));
    expect(texts.join('\n')).toContain('(main+0x0)');
  });

  it('sees a field that leads to another addend', async () => {
    const one = await request();
    expect(kindsOf(inBoth(one, turn(fieldOf(one, [R.PC32, R.PLT32]))))).toContain('reference');
  });

  it('sees a thread-local field with another offset', async () => {
    const one = await request();
    expect(kindsOf(inBoth(one, turn(fieldOf(one, [R.TPOFF32]))))).toContain('reference');
  });

  it('sees an atom that is not there', async () => {
    const one = await request();
    const { addresses } = one.prediction!;
    const isMain = (object: number, section: number) =>
      one.aligned!.program.objects[object]!.elf.symbols.some(
        (symbol) => symbol.name === 'main' && symbol.section === section,
      );
    const addressOf = (object: number, section: number) =>
      isMain(object, section) ? undefined : addresses.addressOf(object, section);
    const prediction = { ...one.prediction!, addresses: { ...addresses, addressOf } };
    const { unproven } = verifyUnikernel({ ...one, prediction });
    expect(unproven).toContainEqual(
      expect.stringMatching(/^\.text\.startup of \S+ was not found in the aligned image$/),
    );
  });

  it('sees a symbol of another name', async () => {
    const renamed: Change = (bytes, elf) => {
      const place = (name: string) => elf.sections.find((one) => one.name === name)!.offset;
      const symbol = elf.symbols.findIndex(({ name }) => name === 'main');
      const name = bytes.readUInt32LE(place('.symtab') + symbol * 24);
      bytes.write('n', place('.strtab') + name);
    };
    expect(kindsOf(inDebug(await request(), renamed))).toContain('symbol');
  });

  it('sees another entry', async () => {
    expect(kindsOf(inBootable(await request(), (bytes) => (bytes[24] = bytes[24]! ^ 1)))).toContain(
      'entry',
    );
  });

  it('sees a segment that may be written or executed, and one that may not be any more', async () => {
    const one = await request();
    const flip =
      (isMeant: (segment: ElfSegment) => boolean, flag: number): Change =>
      (bytes, elf) => {
        const { flags } = headerOf(elf, isMeant);
        bytes[flags] = bytes[flags]! ^ flag;
      };
    expect(kindsOf(inBoth(one, flip(allows(PF.X), PF.W)))).toContain('permission');
    expect(kindsOf(inBoth(one, flip(allows(PF.W), PF.X)))).toContain('permission');
    const { differences, unproven } = verifyUnikernel(inBoth(one, flip(allows(PF.W), PF.W)));
    const texts = [...differences.map(({ text }) => text), ...unproven];
    expect(texts).toContainEqual(expect.stringMatching(/ may be r-- instead of rw-$/));
  });

  it('sees segments that lie on each other', async () => {
    const over: Change = (bytes, elf) => {
      const [first, second] = elf.segments.filter((s) => s.type === PT.LOAD && s.fileSize > 0);
      const { address } = headerOf(elf, (s) => s === second);
      bytes.writeUInt32LE(first!.virtualAddress, address);
    };
    expect(kindsOf(inDebug(await request(), over))).toContain('overlap');
  });

  it('sees a multiboot header that is gone', async () => {
    const gone: Change = (bytes) => {
      const at = bytes.indexOf(Buffer.from([0x02, 0xb0, 0xad, 0x1b]));
      bytes.writeUInt32LE(0, at);
    };
    expect(kindsOf(inBootable(await request(), gone))).toContain('boot');
  });

  it('sees a multiboot header where no loader looks for it', async () => {
    const moved: Change = (bytes) => {
      const at = bytes.indexOf(Buffer.from([0x02, 0xb0, 0xad, 0x1b]));
      bytes.copyWithin(at + 2, at, at + 32);
    };
    expect(kindsOf(inBootable(await request(), moved))).toContain('boot');
  });

  it('sees a memory region that is none of a segment', async () => {
    const wrong: Change = (bytes, elf) => {
      const table = elf.sections.find(({ name }) => FILLED.has(name));
      const start = table!.offset;
      const [first] = elf.segments.filter(allows(PF.X));
      const address = Buffer.alloc(8);
      address.writeBigUInt64LE(BigInt(first!.virtualAddress));
      const at = bytes.indexOf(address, start);
      expect(at).toBeLessThan(start + table!.size);
      bytes[at + 1] = bytes[at + 1]! ^ 0x10;
    };
    expect(kindsOf(inBootable(await request(), wrong))).toContain('boot');
  });

  it('sees unwind records that are lost, and a table of them that is', async () => {
    const one = await request();
    const frames = (elf: ElfFile) => elf.sections.find(({ name }) => name === '.eh_frame')!;
    const ended: Change = (bytes, elf) => {
      bytes.writeUInt32LE(0, offsetOf(elf, frames(one.debug).address));
    };
    expect(kindsOf(inBoth(one, ended))).toContain('unwind');
    const lost: Change = (bytes) => {
      bytes.write('.eh_frbme', bytes.lastIndexOf('\0.eh_frame\0') + 1);
    };
    expect(kindsOf(inDebug(one, lost))).toContain('unwind');
  });

  it('sees entries of a table in another order', async () => {
    const one = await request();
    const [first, second] = tableEntries(one);
    const swapped = inBoth(one, (bytes, elf) => {
      const [a, b] = [first!, second!].map(({ address }) => offsetOf(elf, address));
      const copy = Buffer.from(bytes.subarray(a, a! + first!.size));
      bytes.copy(bytes, a, b, b! + first!.size);
      copy.copy(bytes, b);
    });
    const { addresses } = one.prediction!;
    const other = new Map([
      [first!.key, second!.address],
      [second!.key, first!.address],
    ]);
    const addressOf = (object: number, section: number) =>
      other.get(`${object} ${section}`) ?? addresses.addressOf(object, section);
    const prediction = { ...one.prediction!, addresses: { ...addresses, addressOf } };
    expect(kindsOf({ ...swapped, prediction })).toContain('order');
  });
});

/** Two entries of equal size in one table of pointers. */
function tableEntries({ aligned, prediction, debug }: VerifyRequest) {
  const tables = debug.sections.filter(
    ({ name, flags, type }) => flags & SHF.ALLOC && type !== SHT.NOBITS && /tab\b/.test(name),
  );
  for (const table of tables) {
    const entries = aligned!.program.objects.flatMap(({ elf }, object) =>
      elf.sections.flatMap(({ index, size }) => {
        const address = prediction!.addresses.addressOf(object, index) ?? -1;
        const isIn = address >= table.address && address < table.address + table.size;
        return isIn && size > 0 ? [{ key: `${object} ${index}`, address, size }] : [];
      }),
    );
    const [first] = entries;
    const second = entries.find((one) => one !== first && one.size === first?.size);
    if (first && second) return [first, second];
  }
  throw new Error('the sample has no table of two entries');
}
