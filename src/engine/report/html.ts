/**
 * The page map as one file that opens anywhere.
 *
 * The page's script and styles stand inline, allowed by their hashes and nothing else: no request
 * leaves the page and no name in the data can become code. The data are gzip in base64, whose
 * alphabet cannot end an element, in a script element of a type that no browser runs. They are the
 * packed columns: JSON of a large page map is longer than a browser's strings can be.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { toBuffer } from '../../protocol/packed/buffer.ts';
import { packPageMap } from '../../protocol/packed/pack.ts';

export interface ReportAssets {
  /** The page map's script, as an ES module without imports. */
  script: string;
  style: string;
  /** Defines the theme variables that VS Code would. */
  theme: string;
}

export interface ReportParts {
  title: string;
  /** Packed columns of the page map. */
  pages: ArrayBuffer;
}

export function renderHtmlReport(document: PageMapDocument, assets: ReportAssets): string {
  const pages = toBuffer(packPageMap(document));
  return renderReport({ title: titleOf(document), pages }, assets);
}

export function renderReport(parts: ReportParts, assets: ReportAssets): string {
  const script = inline(assets.script, 'script');
  const theme = inline(assets.theme, 'style');
  const style = inline(assets.style, 'style');
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(theme)} ${hash(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const data = gzipSync(new Uint8Array(parts.pages)).toString('base64');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>${escapeHtml(parts.title)}</title>
<style>${theme}</style>
<style>${style}</style>
</head>
<body>
<div id="spacer"><p class="loading">Reading the page map…</p></div>
<noscript><p>The page map is drawn by a script, which is switched off.</p></noscript>
<script type="application/octet-stream" id="spacer-page-map">${data}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

function titleOf(document: PageMapDocument): string {
  const place = document.workspace === undefined ? '' : ` of ${basename(document.workspace)}`;
  return `Page map${place} – Spacer`;
}

/** Text that stands in an element as it is, byte for byte, or cannot stand there at all. */
function inline(text: string, element: 'script' | 'style'): string {
  const normal = text.replaceAll(/\r\n?/g, '\n').replaceAll('\0', '');
  if (new RegExp(`</${element}|<${element}[\\s>/]`, 'i').test(normal)) {
    throw new Error(`the report's ${element} contains a ${element} tag and cannot stand inline`);
  }
  return normal;
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
