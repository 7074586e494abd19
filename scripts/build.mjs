/**
 * Builds dist/: the page map for webview and report, the extension, the engine's worker, the
 * command. Entries that do not exist are left out.
 *
 *   node scripts/build.mjs [--outdir DIR] [--only webview] [--watch]
 */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { noticesOf } from './notices.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    outdir: { type: 'string', default: join(root, 'dist') },
    only: { type: 'string' },
    watch: { type: 'boolean', default: false },
  },
});
const outdir = resolve(values.outdir);

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

/**
 * The toolkit finds out about `:focus-visible` with an empty style element, which a page without
 * inline styles refuses aloud. All targets know `:focus-visible`, so the probe is answered here.
 */
const noStyleProbe = {
  name: 'no-style-probe',
  setup(build) {
    build.onLoad({ filter: /fast-web-utilities[\\/]dist[\\/]dom\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const probe = 'export function canUseFocusVisible() {';
      if (!source.includes(probe)) throw new Error(`${path}: no focus probe to answer`);
      return { contents: source.replace(probe, `${probe}\n  return true;`), loader: 'js' };
    });
  },
};

/** The decoder reads its WebAssembly from a file beside it; a bundle has the bytes inside. */
const decoderInside = {
  name: 'decoder-inside',
  setup(build) {
    build.onLoad({ filter: /iced-x86[\\/]iced_x86\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const wasm = await readFile(join(dirname(path), 'iced_x86_bg.wasm'));
      const reading = /const path = require\('path'\).*\nconst bytes = .*/;
      if (!reading.test(source)) throw new Error(`${path}: no file is read`);
      const inside = `const bytes = Buffer.from('${wasm.toString('base64')}', 'base64');`;
      return { contents: source.replace(reading, () => inside), loader: 'js' };
    });
  },
};

const page = {
  ...common,
  plugins: [noStyleProbe],
  platform: 'browser',
  target: ['chrome114', 'firefox115', 'safari16.4'],
  charset: 'ascii',
};

/** What runs in Node as CommonJS: there `import.meta.url` has to be made up. */
const commonJs = {
  ...common,
  plugins: [decoderInside],
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  define: { 'import.meta.url': 'spacerModuleUrl' },
  banner: {
    js: "const spacerModuleUrl = require('node:url').pathToFileURL(__filename).href;",
  },
};

/** What runs in Node as a module: bundled CommonJS packages need a `require`. */
const module = {
  ...common,
  plugins: [decoderInside],
  platform: 'node',
  target: 'node20',
  format: 'esm',
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as spacerRequire } from 'node:module';\nconst require = spacerRequire(import.meta.url);",
  },
};

const jobs = [
  {
    group: 'webview',
    entry: 'webview/main.ts',
    out: 'webview/page-map.js',
    options: { ...page, format: 'esm' },
  },
  {
    group: 'webview',
    entry: 'webview/vscode.ts',
    out: 'webview/vscode-page-map.js',
    options: { ...page, format: 'esm' },
  },
  {
    group: 'webview',
    entry: 'webview/styles/page.css',
    out: 'webview/page-map.css',
    options: page,
  },
  {
    group: 'webview',
    entry: 'src/engine/report/theme.css',
    out: 'webview/report-theme.css',
    options: page,
  },
  {
    group: 'extension',
    entry: 'src/extension/extension.ts',
    out: 'extension.cjs',
    options: commonJs,
  },
  {
    group: 'extension',
    entry: 'src/extension/engine-worker.ts',
    out: 'engine-worker.cjs',
    options: commonJs,
  },
  { group: 'cli', entry: 'src/cli/main.ts', out: 'cli.mjs', options: module },
].filter(
  ({ group, entry }) =>
    (values.only === undefined || values.only === group) && existsSync(join(root, entry)),
);

async function build({ entry, out, options }) {
  const outfile = join(outdir, out);
  const settings = { ...options, entryPoints: [entry], outfile };
  if (values.watch) {
    const context = await esbuild.context(settings);
    await context.watch();
    return undefined;
  }
  const { metafile } = await esbuild.build(settings);
  if (out.endsWith('.mjs')) await chmod(outfile, 0o755);
  const { size } = await stat(outfile);
  console.log(`${relative(root, outfile)}  ${(size / 1024).toFixed(1)} KiB`);
  return metafile;
}

/** The command for terminals of VS Code, where it runs on VS Code's own Node if there is no other. */
const SHIM = `#!/bin/sh
self=$(readlink -f "$0")
cli=$(dirname "$self")/../cli.mjs
if command -v node >/dev/null 2>&1; then exec node "$cli" "$@"; fi
ELECTRON_RUN_AS_NODE=1 exec "\${SPACER_NODE:?needs Node 20 or later}" "$cli" "$@"
`;

async function writeShim() {
  const bin = join(outdir, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'spacer'), SHIM);
  await chmod(join(bin, 'spacer'), 0o755);
}

await mkdir(outdir, { recursive: true });
const metafiles = (await Promise.all(jobs.map(build))).flatMap((metafile) => metafile ?? []);
if (values.only === undefined && !values.watch)
  await writeFile(join(outdir, 'THIRD-PARTY-NOTICES.txt'), await noticesOf(root, metafiles));
if (jobs.some(({ group }) => group === 'cli')) await writeShim();
