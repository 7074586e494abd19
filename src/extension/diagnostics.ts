/** Failures that name a file and a line become diagnostics. */
import * as vscode from 'vscode';
import type { Unusable } from '../protocol/page-map.ts';
import type { UnikraftSet } from './unikraft-set.ts';

export interface Located {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** Reads `/path/file:12:3: text`, as the engine's messages begin where they have a place. */
export function locate(message: string): Located | undefined {
  const found = /^(\/[^\n:]*):(\d+):(\d+): ([\s\S]*)$/.exec(message);
  const [, file, line, column, text] = found ?? [];
  if (file === undefined || text === undefined) return undefined;
  return { file, line: Number(line), column: Number(column), text };
}

export class Diagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('spacer');
  private readonly files = new Map<UnikraftSet, vscode.Uri[]>();

  dispose(): void {
    this.collection.dispose();
  }

  /** Replaces what was shown for a set. */
  show(set: UnikraftSet, failures: readonly Unusable[]): void {
    for (const uri of this.files.get(set) ?? []) this.collection.delete(uri);
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const { name, message, path } of failures) {
      const place = locate(message) ?? { file: path, line: 1, column: 1, text: message };
      const list = byFile.get(place.file) ?? [];
      list.push(diagnosticOf(name, place));
      byFile.set(place.file, list);
    }
    const entries = [...byFile].map(([file, list]) => [vscode.Uri.file(file), list] as const);
    for (const [uri, list] of entries) this.collection.set(uri, list);
    this.files.set(
      set,
      entries.map(([uri]) => uri),
    );
  }
}

function diagnosticOf(name: string, { line, column, text }: Located): vscode.Diagnostic {
  const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  const range = new vscode.Range(start, start.with({ character: 1000 }));
  const diagnostic = new vscode.Diagnostic(range, text, vscode.DiagnosticSeverity.Error);
  diagnostic.source = `Spacer (${name})`;
  return diagnostic;
}
