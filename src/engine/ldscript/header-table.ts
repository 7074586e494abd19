/** The program headers that the scripts of an image declare. */
import type { ProgramHeader, Script } from './types.ts';

export type SegmentType = 'PT_LOAD' | 'PT_TLS';

/** The PHDRS of the main script, and what is known of those in further scripts. */
export class HeaderTable {
  private readonly byName: ReadonlyMap<string, ProgramHeader>;
  /** Names of the headers of any script that neither load nor hold thread-local data. */
  private readonly others: ReadonlySet<string>;

  constructor(scripts: readonly Script[]) {
    this.byName = new Map(
      scripts
        .slice(0, 1)
        .flatMap(headersOf)
        .map((h) => [h.name, h]),
    );
    const plain = scripts
      .flatMap(headersOf)
      .filter((h) => !isOfType(h, 'PT_LOAD') && !isOfType(h, 'PT_TLS'));
    this.others = new Set(plain.map((header) => header.name));
  }

  get isEmpty(): boolean {
    return this.byName.size === 0;
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  all(): ProgramHeader[] {
    return [...this.byName.values()];
  }

  ofType(names: readonly string[], type: SegmentType): string | undefined {
    return names.find((name) => isOfType(this.byName.get(name), type));
  }

  /** Those of some names that are headers of a kind of their own, such as PT_DYNAMIC. */
  othersOf(names: readonly string[]): string[] {
    return names.filter((name) => this.others.has(name));
  }
}

function headersOf(script: Script): readonly ProgramHeader[] {
  return script.statements.flatMap((statement) =>
    statement.kind === 'phdrs' ? statement.headers : [],
  );
}

/** True for a header of that type, given by name or by number. */
export function isOfType(header: ProgramHeader | undefined, type: SegmentType): boolean {
  if (header === undefined) return false;
  if (header.type.kind === 'symbol') return header.type.name === type;
  return header.type.kind === 'number' && header.type.value === (type === 'PT_LOAD' ? 1n : 7n);
}
