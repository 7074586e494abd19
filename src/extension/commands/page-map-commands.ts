import { PAGE_ACTIONS } from '../../protocol/messages.ts';
import { isNode } from './pick.ts';
import type { Commands, Services } from './services.ts';

/** Each action of the page is a command too. */
export function pageMapCommands({ panels, tree }: Services): Commands {
  const actions = PAGE_ACTIONS.map(
    (action) => [`pageMap.${action}`, () => panels.act(action)] as const,
  );
  return {
    ...Object.fromEntries(actions),
    showInPageMap: (argument) => {
      const node = isNode(argument) ? argument : tree.selection[0];
      if (!node) return;
      const panel = panels.show({ kind: 'set', set: node.set });
      if (node.kind === 'library') panel.searchWhenReady(node.library.name);
      if (node.kind === 'unikernel') panel.focusWhenReady(node.unikernel.name);
    },
  };
}
