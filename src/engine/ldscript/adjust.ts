/** Small changes to scripts before anything is placed. Each returns a script parsed anew. */
import { apply, insertBeforeToken, remove, type Edit } from './edit.ts';
import { parse } from './parse.ts';
import type { OutputSection, Script } from './types.ts';

/** True for an INSERT of nothing, at which ld 2.40 crashes. */
export function insertsNothing({ statements }: Script): boolean {
  return (
    statements.some(({ kind }) => kind === 'insert') &&
    statements.every(
      (s) => s.kind === 'insert' || (s.kind === 'sections' && s.statements.length === 0),
    )
  );
}

/** The script without some of its output sections. */
export function without(script: Script, names: ReadonlySet<string>): Script {
  return changed(
    script,
    outputSections(script)
      .filter(({ name }) => names.has(name))
      .map(remove),
  );
}

/** The script with an output section filled up to a size. */
export function withSize(script: Script, name: string, size: number): Script {
  const edits = outputSections(script)
    .filter((section) => section.name === name)
    .map((section) => insertBeforeToken(script, section.close, ` . = 0x${size.toString(16)};\n `));
  return changed(script, edits);
}

/** Not 0, which binutils take for a header that says nothing (bfd/elf.c, copy_private_bfd_data). */
const SOME_ADDRESS = 0x1000;

/** The script with a physical address for the program headers of a type that have none. */
export function withHeaderAddress(script: Script, type: string): Script {
  const headers = script.statements.flatMap((s) => (s.kind === 'phdrs' ? s.headers : []));
  const edits = headers
    .filter((h) => h.type.kind === 'symbol' && h.type.name === type && h.at === undefined)
    .map(({ end }): Edit => {
      return { start: end - 1, end: end - 1, text: ` AT(0x${SOME_ADDRESS.toString(16)})` };
    });
  return changed(script, edits);
}

function outputSections(script: Script): OutputSection[] {
  return script.statements.flatMap((statement) =>
    statement.kind === 'sections'
      ? statement.statements.filter((inner) => inner.kind === 'output-section')
      : [],
  );
}

const changed = (script: Script, edits: readonly Edit[]): Script =>
  edits.length === 0 ? script : parse(apply(script, edits), script.file);
