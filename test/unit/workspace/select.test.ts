import { expect, it } from 'vitest';
import { selectUnikernels } from '../../../src/engine/workspace/select.ts';
import type { Unikernel } from '../../../src/engine/workspace/types.ts';

const found = {
  unikernels: ['hello', 'httpd', 'kv'].map((name) => ({ name }) as Unikernel),
  unusable: [],
};
const chosen = (...names: string[]) => selectUnikernels(found, names, undefined);

it('keeps those that are asked for, each once', () => {
  expect(chosen('kv', 'hello', 'kv').map(({ name }) => name)).toEqual(['kv', 'hello']);
});

it.each([
  ['htpd', 'httpd'],
  ['Hello', 'hello'],
  ['vk', undefined],
  ['nothing', undefined],
])('an unknown name is told the nearest one: %s', (name, near) => {
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  expect(() => chosen(name)).toThrow(
    `There is no unikernel ${name}.${hint} Found: hello, httpd, kv.`,
  );
});
