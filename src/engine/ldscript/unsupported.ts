/** The typed error for what scripts can say and the linker model does not know. */
import { SpacerError } from '../errors.ts';
import { syntaxError } from './tokenizer.ts';
import type { NodeRange, Script } from './types.ts';

/** `script-unsupported` at a node. */
export function unsupportedNode(script: Script, node: NodeRange, what: string): SpacerError {
  const { place } = syntaxError(script.text, script.file, '', node.start);
  return new SpacerError('script-unsupported', `${what} is not supported`, place);
}
