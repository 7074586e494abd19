/**
 * The thread that the extension talks to. It answers at once what it can: predictions from the
 * slots that it knows, reports, exports; everything else goes on to the reader's thread.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { SpacerError } from '../../engine/errors.ts';
import { lockPath } from '../../engine/lock/file.ts';
import { combine, preview, type PreviewSet } from '../../engine/preview.ts';
import { loadReportAssets } from '../../engine/report/assets.ts';
import { renderCsv } from '../../engine/report/csv.ts';
import { renderHtmlReport } from '../../engine/report/html.ts';
import { readReport } from '../../engine/report/read.ts';
import { renderSvg } from '../../engine/report/svg.ts';
import { writeWhole } from '../../engine/whole-file.ts';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import { DEFAULT_OPTIONS, paddingOf, type AlignOptions } from '../../protocol/options.ts';
import type { PlanRequest } from '../../protocol/messages.ts';
import type { Handlers, Peer } from '../../protocol/rpc.ts';
import type { ENGINE_METHODS, ExportForm, Place, View } from './contract.ts';
import { mergeMeasured, viewOf } from './documents.ts';
import type { READER_METHODS } from './reader.ts';

export type Reader = Peer<Record<never, never>, typeof READER_METHODS>;

/** What is known of a workspace here. */
interface Known {
  /** Before, and after where it was aligned. */
  measured: PageMapDocument;
  /**
   * Slots, as soon as they are known: those of the libraries as they are, for options that ask for
   * the original's layouts, and those of a plan that may change them.
   */
  readonly sets: Partial<Record<SlotsKind, PreviewSet>>;
}

type SlotsKind = 'plain' | 'free';

function kindOf(options: AlignOptions): SlotsKind {
  const { align, group } = paddingOf(options);
  return align === 'auto' && group === 'auto' && !options.customLoader ? 'free' : 'plain';
}

/** Options that need no search, for each kind of slots; plain ones are there soonest. */
const WARM_OPTIONS: readonly AlignOptions[] = [
  { ...DEFAULT_OPTIONS, group: true, align: false },
  DEFAULT_OPTIONS,
];

type Progress = (value: { phase: string; unikernel?: string | undefined; done: number }) => void;

export function frontHandlers(reader: Reader): Handlers<typeof ENGINE_METHODS> {
  const front = new Front(reader);
  return {
    discover: (params, { signal }) => reader.call('discover', params, { signal }),
    open: async (place, { update }) => viewOf((await front.open(place, update)).measured),
    forget: (params) => {
      front.forget(params.workspace);
      return reader.call('forget', params);
    },
    predict: (params, { signal, update }) => front.predict(params, signal, update),
    align: async (params, { signal, update }) => {
      const { document } = await reader.call('align', params, { signal, onUpdate: update });
      front.aligned(params.workspace, document);
      return viewOf(document);
    },
    lock: (params, { signal, update }) => reader.call('lock', params, { signal, onUpdate: update }),
    check: (params, { signal, update }) =>
      reader.call('check', params, { signal, onUpdate: update }),
    relayout: (params, { signal, update }) =>
      reader.call('relayout', params, { signal, onUpdate: update }),
    explain: (params, { signal, update }) =>
      reader.call('explain', params, { signal, onUpdate: update }),
    load: async ({ file }) => viewOf(await readReport(file)),
    export: async ({ from, form, to }) => {
      await writeWhole(to, await render(await readReport(from), form));
      return null;
    },
  };
}

class Front {
  private readonly known = new Map<string, Promise<Known>>();

  constructor(private readonly reader: Reader) {}

  forget(workspace: string): void {
    this.known.delete(workspace);
  }

  /**
   * Opens a workspace unless it is open. Several that ask at once get one answer, so none of them
   * can cancel it.
   */
  open(place: Place, progress: Progress): Promise<Known> {
    const { workspace } = place;
    const opening = this.known.get(workspace) ?? this.read(place, progress);
    this.known.set(workspace, opening);
    opening.catch(() => {
      if (this.known.get(workspace) === opening) this.known.delete(workspace);
    });
    return opening;
  }

  private async read(place: Place, progress: Progress): Promise<Known> {
    const [{ document }, report] = await Promise.all([
      this.reader.call('open', place, { onUpdate: progress }),
      readReport(path.join(place.output, 'report.json')).catch(() => undefined),
    ]);
    const known: Known = { measured: mergeMeasured(document, report), sets: {} };
    if (document.unikernels.length > 0) this.warm(place.workspace, known).catch(() => undefined);
    return known;
  }

  /** Makes plans in advance, so that the first flag that is toggled has its answer at once. */
  private async warm(workspace: string, known: Known): Promise<void> {
    for (const options of WARM_OPTIONS) {
      const { set } = await this.reader.call('previewSet', { workspace, options });
      known.sets[kindOf(options)] ??= set;
      // The code that answers is compiled by now, too.
      viewOf(preview(set, known.measured, { options, unikernels: set.names }));
    }
  }

  async predict(
    { request, ...place }: Place & { request: PlanRequest },
    signal: AbortSignal,
    update: (value: View & { refining: boolean }) => void,
  ): Promise<View & { refining: boolean }> {
    const known = await this.open(place, () => undefined);
    checkRequest(known, request);
    const quick = known.sets[kindOf(request.options)] ?? known.sets.plain;
    if (quick && covers(quick, request) && isFree(place.workspace, request)) {
      const first = preview(quick, known.measured, request);
      update({ ...viewOf(first), refining: true });
    }
    const { workspace } = place;
    const { document } = await this.reader.call('predict', { workspace, request }, { signal });
    return { ...viewOf(combine(known.measured, document)), refining: false };
  }

  /** The images that were just measured count from now on. */
  aligned(workspace: string, document: PageMapDocument): void {
    const known = this.known.get(workspace);
    if (!known) return;
    this.known.set(
      workspace,
      known.then((old) => ({ ...old, measured: mergeMeasured(old.measured, document) })),
    );
  }
}

/** Where a lock holds the layout, or a seed does, there is no other one to show first. */
const isFree = (workspace: string, { options }: PlanRequest) =>
  options.aslr === 0 && !existsSync(lockPath(workspace));

const covers = (set: PreviewSet, { unikernels }: PlanRequest) =>
  unikernels.every((name) => set.names.includes(name));

function checkRequest(known: Known, { options, unikernels }: PlanRequest): void {
  if (unikernels.length === 0) throw new SpacerError('nothing-to-do', 'No unikernel takes part.');
  const base = known.sets.plain?.base;
  if (base === undefined || options.location === undefined || options.location >= base) return;
  const text = `The location counter 0x${options.location.toString(16)} lies below the link's base 0x${base.toString(16)}.`;
  throw new SpacerError('location-too-low', text);
}

async function render(document: PageMapDocument, form: ExportForm): Promise<string> {
  switch (form) {
    case 'html':
      return renderHtmlReport(document, await loadReportAssets());
    case 'json':
      return JSON.stringify(document);
    case 'csv':
      return renderCsv(document);
    case 'svg':
      return renderSvg(document);
  }
}
