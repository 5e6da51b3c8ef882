/** The words of `search`: what each entry names, and what its choices are. */
import { task } from '../../../compiler/library/declarations/task.ts';
import { train } from '../../../compiler/library/declarations/train.ts';
import type { Slot } from '../../../compiler/model/settings/slot.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { known, stepsOf, type Values } from './values.ts';

/** @param slotOf what an entry's path names, where it names something */
export function searchWords(
  { entries }: Ast.SearchNode,
  values: Values,
  slotOf: (path: readonly string[]) => Slot | undefined,
): void {
  for (const { path, domain } of entries) {
    pathWords(path, values);
    const slots = path.map((_, at) => slotOf(path.slice(0, at + 1).map(({ name }) => name)));
    for (const [at, slot] of slots.entries()) {
      const { name, span } = path[at]!;
      if (slot?.argument) values.found.add(span, { is: 'parameter', name, ...slot.argument });
    }
    const type = slots.at(-1)?.type;
    const items = domain.kind === 'Choices' ? domain.items : [domain.from, domain.to];
    for (const item of items) {
      if (!type || type.is === 'constant') values.numbers(item);
      else if (type.is === 'flow') values.steps(stepsOf(item));
      else values.entry(path.at(-1)!.name, { type, doc: '', example: '' }, { value: item });
    }
  }
}

function pathWords([first, second, third]: readonly Ast.IdentifierNode[], { found }: Values): void {
  const { symbols } = found;
  if (!first) return;
  if (!second && symbols.find(first.name, 'constant', 'block')) found.name(first, 'constant', 'block');
  else if (known(train.entries, first.name)) entry(first, 'train', found);
  else if (first.name === 'train' && second) entry(second, 'train', found);
  else if (first.name === 'task' && second) {
    found.name(second, 'task');
    if (third) entry(third, 'task', found);
  } else if (first.name === 'features' && second) found.name(second, 'feature');
}

function entry({ name, span }: Ast.IdentifierNode, of: 'train' | 'task', found: Values['found']): void {
  const row = known((of === 'train' ? train : task).entries as typeof train.entries, name);
  if (row) found.add(span, { is: 'entry', of, name, row });
}
