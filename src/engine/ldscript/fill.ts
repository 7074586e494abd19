/** Fill patterns: a lone hexadecimal number gives its bytes as written, all else four bytes. */
import { evaluateExpression, scopeOf } from './expression.ts';
import type { Lookup } from './expression.ts';
import type { Expression, Script } from './types.ts';

/** The bytes of a fill expression; undefined where there is none. */
export function fillPattern(
  node: Expression | undefined,
  lookup: Lookup,
  script: Script,
): Uint8Array | undefined {
  if (node === undefined) return undefined;
  const digits = hexDigits(node, script);
  if (digits !== undefined) {
    return Uint8Array.from(Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex'));
  }
  const value = evaluateExpression(node, scopeOf(lookup, script));
  if (value === undefined) return undefined;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number(BigInt.asUintN(32, value.value)));
  return Uint8Array.from(bytes);
}

function hexDigits(node: Expression, script: Script): string | undefined {
  if (node.kind !== 'number') return undefined;
  const text = script.text.slice(node.start, node.end);
  return /^0[xX]([0-9A-Fa-f]+)$/.exec(text)?.[1];
}
