/**
 * Finds the unikernels of a workspace and how each was linked. What cannot be used is listed with
 * its reason, and the rest goes on.
 */
import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Unusable } from '../../protocol/page-map.ts';
import { SpacerError } from '../errors.ts';
import { mapParallel } from '../link/parallel.ts';
import type { Tools } from '../link/run.ts';
import { isDirectory, isFile } from './files.ts';
import { checkDebugImage, checkName, findCandidates } from './images.ts';
import type { Candidate } from './images.ts';
import { readKraftName } from './kraftfile.ts';
import { readMakeRecord } from './make-record.ts';
import { isInside } from './mapping.ts';
import { uniqueNames } from './names.ts';
import { hasRecord, readRecord } from './record.ts';
import { newerInputs, staleNote } from './stale.ts';
import type { LinkRecord, Unikernel } from './types.ts';
import { walk } from './walk.ts';
import type { BuildFolder, Place, WalkLimits } from './walk.ts';

export interface DiscoverOptions {
  readonly signal?: AbortSignal;
  /**
   * Tools that may be run. Absent: none may (an untrusted workspace), and builds that recorded no
   * commands are listed as unusable. Builds with records never need one.
   */
  readonly tools?: Tools;
  readonly limits?: WalkLimits;
  /** Folder where answers of `make` are kept from run to run; absent: none is. */
  readonly cache?: string;
}

export interface Discovered {
  readonly unikernels: Unikernel[];
  readonly unusable: Unusable[];
}

/** Reading is cheap, and `make` uses one core. */
const JOBS = 4;

/**
 * Finds the unikernels below `root`, in the order of their paths.
 *
 * @throws SpacerError `workspace-missing` if there is no such folder, or `cancelled`
 */
export async function discover(root: string, options: DiscoverOptions = {}): Promise<Discovered> {
  const top = path.resolve(root);
  if (!(await isDirectory(top))) {
    throw new SpacerError('workspace-missing', 'There is no such folder.', { file: top });
  }
  const walked = await cancellable(walk(top, options), options.signal);
  const builds = walked.places.flatMap((place) =>
    place.builds.map((build): Build => ({ place, build, root: top })),
  );
  const results = await mapParallel(builds, (build) => inspect(build, options), {
    jobs: JOBS,
    signal: options.signal,
  });
  const found = results.flatMap((result) => ('link' in result ? [result] : []));
  const unusable = [
    ...(await Promise.all(walked.places.filter(isNotBuilt).map(notBuilt))),
    ...results.flatMap((result) => ('link' in result ? [] : [result])),
    ...walked.cut.slice(0, 1).map((file) => problem(file, 'walk-limit', CUT)),
    ...walked.unreadable.map((file) => problem(file, 'folder-unreadable', UNREADABLE)),
  ];
  const names = uniqueNames(found, top);
  const unikernels = found.map((item, index) => ({ ...item, name: names[index] ?? item.name }));
  return { unikernels, unusable: unusable.sort(byPath) };
}

const CUT = 'The workspace is too deep or too large: folders from here on were not looked into.';
const UNREADABLE = 'The folder cannot be read.';

interface Build {
  readonly place: Place;
  readonly build: BuildFolder;
  readonly root: string;
}

async function cancellable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    throw new SpacerError('cancelled', 'Cancelled.', {}, { cause: signal.reason });
  }
}

function isNotBuilt(place: Place): boolean {
  return place.builds.length === 0;
}

async function notBuilt(place: Place): Promise<Unusable> {
  const { name } = await applicationName(place, undefined);
  const text = 'The application is not built yet.';
  return { name, path: place.directory, reason: 'not-built', message: text };
}

function problem(file: string, reason: string, message: string): Unusable {
  return { name: path.basename(file), path: file, reason, message };
}

function byPath(a: Unusable, b: Unusable): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}

/** One build folder: its unikernel, or why there is none. */
async function inspect(item: Build, options: DiscoverOptions): Promise<Unikernel | Unusable> {
  const { place, build } = item;
  const { name, notes } = await applicationName(place, build);
  try {
    await checkInside(item);
    const files = new Set(await readdir(build.directory));
    const picked = await pick(item, findCandidates(build.directory, files), options);
    const { candidate, link } = picked;
    const newer = await newerInputs(link);
    const all = [
      ...notes,
      ...(picked.notes ?? []),
      ...(newer.length === 0 ? [] : [staleNote(newer)]),
    ];
    return {
      name,
      kind: build.kind,
      directory: place.directory,
      buildDirectory: build.directory,
      image: candidate.image,
      debugImage: candidate.debugImage,
      link,
      ...(all.length === 0 ? {} : { notes: all }),
    };
  } catch (error) {
    if (!(error instanceof SpacerError) || error.code === 'cancelled') throw error;
    const file = error.place.file ?? build.directory;
    return { name, path: file, reason: error.code, message: error.text };
  }
}

