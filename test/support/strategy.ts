import type { Strategy } from '../../src/engine/layout/plan.ts';

/** What is searched where no option asks for anything else, as far as `effort: 6000` asks for it. */
export const SEARCHED: Strategy = {
  name: 'search',
  group: true,
  align: false,
  effort: 6000,
  searches: ['order', 'pages'],
  pool: false,
};
