/** `__start_NAME` and `__stop_NAME`, which ld makes for sections whose names are C identifiers. */
import type { EvaluatedSymbol } from './evaluate-types.ts';
import type { InputIndex } from './match.ts';
import type { LinkState } from './state.ts';

/** The symbols that objects refer to and that nothing else defines. */
export function startStopSymbols(
  index: InputIndex,
  { given, symbols }: LinkState,
): [string, EvaluatedSymbol][] {
  const made = new Map<string, EvaluatedSymbol>();
  const unwanted = new Set<string>();
  const wanted = (symbol: string) =>
    given.isReferenced?.(symbol) === true &&
    given.isDefined?.(symbol) !== true &&
    !symbols.has(symbol);
  for (const { section, output } of index.inputs) {
    const { name } = section;
    if (unwanted.has(name) || typeof output !== 'object' || output.removed || output.name !== name)
      continue;
    if (!/^[A-Za-z0-9_]+$/.test(name) || made.has(`__start_${name}`)) continue;
    const start = `__start_${name}`;
    const stop = `__stop_${name}`;
    if (!wanted(start) && !wanted(stop)) unwanted.add(name);
    if (wanted(start)) made.set(start, { value: output.address, section: name });
    if (wanted(stop)) made.set(stop, { value: output.address + output.size, section: name });
  }
  return [...made];
}
