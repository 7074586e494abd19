import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|css)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

const LITERALS = [
  /#[0-9a-f]{3,8}(?=['";,\s)])/i,
  /\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*[\d.]+/i,
  /(?:color|background|fill|stroke|border|Style)[^;\n]*[:=]\s*'?(?:black|white|red|green|blue|orange|yellow|purple|gr[ae]y)\b/i,
];

describe('colours come from the theme', () => {
  const files = filesUnder('webview');

  it('looks at the files', () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it.each(files)('%s has none of its own', (file) => {
    const text = readFileSync(file, 'utf8');
    for (const literal of LITERALS) expect(text).not.toMatch(literal);
  });

  it('the theme of the report defines each variable that the page reads', () => {
    const theme = readFileSync(join(root, 'src/engine/report/theme.css'), 'utf8');
    const optional = /-(contrastBorder|contrastActiveBorder|inputValidation-errorBorder)$/;
    const used = new Set(
      files.flatMap((file) => readFileSync(file, 'utf8').match(/--vscode-[\w-]*\w/g) ?? []),
    );
    used.delete('--vscode');
    for (const name of used) {
      if (!optional.test(name)) expect(theme).toContain(`${name}:`);
    }
  });
});
