import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { HOST_METHODS, PAGE_METHODS } from '../../../src/protocol/messages.ts';
import { DEFAULT_OPTIONS } from '../../../src/protocol/options.ts';
import { isBuffer } from '../../../src/protocol/rpc.ts';

const accepts = (schema: v.GenericSchema, value: unknown) => v.safeParse(schema, value).success;
const request = { options: DEFAULT_OPTIONS, unikernels: ['a', 'b'] };

describe('messages of the page', () => {
  it('take the options of an alignment', () => {
    expect(accepts(HOST_METHODS.predict.params, request)).toBe(true);
    const located = { ...request, options: { ...DEFAULT_OPTIONS, location: 0x130000 } };
    expect(accepts(HOST_METHODS.relink.params, located)).toBe(true);
  });

  it.each([
    ['an unknown option', { ...request, options: { ...DEFAULT_OPTIONS, shell: 'rm' } }],
    [
      'an address that is no number',
      { ...request, options: { ...DEFAULT_OPTIONS, location: '0x1' } },
    ],
    ['a path beside the names', { ...request, output: '/etc' }],
    ['a name that is no text', { ...request, unikernels: [1] }],
    ['too many names', { ...request, unikernels: new Array<string>(20_001).fill('a') }],
    ['nothing', undefined],
  ])('are refused with %s', (_, params) => {
    expect(accepts(HOST_METHODS.predict.params, params)).toBe(false);
  });

  it('run only commands that are on the list', () => {
    expect(accepts(HOST_METHODS.run.params, { command: 'showLog' })).toBe(true);
    expect(accepts(HOST_METHODS.run.params, { command: 'workbench.action.quit' })).toBe(false);
  });
});

describe('messages to the page', () => {
  it('carry page data as one buffer, of whatever realm', () => {
    expect(accepts(PAGE_METHODS.pageMap.params, { pages: new ArrayBuffer(8) })).toBe(true);
    expect(accepts(PAGE_METHODS.pageMap.params, { pages: new Uint8Array(8) })).toBe(false);
    expect(isBuffer(structuredClone(new ArrayBuffer(8)))).toBe(true);
  });
});
