/**
 * The thread that reads, plans, predicts and links. What it does takes seconds, and some of it
 * cannot be interrupted; so `front.ts` stands before it and answers what can be answered at once.
 */
import { existsSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { explainWorkspace } from '../../engine/advice/explain.ts';
import { align } from '../../engine/align.ts';
import { lockPath } from '../../engine/lock/file.ts';
import type { PreviewSet } from '../../engine/preview.ts';
import { Session } from '../../engine/session.ts';
import { discover } from '../../engine/workspace/discover.ts';
import type { Unikernel } from '../../engine/workspace/types.ts';
import { planRequest } from '../../protocol/messages.ts';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { method, type Handlers } from '../../protocol/rpc.ts';
import { check, lock, relayout } from './lock.ts';
import { setRequestOf } from './request.ts';
import { ENGINE_METHODS, type Found, type FoundUnikernel, type Tools } from './contract.ts';

const document = v.custom<PageMapDocument>(() => true);
const { update: progress } = ENGINE_METHODS.align;

export const READER_METHODS = {
  discover: ENGINE_METHODS.discover,
  open: method(ENGINE_METHODS.open.params, v.object({ document }), progress),
  forget: ENGINE_METHODS.forget,
  predict: method(
    v.object({ workspace: v.string(), request: planRequest }),
    v.object({ document }),
  ),
  /** What previews with these options need. */
  previewSet: method(
    v.object({ workspace: v.string(), options: planRequest.entries.options }),
    v.object({ set: v.custom<PreviewSet>(() => true) }),
  ),
  lock: ENGINE_METHODS.lock,
  check: ENGINE_METHODS.check,
  relayout: ENGINE_METHODS.relayout,
  explain: ENGINE_METHODS.explain,
  align: method(ENGINE_METHODS.align.params, v.object({ document }), progress),
};

const sessions = new Map<string, Session>();

export const readerHandlers: Handlers<typeof READER_METHODS> = {
  discover: ({ workspace, tools }, { signal }) => find(workspace, tools, signal),
  open: async ({ workspace, tools }, { signal, update }) => {
    const session = await Session.open({
      workspace,
      tools: tools ?? undefined,
      signal,
      onProgress: (unikernel, done) => update({ phase: 'read', unikernel, done }),
    });
    sessions.set(workspace, session);
    return { document: session.describe() };
  },
  forget: ({ workspace }) => {
    sessions.delete(workspace);
    return null;
  },
  predict: async ({ workspace, request }, { signal }) => {
    const { options, unikernels } = request;
    return { document: await open(workspace).predict(options, unikernels, signal) };
  },
  previewSet: async ({ workspace, options }) => ({
    set: await open(workspace).previewSet(options),
  }),
  lock,
  check,
  relayout,
  explain: (params, call) => explainWorkspace(setRequestOf(params, call)),
  align: async (params, call) => ({
    document: await align({ ...setRequestOf(params, call), output: params.output }),
  }),
};

function open(workspace: string): Session {
  const session = sessions.get(workspace);
  if (!session) throw new Error('The workspace is not open.');
  return session;
}

async function find(workspace: string, tools: Tools | null, signal: AbortSignal): Promise<Found> {
  const found = await discover(workspace, { signal, ...(tools && { tools }) });
  const unikernels = await Promise.all(found.unikernels.map(describe));
  return {
    unikernels,
    unusable: found.unusable,
    missingTools: await missing(found.unikernels, tools),
    locked: existsSync(lockPath(workspace)),
  };
}

async function describe(unikernel: Unikernel): Promise<FoundUnikernel> {
  const { name, kind, directory, image, link, notes = [] } = unikernel;
  const made = await stat(image).catch(() => undefined);
  return { name, kind, directory, image, script: link.script, notes, built: made?.mtimeMs ?? 0 };
}

/** Looks for the tools of the recorded commands, without running any. */
async function missing(unikernels: readonly Unikernel[], tools: Tools | null): Promise<string[]> {
  const commands = unikernels.flatMap(({ link }) => [link.command, ...link.postLink]);
  const names = new Set(commands.map(({ tool }) => (tool.endsWith('.py') ? 'python3' : tool)));
  const checked = await Promise.all(
    [...names].map(async (tool) => ((await isThere(tools?.paths?.[tool] ?? tool)) ? [] : [tool])),
  );
  return checked.flat();
}

async function isThere(tool: string): Promise<boolean> {
  if (path.isAbsolute(tool)) return isRunnable(tool);
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin').split(path.delimiter);
  const found = await Promise.all(folders.map((folder) => isRunnable(path.join(folder, tool))));
  return found.includes(true);
}

const isRunnable = (file: string) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
