/** The engine's advice in words. */
import * as vscode from 'vscode';
import type { Advice } from '../engine/advice/explain.ts';
import type { Noise } from '../engine/advice/noise.ts';
import type { OptionValues } from '../engine/advice/options.ts';
import { formatCount } from './format.ts';

export type LibraryAdvice = Exclude<Advice, { code: 'function-sections' }>;

/** What limits sharing, and what to do about it, in a sentence or two. */
export function adviceText(advice: Advice): string {
  switch (advice.code) {
    case 'function-sections':
      return vscode.l10n.t(
        '{0} keep whole libraries: {1} would keep what each uses, function by function.',
        namesText(advice.unikernels),
        advice.option,
      );
    case 'noise':
      return `${noiseText(advice)} ${savingText(advice)}`;
    case 'variants':
      return `${variantsText(advice)} ${savingText(advice)}`;
  }
}

function noiseText({ library, noise }: LibraryAdvice & { noise: Noise }): string {
  switch (noise) {
    case 'application-name':
      return vscode.l10n.t('{0} differs because it records the application’s name.', library);
    case 'absolute-path':
      return vscode.l10n.t(
        '{0} differs because it records where it was built; -ffile-prefix-map leaves that out.',
        library,
      );
    case 'build-date':
      return vscode.l10n.t(
        '{0} differs because it records when it was built; SOURCE_DATE_EPOCH fixes that.',
        library,
      );
  }
}

function variantsText({ library, groups }: LibraryAdvice): string {
  return vscode.l10n.t(
    '{0} has {1} variants: {2}.',
    library,
    formatCount(groups.length),
    groups.map(namesText).join(' | '),
  );
}

/** Unikernels that are named; more are counted. */
const NAMED = 4;

function namesText(names: readonly string[]): string {
  const named = names.slice(0, NAMED).join(', ');
  const rest = names.length - NAMED;
  return rest > 0 ? vscode.l10n.t('{0} and {1} more', named, formatCount(rest)) : named;
}

/** The same for a row, which is narrow: the number of pages alone. */
export function shortSaving({ saves }: LibraryAdvice): string {
  if (saves < 1) return vscode.l10n.t('saves no page');
  return saves === 1
    ? vscode.l10n.t('saves about 1 page')
    : vscode.l10n.t('saves about {0} pages', formatCount(saves));
}

/** What one variant in all unikernels would bring. */
function savingText({ saves }: LibraryAdvice): string {
  if (saves < 1) return vscode.l10n.t('One variant would save no page.');
  return saves === 1
    ? vscode.l10n.t('One variant would save about 1 page.')
    : vscode.l10n.t('One variant would save about {0} pages.', formatCount(saves));
}

/** The values of an option in the groups of unikernels, in their order; one not set is `n`. */
export const valuesText = ({ values }: OptionValues): string =>
  values.map((value) => value ?? 'n').join(' | ');
