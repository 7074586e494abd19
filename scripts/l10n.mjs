/**
 * Collects the texts of the extension into l10n/bundle.l10n.json, from which translations are made.
 *
 *   node scripts/l10n.mjs
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The texts given to `vscode.l10n.t`, in order. */
export async function extensionTexts() {
  const folder = path.join(root, 'src/extension');
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const texts = new Set();
  for (const file of files) {
    const source = ts.createSourceFile(
      file,
      await readFile(path.join(folder, file), 'utf8'),
      ts.ScriptTarget.Latest,
    );
    collect(source, source, texts);
  }
  return [...texts].sort();
}

function collect(node, source, texts) {
  if (ts.isCallExpression(node) && node.expression.getText(source) === 'vscode.l10n.t') {
    const [text] = node.arguments;
    if (text === undefined || !ts.isStringLiteralLike(text))
      throw new Error(`${source.fileName}: the text of vscode.l10n.t is no literal`);
    texts.add(text.text);
  }
  ts.forEachChild(node, (child) => collect(child, source, texts));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bundle = Object.fromEntries((await extensionTexts()).map((text) => [text, text]));
  await writeFile(
    path.join(root, 'l10n/bundle.l10n.json'),
    `${JSON.stringify(bundle, undefined, 2)}\n`,
  );
}
