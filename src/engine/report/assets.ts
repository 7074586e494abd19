/** The built files of the page map, wherever Spacer runs from. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SpacerError } from '../errors.ts';
import type { ReportAssets } from './html.ts';

/** Beside the bundle that runs, or in `dist/` when Spacer runs from its source. */
const PLACES = ['./webview/', '../../../dist/webview/'];

export async function loadReportAssets(from: string = import.meta.url): Promise<ReportAssets> {
  for (const place of PLACES) {
    const assets = await readAssets(new URL(place, from));
    if (assets) return assets;
  }
  throw new SpacerError(
    'report-assets-missing',
    'the files of the page map are missing: run `npm run build`',
    {
      file: fileURLToPath(new URL('./webview/', from)),
    },
  );
}

async function readAssets(folder: URL): Promise<ReportAssets | undefined> {
  const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');
  try {
    const [script, style, theme] = await Promise.all([
      read('page-map.js'),
      read('page-map.css'),
      read('report-theme.css'),
    ]);
    return { script, style, theme };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
