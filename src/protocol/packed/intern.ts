import type { PageOwner } from '../page-map.ts';
import type { OwnerLists } from './columns.ts';

/** Gives each different string one small number. */
export class StringTable {
  readonly strings: string[] = [];
  readonly #ids = new Map<string, number>();

  id(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.strings.push(text) - 1;
    this.#ids.set(text, id);
    return id;
  }
}

/** Gives each different list of owners one small number. */
export class OwnerTable {
  readonly #strings: StringTable;
  readonly #ids = new Map<string, number>();
  /** Lists that were asked for before: a document read from a file has each once. */
  readonly #known = new Map<readonly PageOwner[], number>();
  readonly #start: number[] = [0];
  readonly #library: number[] = [];
  readonly #section: number[] = [];
  readonly #bytes: number[] = [];
  readonly #symbolStart: number[] = [0];
  readonly #symbols: number[] = [];

  constructor(strings: StringTable) {
    this.#strings = strings;
  }

  id(owners: readonly PageOwner[]): number {
    const known = this.#known.get(owners);
    if (known !== undefined) return known;
    const id = this.#idOf(owners);
    this.#known.set(owners, id);
    return id;
  }

  has(owners: readonly PageOwner[]): boolean {
    return this.#known.has(owners);
  }

  #idOf(owners: readonly PageOwner[]): number {
    const key = owners.map((owner) => this.#key(owner)).join(';');
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    for (const owner of owners) this.#add(owner);
    const id = this.#start.push(this.#library.length) - 2;
    this.#ids.set(key, id);
    return id;
  }

  packed(): OwnerLists {
    return {
      start: Uint32Array.from(this.#start),
      library: Uint32Array.from(this.#library),
      section: Uint32Array.from(this.#section),
      bytes: Uint16Array.from(this.#bytes),
      symbolStart: Uint32Array.from(this.#symbolStart),
      symbols: Uint32Array.from(this.#symbols),
    };
  }

  #key(owner: PageOwner): string {
    let key = `${this.#strings.id(owner.library)},${this.#strings.id(owner.section)},${owner.bytes}`;
    for (const symbol of owner.symbols) key += `,${this.#strings.id(symbol)}`;
    return key;
  }

  #add(owner: PageOwner): void {
    this.#library.push(this.#strings.id(owner.library));
    this.#section.push(this.#strings.id(owner.section));
    this.#bytes.push(owner.bytes);
    for (const symbol of owner.symbols) this.#symbols.push(this.#strings.id(symbol));
    this.#symbolStart.push(this.#symbols.length);
  }
}
