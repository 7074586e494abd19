/**
 * The thread that the extension talks to. It answers at once what it can: predictions from the
 * slots that it knows, reports, exports; everything else goes on to the reader's thread.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpacerError } from '../../engine/errors.ts';
import { combine } from '../../engine/preview.ts';
import { loadReportAssets } from '../../engine/report/assets.ts';
import { csvParts } from '../../engine/report/csv.ts';
import { renderHtmlReport } from '../../engine/report/html.ts';
import { readReport } from '../../engine/report/read.ts';
import { reportParts } from '../../engine/report/parts.ts';
import { renderSvg } from '../../engine/report/svg.ts';
import { writeWhole } from '../../engine/whole-file.ts';
import { instanceNames } from '../../engine/workspace/instances.ts';
import type { PageMapDocument } from '../../protocol/page-map.ts';
import type { PlanRequest } from '../../protocol/messages.ts';
import type { Handlers, Peer } from '../../protocol/rpc.ts';
import type { ENGINE_METHODS, ExportForm, Place, Prediction } from './contract.ts';
import { mergeMeasured, pagesOf, viewOf } from './documents.ts';
import { FirstMaps, type MapSource } from './first-maps.ts';
import type { READER_METHODS } from './reader.ts';

export type Reader = Peer<Record<never, never>, typeof READER_METHODS>;

/** What is known of a workspace here. */
interface Known {
  /** The images as they were built. */
  readonly built: PageMapDocument;
  /** Before, and after where it was aligned. */
  readonly measured: PageMapDocument;
  /** Absent where there is nothing to plan. */
  readonly first?: FirstMaps;
}

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

/** Milliseconds in which the first map gets to the page alone, and a further toggle may come. */
const PAUSE = 80;

class Front {
  private readonly known = new Map<string, Promise<Known>>();
  /** Those who wait for a workspace to be read. */
  private readonly listeners = new Map<string, Set<Progress>>();

  constructor(private readonly reader: Reader) {}

  forget(workspace: string): void {
    this.known.delete(workspace);
    this.listeners.delete(workspace);
  }

  /**
   * Opens a workspace unless it is open. Several that ask at once get one answer, so none of them
   * can cancel it, and all hear how far it is.
   */
  open(place: Place, progress: Progress): Promise<Known> {
    const { workspace } = place;
    const listeners = this.listeners.get(workspace) ?? new Set();
    this.listeners.set(workspace, listeners.add(progress));
    const tell: Progress = (value) => listeners.forEach((listener) => listener(value));
    const opening = this.known.get(workspace) ?? this.read(place, tell);
    this.known.set(workspace, opening);
    opening
      .catch(() => {
        if (this.known.get(workspace) === opening) this.known.delete(workspace);
      })
      .finally(() => listeners.delete(progress));
    return opening;
  }

  private async read(place: Place, progress: Progress): Promise<Known> {
    const [{ document }, report] = await Promise.all([
      this.reader.call('open', place, { onUpdate: progress }),
      readReport(path.join(place.output, 'report.json')).catch(() => undefined),
    ]);
    const measured = mergeMeasured(document, report);
    const known = { built: document, measured };
    if (document.unikernels.length === 0) return known;
    return { ...known, first: new FirstMaps(place.workspace, this.mapsOf(place), document) };
  }

  private mapsOf({ workspace }: Place): MapSource {
    return {
      previewSet: async (options) =>
        (await this.reader.call('previewSet', { workspace, options })).set,
      predict: async (request) =>
        (await this.reader.call('predict', { workspace, request })).document,
    };
  }

  async predict(
    { request, ...place }: Place & { request: PlanRequest },
    signal: AbortSignal,
    update: (value: Prediction) => void,
  ): Promise<Prediction> {
    const known = await this.open(place, () => undefined);
    const beside = shownBeside(known, request);
    const map = await known.first?.answer(request, beside);
    if (map) update(predictionOf(map, true));
    if (map) await sleep(PAUSE);
    if (signal.aborted) throw new SpacerError('cancelled', 'Cancelled.');
    const { workspace } = place;
    const { document } = await this.reader.call('predict', { workspace, request }, { signal });
    const { instances } = request.options;
    return predictionOf(combine(beside, document, instances), false);
  }

  /** The images that were just measured count from now on. */
  aligned(workspace: string, document: PageMapDocument): void {
    const known = this.known.get(workspace);
    if (!known) return;
    this.known.set(
      workspace,
      known.then((old) => ({ ...old, measured: mergeMeasured(old.built, document) })),
    );
  }
}

/** What was measured of the same images, where as many of them were aligned as are asked for. */
function shownBeside({ built, measured }: Known, { options, unikernels }: PlanRequest) {
  const names = new Set(measured.unikernels.map(({ name }) => name));
  const isSame = unikernels.every((name) =>
    instanceNames(name, options.instances).every((image) => names.has(image)),
  );
  return isSame ? measured : built;
}

function predictionOf(document: PageMapDocument, refining: boolean): Prediction {
  return { pages: pagesOf(document), totals: document.totals, refining };
}

async function render(
  document: PageMapDocument,
  form: ExportForm,
): Promise<string | Iterable<string>> {
  switch (form) {
    case 'html':
      return renderHtmlReport(document, await loadReportAssets());
    case 'json':
      return reportParts(document);
    case 'csv':
      return csvParts(document);
    case 'svg':
      return renderSvg(document);
  }
}
