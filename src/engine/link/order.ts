/** The inputs of a link as they stand on its command line, groups and libraries included. */
import type { ToolCommand } from '../workspace/types.ts';
import { readPieces, type Piece } from './pieces.ts';

export type OrderedInput =
  | { readonly kind: 'file'; readonly path: string; readonly whole: boolean }
  /** `-lNAME` */
  | { readonly kind: 'library'; readonly name: string; readonly whole: boolean }
  | { readonly kind: 'group'; readonly inputs: readonly OrderedInput[] };

export interface LinkOrder {
  readonly inputs: readonly OrderedInput[];
  /** Folders of `-L`, in order. */
  readonly folders: readonly string[];
}

/** Reads the order of a link's inputs. */
export function linkOrder(command: ToolCommand): LinkOrder {
  const pieces = readPieces(command);
  const levels: OrderedInput[][] = [[]];
  let whole = false;
  for (const piece of pieces) {
    if (isStart(piece)) levels.push([]);
    else if (isEnd(piece)) closeGroup(levels);
    else if (isOption(piece, 'whole-archive')) whole = true;
    else if (isOption(piece, 'no-whole-archive')) whole = false;
    else levels.at(-1)?.push(...inputOf(piece, whole));
  }
  const open = levels.slice(1).flat();
  return {
    inputs: [...(levels[0] ?? []), ...open],
    folders: pieces.flatMap(({ role, value }) => (role === 'search' && value ? [value] : [])),
  };
}

function closeGroup(levels: OrderedInput[][]): void {
  if (levels.length < 2) return;
  const inputs = levels.pop() ?? [];
  levels.at(-1)?.push({ kind: 'group', inputs });
}

function inputOf({ role, value = '' }: Piece, whole: boolean): OrderedInput[] {
  if (role === 'input') return [{ kind: 'file', path: value, whole }];
  return role === 'library' ? [{ kind: 'library', name: value, whole }] : [];
}

const isOption = ({ words }: Piece, name: string) =>
  words.length === 1 && (words[0] === `--${name}` || words[0] === `-${name}`);

const isStart = (piece: Piece) =>
  isOption(piece, 'start-group') || isOption(piece, '(') || piece.option === '(';
const isEnd = (piece: Piece) =>
  isOption(piece, 'end-group') || isOption(piece, ')') || piece.option === ')';
