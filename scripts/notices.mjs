/**
 * The notices of third parties: which packages stand in the bundles, as esbuild's metafiles say, and
 * the licence that each of them came with.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Licences under which something may ship; others are looked at first. */
const ACCEPTED = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD']);

/**
 * @param {string} root of the project
 * @param {readonly { inputs: Record<string, unknown> }[]} metafiles
 */
export async function noticesOf(root, metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = [...new Set(inputs.flatMap(folderOf))].sort();
  const notices = await Promise.all(folders.map((folder) => noticeOf(path.join(root, folder))));
  return `Spacer contains these packages.\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** `node_modules/NAME` or `node_modules/@SCOPE/NAME`, nested ones too. */
function folderOf(input) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [];
}

async function noticeOf(folder) {
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const { name, version, license } = manifest;
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  if (!ACCEPTED.has(license)) throw new Error(`${name} has the licence ${license}`);
  const text = texts.map((one) => one.trim()).join('\n\n');
  return `${name} ${version} (${license})\n\n${text === '' ? authorOf(manifest) : text}\n`;
}

/** Some packages bring no text; then their manifest says whose they are. */
function authorOf({ author, repository }) {
  const by = typeof author === 'string' ? author : (author?.name ?? 'its authors');
  const from = typeof repository === 'string' ? repository : (repository?.url ?? '');
  return `By ${by}. ${from}`.trim();
}