/** The folder's name, or what its Kraftfile says where kraft built it. */
async function applicationName(
  place: Place,
  build: BuildFolder | undefined,
): Promise<{ name: string; notes: string[] }> {
  const folder = path.basename(place.directory) || 'unikernel';
  if (place.kraftfile === undefined || build?.kind === 'classic')
    return { name: folder, notes: [] };
  const { name, note } = await readKraftName(place.kraftfile);
  return { name: name ?? folder, notes: note === undefined ? [] : [note] };
}

/** A build folder may be a link, but not to outside of what the user opened. */
async function checkInside({ build, root }: Build): Promise<void> {
  const [real, top] = await Promise.all([realpath(build.directory), realpath(root)]);
  if (isInside(real, top)) return;
  const text = `The build folder leads out of the workspace, to ${real}.`;
  throw new SpacerError('outside-workspace', text, { file: build.directory });
}

interface Picked {
  readonly candidate: Candidate;
  readonly link: LinkRecord;
  readonly notes?: readonly string[];
}

/**
 * The one image of a build folder that can be linked again. Objects are named alike for every
 * target, so of several images in one folder only the last built one still has its objects: the
 * others are older than what they were linked from.
 */
async function pick(
  item: Build,
  candidates: readonly Candidate[],
  options: DiscoverOptions,
): Promise<Picked> {
  const [only, ...others] = candidates;
  if (only === undefined) {
    const text = 'The build folder holds no linked image.';
    throw new SpacerError('not-built', text, { file: item.build.directory });
  }
  if (others.length === 0) return { candidate: only, link: await linkOf(item, only, options) };
  const tried = await Promise.all(candidates.map((candidate) => attempt(item, candidate, options)));
  const complete = tried.filter((result) => result !== undefined);
  const stale = await Promise.all(
    complete.map(async ({ link }) => (await newerInputs(link)).length),
  );
  const fresh = complete.filter((_, i) => stale[i] === 0);
  const [last] = complete.length === 1 ? complete : fresh;
  const isOne = complete.length === 1 || fresh.length === 1;
  if (last !== undefined && isOne) return { ...last, notes: [leftOut(candidates, last)] };
  const names = candidates.map((candidate) => path.basename(candidate.image)).join(', ');
  const text =
    `The build folder holds several images (${names}). Their objects have the same names, so only ` +
    'the last build is whole: keep one image, or build each in a folder of its own.';
  throw new SpacerError('several-images', text, { file: item.build.directory });
}

function leftOut(candidates: readonly Candidate[], { candidate: last }: Picked): string {
  const others = candidates.filter(({ image }) => image !== last.image);
  const names = others.map(({ image }) => path.basename(image)).join(', ');
  return (
    `The build folder also holds ${names}, whose objects were built over: each image that is to be ` +
    'aligned needs a build folder of its own.'
  );
}

async function attempt(
  item: Build,
  candidate: Candidate,
  options: DiscoverOptions,
): Promise<Picked | undefined> {
  try {
    return { candidate, link: await linkOf(item, candidate, options) };
  } catch (error) {
    if (error instanceof SpacerError && error.code !== 'cancelled') return undefined;
    throw error;
  }
}

async function linkOf(
  item: Build,
  candidate: Candidate,
  options: DiscoverOptions,
): Promise<LinkRecord> {
  checkName(candidate);
  await checkImages(candidate);
  const place = {
    root: item.root,
    directory: item.place.directory,
    buildDirectory: item.build.directory,
    image: candidate.image,
    debugImage: candidate.debugImage,
    name: candidate.name,
  };
  if (await hasRecord(place)) return readRecord(place, options.tools);
  if (options.tools === undefined) {
    const text = 'The build recorded no commands, and no tool may be run to find them out.';
    throw new SpacerError('tools-not-allowed', text, { file: candidate.image });
  }
  const { signal, tools, cache } = options;
  return readMakeRecord(place, { signal, tools, cache });
}

async function checkImages(candidate: Candidate): Promise<void> {
  if (!candidate.hasDebugImage) {
    const text = 'The image has no .dbg twin: its link did not end, or was cleaned away.';
    throw new SpacerError('not-built', text, { file: candidate.image });
  }
  await checkDebugImage(candidate.debugImage);
  if (await isFile(candidate.image)) return;
  const text = 'The image was linked but not finished: only its .dbg twin is there.';
  throw new SpacerError('not-built', text, { file: candidate.image });
}
