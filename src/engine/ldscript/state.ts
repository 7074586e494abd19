/** The linker's knowledge during the passes: symbols, sections by name, constants, the phase. */
import type { DataSegment } from './data-segment.ts';
import { newDataSegment } from './data-segment.ts';
import type { EvaluateInput } from './evaluate-types.ts';
import type { Base, Lookup, Value } from './expression.ts';
import { ABSOLUTE } from './expression.ts';
import type { InputIndex } from './match.ts';
import type { Input, Output, Program } from './model.ts';
import { findOutput } from './model.ts';
import type { Assignment } from './types.ts';

/**
 * What a symbol is defined by is settled first; then sections are placed, a first sizing finds out
 * which are empty, sizes are settled, and last come the final values.
 */
export type Phase = 'first' | 'mark' | 'size' | 'final';

/** A symbol that a script assigns. */
export interface ScriptSymbol {
  readonly value: bigint;
  readonly base: Base;
  /** The pass that assigned it. */
  readonly pass: number;
  /** The output section it belongs to, though its value is absolute. */
  readonly owner: Output | undefined;
}

export const PAGE = 0x1000;

export class LinkState implements Lookup {
  readonly symbols = new Map<string, ScriptSymbol>();
  readonly dataSegment: DataSegment;
  /** PROVIDEs in force. */
  readonly provided = new Set<Assignment>();
  readonly maxPageSize: number;
  readonly commonPageSize: number;
  /** Of the file header and the program headers. */
  headersSize = 64;
  /** A script has asked for SIZEOF_HEADERS: it has left room for them. */
  usesHeaders = false;
  phase: Phase = 'first';
  pass = 0;
  program: Program | undefined;
  index: InputIndex | undefined;
  /** Symbols that expressions named: they count as referenced. */
  private readonly mentioned = new Set<string>();
  private readonly outputs = new Map<string, Output | undefined>();
  private readonly inputs = new Map<unknown, Input>();

  constructor(readonly given: EvaluateInput) {
    this.dataSegment = newDataSegment(given.options?.relro ?? true);
    this.maxPageSize = given.options?.maxPageSize ?? PAGE;
    this.commonPageSize = given.options?.commonPageSize ?? PAGE;
  }

  /** To be called when the list of output sections has changed. */
  forgetOutputs(): void {
    this.outputs.clear();
  }

  output(name: string): Output | undefined {
    if (this.outputs.has(name)) return this.outputs.get(name);
    const found = this.program === undefined ? undefined : findOutput(this.program, name);
    this.outputs.set(name, found);
    return found;
  }

  // --- symbols ----------------------------------------------------------------------------------

  symbol(name: string): Value | undefined {
    this.mentioned.add(name);
    return this.symbols.get(name) ?? this.objectSymbol(name);
  }

  /** An object's symbol, or a script's that an earlier statement of this pass assigned. */
  isDefined(name: string): boolean {
    if (this.given.isDefined?.(name) === true) return true;
    return this.symbols.get(name)?.pass === this.pass;
  }

  /** Whether a PROVIDE assigns: something refers to its symbol and nothing else defines it. */
  provides(node: Assignment): boolean {
    if (this.provided.has(node)) return true;
    const { isDefined, isReferenced } = this.given;
    const wanted =
      this.mentioned.has(node.symbol) ||
      this.program?.externs.includes(node.symbol) === true ||
      isReferenced?.(node.symbol) === true;
    if (!wanted || this.symbols.has(node.symbol) || isDefined?.(node.symbol) === true) return false;
    this.provided.add(node);
    return true;
  }

  /** Whether nothing has named the symbol so far. */
  isNew(name: string): boolean {
    const { isDefined, isReferenced } = this.given;
    if (this.mentioned.has(name) || this.symbols.has(name)) return false;
    return isDefined?.(name) !== true && isReferenced?.(name) !== true;
  }

  private objectSymbol(name: string): Value | undefined {
    const place = this.given.placeOf?.(name);
    if (place === undefined) return undefined;
    if (place.section === undefined) return { value: BigInt(place.value), base: ABSOLUTE };
    if (this.inputs.size === 0) {
      for (const input of this.index?.inputs ?? []) this.inputs.set(input.section, input);
    }
    const input = this.inputs.get(place.section);
    if (input?.output === undefined || input.output === 'discarded') return undefined;
    return { value: BigInt(input.offset + place.value), base: input.output };
  }

  // --- sections ---------------------------------------------------------------------------------

  addressOf(section: string): Value | undefined {
    const output = this.phase === 'first' ? undefined : this.output(section);
    return output?.placed === true ? { value: 0n, base: output } : undefined;
  }

  loadAddressOf(section: string): number | undefined {
    const output = this.output(section);
    return output?.placed === true ? output.loadAddress : undefined;
  }

  sizeOf(section: string): number | undefined {
    if (this.phase === 'first') return undefined;
    const output = this.output(section);
    if (output === undefined) return this.phase === 'final' ? undefined : 0;
    if (!output.created) return 0;
    return output.placed ? output.size : output.lastSize;
  }

  alignmentOf(section: string): number | undefined {
    if (this.phase === 'first') return undefined;
    const output = this.output(section);
    if (output === undefined) return this.phase === 'final' ? undefined : 0;
    return output.created ? output.alignment : 0;
  }

  // --- constants --------------------------------------------------------------------------------

  get sizeofHeaders(): number | undefined {
    this.usesHeaders = true;
    return this.phase === 'first' ? undefined : this.headersSize;
  }

  get canAlign(): boolean {
    return this.phase !== 'first';
  }

  region(name: string) {
    return this.program?.regions.get(name);
  }

  segmentStart(name: string): number | undefined {
    return this.given.options?.segmentStarts?.get(name);
  }
}
