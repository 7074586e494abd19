/** Advice in words, and where an option stands. */
import { describe, expect, it, vi } from 'vitest';
import type { Advice } from '../../../src/engine/advice/explain.ts';
import { adviceText, valuesText } from '../../../src/extension/advice-text.ts';
import { lineOfOption } from '../../../src/extension/config-line.ts';

vi.mock('vscode', () => ({
  env: { language: 'en' },
  l10n: {
    t: (text: string, ...values: unknown[]) =>
      text.replace(/\{(\d)\}/g, (_, place: string) => String(values[Number(place)])),
  },
}));

const ofLibrary = { library: 'liba', groups: [['one', 'two'], ['three']] };
const option = { option: 'CONFIG_A', values: ['y', undefined] };

describe('advice in words', () => {
  it.each<[string, Advice, RegExp[]]>([
    [
      'variants',
      { code: 'variants', ...ofLibrary, saves: 3, options: [option] },
      [/liba has 2 variants: one, two \| three\./, /save about 3 pages/],
    ],
    [
      'noise',
      { code: 'noise', ...ofLibrary, saves: 0, noise: 'build-date' },
      [/liba differs .* when it was built/, /save no page/],
    ],
    [
      'function sections',
      { code: 'function-sections', option: 'CONFIG_D', unikernels: ['one'], mixed: false },
      [/^one keep/, /CONFIG_D/],
    ],
  ])('says what limits sharing: %s', (_, advice, wanted) => {
    for (const words of wanted) expect(adviceText(advice)).toMatch(words);
  });

  it('counts unikernels beyond the fourth', () => {
    const unikernels = ['a', 'b', 'c', 'd', 'e', 'f'];
    const advice = { code: 'function-sections', option: 'CONFIG_D', unikernels, mixed: true };
    expect(adviceText(advice as Advice)).toMatch(/^a, b, c, d and 2 more keep/);
  });

  it('names every kind of noise in its own words', () => {
    const kinds = ['application-name', 'absolute-path', 'build-date'] as const;
    const texts = kinds.map((noise) =>
      adviceText({ code: 'noise', ...ofLibrary, saves: 0, noise }),
    );
    expect(new Set(texts).size).toBe(kinds.length);
  });

  it('says n for an option that is not set', () => {
    expect(valuesText(option)).toBe('y | n');
  });
});

describe('the line of an option', () => {
  const text = 'CONFIG_AB=y\n# CONFIG_B is not set\nCONFIG_A="CONFIG_C"\n#define CONFIG_D 1\n';

  it.each([
    ['CONFIG_A', 2],
    ['CONFIG_B', 1],
    ['CONFIG_D', 3],
    ['CONFIG_AB', 0],
    ['CONFIG_C', 0],
  ])('of %s is %i', (name, line) => {
    expect(lineOfOption(text, name)).toBe(line);
  });
});
