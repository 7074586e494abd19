/**
 * Makes the .vsix and checks what is in it.
 *
 *   node scripts/vscode/package.mjs [--out FILE]
 */
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { createVSIX, listFiles } from '@vscode/vsce';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Everything that may be in the package, besides the sample. */
const ALLOWED = [
  /^package(\.nls(\.[\w-]+)?)?\.json$/,
  /^(README|CHANGELOG|SECURITY)\.md$/,
  /^dist\/THIRD-PARTY-NOTICES\.txt$/,
  /^LICENSE(\.txt)?$/,
  /^dist\/(extension\.cjs|engine-worker\.cjs|cli\.mjs|bin\/spacer)$/,
  /^dist\/webview\/(page-map\.(js|css)|vscode-page-map\.js|report-theme\.css)$/,
  /^dist\/[\w-]+\.wasm$/,
  /^l10n\/bundle\.l10n(\.[\w-]+)?\.json$/,
  /^media\/(icon\.png|sample-report\.json|[\w-]+\.svg|walkthrough\/[\w-]+\.svg)$/,
];
/** Of a package without the sample. */
const MOST_BYTES = 2_000_000;
const SAMPLE = /^media\/sample\//;
const NEEDED = [
  'package.json',
  'package.nls.json',
  'dist/extension.cjs',
  'dist/engine-worker.cjs',
  'dist/cli.mjs',
  'dist/bin/spacer',
  'dist/THIRD-PARTY-NOTICES.txt',
  'dist/webview/vscode-page-map.js',
  'dist/webview/page-map.js',
  'dist/webview/page-map.css',
  'dist/webview/report-theme.css',
  'media/sample/Makefile',
  'media/sample-report.json',
];
const BUILT_BY_SAMPLE = /\.(o|dbg|cmd|elf)$/;

const PARTS = [
  '.vscodeignore',
  'package.nls.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'SECURITY.md',
  'dist',
  'l10n',
  'media',
];

/**
 * Copies what may be packaged aside. package.json has `files` for npm, which vsce does not take
 * beside .vscodeignore; and what only developers need is left out.
 */
async function stage() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'spacer-vsix-'));
  for (const part of PARTS) {
    const from = path.join(root, part);
    if (existsSync(from)) await cp(from, path.join(folder, part), { recursive: true });
  }
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  for (const key of ['files', 'bin', 'scripts', 'devDependencies']) delete manifest[key];
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2));
  return folder;
}

async function staged(work) {
  const folder = await stage();
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesIn(folder) {
  const files = await listFiles({ cwd: folder, dependencies: false });
  return files.map((file) => file.replaceAll('\\', '/')).sort();
}

/** Names of the files that a package made now would hold. */
export const packagedFiles = () => staged(filesIn);

/** What is wrong with a list of files; nothing where it is as it should be. */
export function faultsOf(files) {
  const extra = files.filter(
    (file) => !SAMPLE.test(file) && !ALLOWED.some((rule) => rule.test(file)),
  );
  const built = files.filter((file) => SAMPLE.test(file) && BUILT_BY_SAMPLE.test(file));
  const missing = NEEDED.filter((file) => !files.includes(file));
  return [
    ...extra.map((file) => `${file} does not belong into the package`),
    ...built.map((file) => `${file} was built and does not belong into the package`),
    ...missing.map((file) => `${file} is missing`),
  ];
}

/** Packages what is built. */
export function packageExtension(out) {
  return staged(async (folder) => {
    const faults = faultsOf(await filesIn(folder));
    if (faults.length > 0) throw new Error(faults.join('\n'));
    await createVSIX({
      cwd: folder,
      packagePath: out,
      dependencies: false,
      allowMissingRepository: true,
      skipLicense: true,
      // There is no public address that the pictures of the README could be loaded from.
      rewriteRelativeLinks: false,
    });
    const size = (await stat(out)).size - (await sampleSize(folder));
    if (size > MOST_BYTES) throw new Error(`${out} has ${size} bytes without the sample`);
    return out;
  });
}

/** Bytes that the sample takes in a package, where each file is deflated by itself. */
async function sampleSize(folder) {
  const files = (await filesIn(folder)).filter((file) => SAMPLE.test(file));
  const parts = files.map(async (file) => deflateRawSync(await readFile(path.join(folder, file))));
  return (await Promise.all(parts)).reduce((sum, part) => sum + part.length, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const out = path.resolve(values.out ?? path.join(root, 'dist', 'spacer.vsix'));
  await packageExtension(out);
  console.log(
    `${path.relative(process.cwd(), out)}  ${((await stat(out)).size / 1024).toFixed(0)} KiB`,
  );
}
