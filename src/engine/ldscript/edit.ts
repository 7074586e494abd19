/** Changes to a script's text: each replaces one span and leaves every other character as it is. */
import { SpacerError } from '../errors.ts';
import type { NodeRange, Script } from './types.ts';

export interface Edit {
  /** Offsets into the script's text; equal for an insertion. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Span = Pick<NodeRange, 'start' | 'end'>;

/** Puts text right before a node, behind the trivia that precedes it. */
export function insertBefore(node: Span, text: string): Edit {
  return { start: node.start, end: node.start, text };
}

/** Puts text right after a node (for a statement: behind its `;`). */
export function insertAfter(node: Span, text: string): Edit {
  return { start: node.end, end: node.end, text };
}

/** Puts text in a node's place; comments around it stay. */
export function replace(node: Span, text: string): Edit {
  return { start: node.start, end: node.end, text };
}

/** Puts text in the place of a run of neighbours, from the first to the last. */
export function replaceRange(first: Span, last: Span, text: string): Edit {
  return { start: first.start, end: last.end, text };
}

/** Takes a node out; comments around it stay. */
export function remove(node: Span): Edit {
  return replace(node, '');
}

/** Puts text right behind a token, such as an opening brace: `insertAfterToken(script, section.open, ..)`. */
export function insertAfterToken(script: Script, token: number, text: string): Edit {
  const at = tokenAt(script, token).end;
  return { start: at, end: at, text };
}

/** Puts text right before a token, such as a closing brace. */
export function insertBeforeToken(script: Script, token: number, text: string): Edit {
  const at = tokenAt(script, token).start;
  return { start: at, end: at, text };
}

function tokenAt(script: Script, index: number) {
  const token = script.tokens[index];
  if (token === undefined) {
    throw new SpacerError('script-edit', `the script has no token ${index}`, { file: script.file });
  }
  return token;
}

/**
 * The text with all edits made. Their order does not matter, but for insertions at one offset, which
 * stay in the order given and precede a replacement that begins there.
 *
 * @throws SpacerError `script-edit` where edits overlap or lie outside the text
 */
export function apply(script: Script, edits: readonly Edit[]): string {
  const ordered = edits
    .map((edit, order) => ({ ...edit, order }))
    .sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
  const parts: string[] = [];
  let position = 0;
  for (const { start, end, text } of ordered) {
    if (start < position || end < start || end > script.text.length) {
      const what = start < position ? 'two edits overlap' : 'an edit lies outside the script';
      throw new SpacerError('script-edit', what, { file: script.file, offset: start });
    }
    parts.push(script.text.slice(position, start), text);
    position = end;
  }
  parts.push(script.text.slice(position));
  return parts.join('');
}
