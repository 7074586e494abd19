import { describe, expect, it } from 'vitest';
import { parseDomain } from '../../../src/cli/options.ts';
import { checkOptions } from '../../../src/engine/check-options.ts';
import { domainsOf } from '../../../src/engine/domains.ts';
import type { Discovered } from '../../../src/engine/workspace/discover.ts';
import { DEFAULT_OPTIONS, type AlignOptions } from '../../../src/protocol/options.ts';

/** What a workspace has, by name. */
const found = {
  unikernels: ['web', 'db', 'cache'].map((name) => ({ name })),
  unusable: [{ name: 'broken', path: '', reason: 'not-built', message: '' }],
} as unknown as Discovered;

const domains = (
  domain: Record<string, string[]>,
  names = ['web', 'db', 'cache'],
  more: Partial<AlignOptions> = {},
) => domainsOf(names, found, { ...DEFAULT_OPTIONS, ...more, domain });

describe('trust domains', () => {
  it('are none where none are asked for', () => {
    expect(domains({})).toBeUndefined();
  });

  it('put what no domain names into one of its own', () => {
    expect(domains({ red: ['web'] })).toEqual([
      { name: 'red', unikernels: ['web'] },
      { name: '[none]', unikernels: ['db', 'cache'] },
    ]);
  });

  it('may name what does not take part, or is not built', () => {
    expect(domains({ red: ['web', 'broken'], blue: ['db'] }, ['web', 'cache'])).toEqual([
      { name: 'red', unikernels: ['web'] },
      { name: '[none]', unikernels: ['cache'] },
    ]);
  });

  it('take all instances of a unikernel, or one by its number', () => {
    const names = ['web-1', 'web-2', 'db-1', 'db-2'];
    expect(domains({ red: ['web', 'db-2'] }, names, { instances: 2 })).toEqual([
      { name: 'red', unikernels: ['web-1', 'web-2', 'db-2'] },
      { name: '[none]', unikernels: ['db-1'] },
    ]);
  });

  it('refuse a name that there is not, which would leave a unikernel outside', () => {
    expect(() => domains({ red: ['wbe'] })).toThrow(/no unikernel wbe for the domain red/);
  });

  it('refuse a unikernel in two of them', () => {
    expect(() => domains({ red: ['web'], blue: ['web'] })).toThrow(/web is of two domains/);
  });

  it.each([{ aslr: 1 as const }, { customLoader: true }, { relinkOnly: true }])(
    'refuse what gives all unikernels something in common: %o',
    (more) => {
      const options = { ...DEFAULT_OPTIONS, ...more, domain: { red: ['web'] } };
      expect(() => checkOptions(options)).toThrow(/cannot be combined with --domain/);
    },
  );

  it('are read from the command line, one domain in several words too', () => {
    const one = parseDomain('red=web,db');
    expect(parseDomain('red=cache', one)).toEqual({ red: ['web', 'db', 'cache'] });
    expect(() => parseDomain('web,db')).toThrow(/NAME=/);
  });
});
