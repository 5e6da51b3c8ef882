/** What a flow may begin with, and the blocks that it may go through. */
import * as t from '../../../../grammar/tokens.ts';
import { is } from '../../../compiler/syntax/token.ts';
import type { CompletionContext } from './context.ts';
import { fittingFirst } from './fitting_first.ts';
import { type Completion, kindItems, symbolItem, unique } from './item.ts';

export function blocksAt(here: CompletionContext): Completion[] {
  const declared = here.names('block');
  const hidden = new Set(declared.map(({ label }) => label));
  const kinds = kindItems('block', here.library.blocks).filter(({ label }) => !hidden.has(label));
  return fittingFirst(here, [...declared, ...kinds]);
}

/** After a dot the outputs of a block that gives several, which are called as the tasks. */
export function beginningsAt(here: CompletionContext): Completion[] {
  return is(here.place.before.at(-1), t.Dot) ? here.names('task') : sources(here);
}

/** Where a flow may begin: the steps above, the tower's inputs, what is in them; outside a call also what joins several. */
function sources({ facts, library, place, symbols }: CompletionContext): Completion[] {
  const { declaration, entry, start, calls } = place;
  const tower = facts.checked.resolution.towers.find(({ name }) => name === declaration.name);
  const above = symbols
    .steps(declaration.name ?? '')
    .filter(({ span, name }) => span.end <= start && name !== entry?.name);
  const inputs = (tower?.inputs ?? [])
    .flatMap(({ name, groups }) => [name, ...groups])
    .flatMap((name) => symbols.find(name, 'group', 'feature') ?? []);
  const features = (tower?.features ?? []).flatMap((name) => symbols.find(name, 'feature') ?? []);
  const joins = kindItems('block', library.blocks).filter(({ label }) => library.blocks[label]!.join);
  return unique([...[...above, ...inputs, ...features].map(symbolItem), ...(calls.length > 0 ? [] : joins)]);
}
