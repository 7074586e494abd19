/** The sample workspace, built once a run for each shape that some test asks for. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { freshFolder, once } from './once.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const sampleSource = path.join(root, 'media/sample');

export type Shape = 'default' | 'fsections' | 'v08';
export const SHAPES: readonly Shape[] = ['default', 'fsections', 'v08'];

/** Whether the sample's makefile knows the shape at all. */
export function knowsShape(shape: Shape): boolean {
  const file = path.join(sampleSource, 'Makefile');
  return existsSync(file) && readFileSync(file, 'utf8').includes(shape);
}

/**
 * A built workspace that nobody may change. `SPACER_SAMPLE=DIR` takes `DIR/SHAPE` instead, for
 * quick runs while working on a test.
 */
export async function builtSample(shape: Shape = 'default'): Promise<string> {
  const given = process.env['SPACER_SAMPLE'];
  if (given !== undefined) return path.join(given, shape);
  return once(`sample-${shape}`, async (folder) => {
    const args = ['-s', '-C', sampleSource, `BUILD=${folder}`, `SHAPE=${shape}`, 'JOBS=2'];
    await promisify(execFile)('make', args, { maxBuffer: 1 << 26 });
  });
}

/** A copy of some applications, to be changed at will; the build's own paths no longer hold. */
export const copyOfSample = (
  names: readonly string[] = ['hashfn', 'jsonfn', 'sched'],
  shape: Shape = 'default',
): Promise<string> =>
  copyOfParts(['unikraft', 'libs', ...names.map((name) => `apps/${name}`)], shape);

/** A copy of the whole workspace, likewise. */
export const copyOfWholeSample = (shape: Shape = 'default'): Promise<string> =>
  copyOfParts(['.'], shape);

async function copyOfParts(parts: readonly string[], shape: Shape): Promise<string> {
  const from = await builtSample(shape);
  const to = path.join(freshFolder('copy'), 'workspace');
  for (const part of parts)
    cpSync(path.join(from, part), path.join(to, part), {
      recursive: true,
      preserveTimestamps: true,
    });
  return to;
}
