/** Unwind records without addresses: what each says about its function. */
import { SHN, type ElfFile, type ElfRelocation, type ElfSection } from '../elf/types.ts';
import { parseEhFrame, RECORD_HEADER, type Cie, type Fde } from '../model/eh-frame-parse.ts';
import { functionOf } from '../model/frames.ts';
import { maskedBytes, referenceText, relocationsOf, type Placer } from './reference-text.ts';

/** What an object says about how to unwind one function. */
export interface FrameForm {
  /** Key of the function's section; empty where the function is not in this object. */
  readonly owner: string;
  readonly text: string;
}

/**
 * Describes the records of an unwind section, in order.
 * @returns undefined where ld would take the section as it is
 */
export function describeFrames(
  elf: ElfFile,
  section: ElfSection,
  placer: Placer,
): FrameForm[] | undefined {
  const relocations = relocationsOf(elf, section.index);
  const owns = ({ symbol }: ElfRelocation) => {
    const target = elf.symbols[symbol];
    return target !== undefined && target.section !== SHN.UNDEF && target.section < SHN.ABS;
  };
  const records = parseEhFrame(section.data, relocations, owns);
  if (records === undefined || records.some(({ kind }) => kind === 'end')) return undefined;
  const bytes = maskedBytes(section.data, relocations);
  const textOf = (record: Cie | Fde, from: number) => {
    const end = record.offset + record.size;
    const code = Buffer.from(bytes.subarray(record.offset + from, end)).toString('latin1');
    const references = relocations
      .slice(...record.relocations)
      .map((r) => `${r.offset - record.offset} ${referenceText(elf, r, placer)}`);
    return [code, ...references].join('\n');
  };
  return records.flatMap((record): FrameForm[] => {
    if (record.kind !== 'fde') return [];
    const named = functionOf(relocations, record);
    const owner = named ? placer(elf.symbols[named.symbol]!.section).key : '';
    const text = `${textOf(record.cie, RECORD_HEADER)}\n${textOf(record, RECORD_HEADER)}`;
    return [{ owner, text }];
  });
}
