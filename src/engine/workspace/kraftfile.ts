/** Kraftfiles: their names, which of several counts, and the application's name in them. */
import { Composer, Parser } from 'yaml';
import type { CST, Document } from 'yaml';
import { SpacerError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { readLimited } from './files.ts';

/** Names of a Kraftfile. Where several stand in one folder, the last of this list counts. */
export const KRAFTFILE_NAMES = [
  'kraft.yaml',
  'kraft.yml',
  'Kraftfile.yml',
  'Kraftfile.yaml',
  'Kraftfile',
] as const;

export interface KraftName {
  /** The application's name, where the Kraftfile gives one. */
  readonly name?: string;
  /** Why no name could be read, for people. */
  readonly note?: string;
}

/** Which of the files of a folder is its Kraftfile. */
export function pickKraftfile(files: ReadonlySet<string>): string | undefined {
  return KRAFTFILE_NAMES.findLast((name) => files.has(name));
}

/** Reads `name:` of a Kraftfile. Broken files give a note, never an error. */
export async function readKraftName(file: string): Promise<KraftName> {
  try {
    const text = await readLimited(file, LIMITS.bytes.kraftfile);
    if (text === undefined) return { note: `${file} cannot be read.` };
    const document = parse(text);
    const problem = document?.errors[0]?.message;
    if (problem !== undefined) return { note: ignored(file, `it is no valid YAML (${problem}).`) };
    const name: unknown = document?.has('name') === true ? document.get('name') : undefined;
    return typeof name === 'string' && name.trim() !== '' ? { name: name.trim() } : {};
  } catch (error) {
    return { note: ignored(file, error instanceof SpacerError ? error.text : String(error)) };
  }
}

function ignored(file: string, why: string): string {
  return `${file} is ignored: ${why}`;
}

/**
 * The document as a tree. Aliases are never expanded: only one scalar is looked at, as written.
 *
 * The tree is composed by recursion, and V8 ends the whole process when it compiles a regular
 * expression with no stack left. So the tokens, which are made without recursion, are measured
 * first.
 */
function parse(text: string): Document | undefined {
  const tokens = [...new Parser().parse(text)];
  if (depthOf(tokens) > LIMITS.depth.kraftfile) {
    throw new SpacerError('file-unreadable', 'it is nested too deeply.');
  }
  const [document] = new Composer({ prettyErrors: false, logLevel: 'silent' }).compose(tokens);
  return document;
}

function depthOf(tokens: readonly CST.Token[]): number {
  let level: readonly CST.Token[] = tokens;
  let depth = 0;
  for (; level.length > 0 && depth <= LIMITS.depth.kraftfile; depth++)
    level = level.flatMap(childrenOf);
  return depth;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value].filter((part) => part != null));
}
