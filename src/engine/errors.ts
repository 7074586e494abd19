import { onOneLine, printable } from './printable.ts';

/**
 * Everything that goes wrong in the engine for a reason that its user can act on. The engine
 * returns codes and parameters; hosts may translate them. `message` is the plain English text.
 */
export interface Place {
  /** Absolute path of the file that is at fault. */
  file?: string;
  /** Byte offset into it. */
  offset?: number;
  /** One-based line. */
  line?: number;
  /** One-based column. */
  column?: number;
}

export class SpacerError extends Error {
  override readonly name = 'SpacerError';
  readonly text: string;

  /**
   * @param code stable, kebab-case: `elf-truncated`, `script-syntax`, `tool-missing`, ...
   * @param text one sentence that says what is wrong, without the place
   */
  constructor(
    readonly code: string,
    text: string,
    readonly place: Place = {},
    options?: ErrorOptions,
  ) {
    super(withPlace(printable(text), place), options);
    this.text = printable(text);
  }
}

function withPlace(text: string, place: Place): string {
  if (place.file === undefined) return text;
  const line = place.line === undefined ? '' : `:${place.line}:${place.column ?? 1}`;
  const offset = place.offset === undefined ? '' : ` at offset 0x${place.offset.toString(16)}`;
  return `${onOneLine(place.file)}${line}${offset}: ${text}`;
}

/** Errors of the system by which there is no room, or no right, to write. */
const UNWRITABLE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG']);

/**
 * What the system says, as an error of ours (`output-unwritable`, `file-unreadable`): files go away
 * and disks fill up at any moment. Anything else is returned as it is.
 */
export function typedError(error: unknown): unknown {
  if (error instanceof SpacerError || !(error instanceof Error)) return error;
  const { code, path, dest, message } = error as NodeJS.ErrnoException & { dest?: string };
  if (code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  const kind = UNWRITABLE.has(code) ? 'output-unwritable' : 'file-unreadable';
  const file = dest ?? path;
  return new SpacerError(kind, message, file === undefined ? {} : { file }, { cause: error });
}
