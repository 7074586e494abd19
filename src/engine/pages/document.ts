/** Assembles the page-map document from the pages and owners of every unikernel at every stage. */
import {
  PAGE_MAP_FORMAT,
  PAGE_MAP_VERSION,
  PAGE_SIZE,
  type LibraryEntry,
  type Page,
  type PageMapDocument,
  type PageOwner,
  type Segment,
  type Stage,
  type UnikernelEntry,
  type UnikernelPages,
  type Verification,
} from '../../protocol/page-map.ts';
import type { Domain } from '../domains.ts';
import { domainsReport } from './domains.ts';
import { classify, type ClassifiedImage, type PageContent } from './classify.ts';
import { librariesOf } from './libraries.ts';

/** A page with its content, or, where it is predicted, a key that stands for the content. */
export type StagePage = PageContent & {
  readonly address: number;
  readonly writable: boolean;
  readonly executable: boolean;
};

/** One unikernel at one stage. */
export interface StageInput {
  /** Path of the image measured; absent where the pages are predicted. */
  readonly image?: string;
  readonly segments: readonly Segment[];
  readonly pages: readonly StagePage[];
  /** By page, as `attribute` returns them. */
  readonly owners: readonly (readonly PageOwner[])[];
}

export interface UnikernelInput {
  readonly name: string;
  /** What was strange, for people. */
  readonly notes?: readonly string[];
  readonly verification?: Verification;
  readonly stages: Partial<Record<Stage, StageInput>>;
}

/** Everything else of the document is taken over as it is. */
export type PageMapInput = {
  readonly spacer: string;
  readonly unikernels: readonly UnikernelInput[];
  /** Absent: counted from the owners of the pages. */
  readonly libraries?: LibraryEntry[];
  /** Given where unikernels were to be kept apart: by their names. */
  readonly domains?: readonly Domain[];
} & Partial<
  Pick<
    PageMapDocument,
    | 'workspace'
    | 'options'
    | 'layout'
    | 'bound'
    | 'pool'
    | 'aslr'
    | 'unusable'
    | 'failures'
    | 'timings'
  >
>;

const STAGES: readonly Stage[] = ['before', 'predicted', 'after'];

/**
 * Builds the document. Contents are compared over all unikernels of a stage; a unikernel without
 * that stage has no pages in it.
 */
export function pageMapOf(input: PageMapInput): PageMapDocument {
  const { spacer, unikernels, libraries, domains, unusable = [], failures = [], ...rest } = input;
  const document: PageMapDocument = {
    format: PAGE_MAP_FORMAT,
    version: PAGE_MAP_VERSION,
    spacer,
    ...rest,
    pageSize: PAGE_SIZE,
    unikernels: unikernels.map(({ name, notes = [], verification }) => ({
      name,
      ...(notes.length > 0 && { notes: [...notes] }),
      ...(verification && { verification }),
    })),
    totals: {},
    contentClasses: {},
    libraries: [],
    unusable,
    failures,
  };
  for (const stage of STAGES) addStage(document, unikernels, stage);
  const reached = document.totals.after ?? document.totals.predicted;
  if (document.bound && reached && document.bound.pages > 0)
    document.bound = { ...document.bound, ratio: reached.distinct / document.bound.pages };
  if (domains) document.domains = domainsReport(document, domains);
  document.libraries = libraries ?? librariesOf(document.unikernels);
  return document;
}

function addStage(
  document: PageMapDocument,
  unikernels: readonly UnikernelInput[],
  stage: Stage,
): void {
  const inputs = unikernels.map((unikernel) => unikernel.stages[stage]);
  if (inputs.every((input) => input === undefined)) return;
  const classified = classify(inputs.map((input) => input?.pages ?? []));
  document.totals[stage] = classified.totals;
  document.contentClasses[stage] = classified.contentClasses;
  document.unikernels.forEach((entry: UnikernelEntry, i) => {
    const input = inputs[i];
    const image = classified.images[i];
    if (input && image) entry[stage] = unikernelPages(input, image);
  });
}

function unikernelPages(input: StageInput, classified: ClassifiedImage): UnikernelPages {
  return {
    ...(input.image === undefined ? {} : { image: input.image }),
    totals: classified.totals,
    segments: [...input.segments],
    pages: input.pages.map((page, i): Page => ({
      address: page.address,
      kind: classified.kinds[i] ?? 'unique',
      contentClass: classified.classes[i] ?? -1,
      writable: page.writable,
      executable: page.executable,
      owners: [...(input.owners[i] ?? [])],
    })),
  };
}
