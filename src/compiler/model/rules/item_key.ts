import { notes } from '../../../base/diagnostics/notes.ts';
import { insertion } from '../edits.ts';
import { needsOf } from '../needs.ts';
import type { Rule } from './rule.ts';

/** From the last input to the end of the header, over comments, which may hold a parenthesis too. */
const closing = /^(?:[\s,]|\/\/[^\r\n]*)*\)/;

/** A loss that compares an item with others must know when they are the same item. */
export const itemKey: Rule = {
  name: 'key of the item tower',
  check({ tasks, towers, library, features }, report) {
    for (const { loss, score } of tasks) {
      if (!loss || !score || !needsOf(library, loss).needsItemKey) continue;
      const tower = towers.find(({ name }) => name === score.towers[1]);
      if (!tower || tower.node.key) continue;
      const ids = tower.features.filter((name) => features.get(name)?.call.kind === 'id');
      const end = tower.node.inputs.at(-1)?.span;
      const close = end && closing.exec(end.source.text.slice(end.end));
      const after = close && end.end + close[0].length;
      const fix = ids.length === 1 && after && insertion(end.source, after, ` keyed by ${ids[0]}`);
      report(
        'item-key-needed',
        loss.span,
        { loss: loss.kind, tower: tower.name, key: ids.length === 1 ? ids[0] : undefined },
        {
          notes: [{ message: notes.declared('tower', tower.name), at: tower.span }],
          ...(fix ? { fixes: [[fix]] } : {}),
        },
      );
    }
  },
};
