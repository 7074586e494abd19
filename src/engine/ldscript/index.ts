/** Linker scripts: read, changed, printed, and evaluated as GNU ld evaluates them. */
export { parse, print } from './parse.ts';
export {
  apply,
  insertAfter,
  insertAfterToken,
  insertBefore,
  insertBeforeToken,
  remove,
  replace,
  replaceRange,
} from './edit.ts';
export type * from './types.ts';
export { evaluate, keptSections } from './evaluate.ts';
export type * from './evaluate-types.ts';
export { ABSOLUTE, absolute, evaluateExpression, scopeOf } from './expression.ts';
export type { Base, Lookup, Value } from './expression.ts';
