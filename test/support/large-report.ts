/** A report of about as many pages as one likes, written as an alignment writes it. */
import { writeFile } from 'node:fs/promises';
import { reportParts } from '../../src/engine/report/parts.ts';
import { makeFleet } from '../unit/webview/fleet.ts';

/** Pages of a fleet for each one asked for: its libraries do not all stand in every unikernel. */
const SHARE = 0.85;

/** Writes a report of at least so many pages and returns how many they are. */
export async function writeLargeReport(file: string, pages: number): Promise<number> {
  const unikernels = Math.max(10, Math.round(pages / 5000));
  const document = makeFleet({
    unikernels,
    pages: Math.ceil(pages / unikernels / SHARE),
    stages: ['after'],
  });
  await writeFile(file, reportParts(document));
  return document.totals.after?.total ?? 0;
}
