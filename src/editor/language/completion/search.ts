/** In `search`: what may be searched, and values for it. */
import type { IToken } from 'chevrotain';
import * as t from '../../../../grammar/tokens.ts';
import { search } from '../../../compiler/library/declarations/search.ts';
import { task } from '../../../compiler/library/declarations/task.ts';
import { train } from '../../../compiler/library/declarations/train.ts';
import { parametersOf } from '../../../compiler/model/settings/argument_slot.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { pathEndingAt, searchedSlot, slotAt } from '../searched_slot.ts';
import type { CompletionContext } from './context.ts';
import type { Completion } from './item.ts';

/** Paths, or the next part of one after its dot. */
export function pathsAt(here: CompletionContext): readonly Completion[] {
  const parts = partsBefore(here.place.before);
  if (parts.length === 0) return roots(here);
  const [first, second] = parts;
  const one = parts.length === 1;
  if (one && first === 'task') return here.names('task').map((item) => ({ ...item, insert: `${item.label}.` }));
  if (one && first === 'features') return here.names('feature').map((item) => ({ ...item, insert: `${item.label}.` }));
  if (one && first === 'train') return entries(train.entries);
  if (parts.length === 2 && first === 'task' && second) return entries(task.entries);
  const slot = slotAt(here.facts, parts);
  return Object.entries((slot && parametersOf(slot, here.library)) ?? {}).map(([label, { doc }]) => ({
    label,
    kind: 'argument',
    insert: `${label} : `,
    doc,
  }));
}

function roots(here: CompletionContext): readonly Completion[] {
  const after = (item: Completion): Completion => ({ ...item, insert: `${item.label} : ` });
  const prefixes = (['task', 'features'] as const).map(
    (label) => ({ label, kind: 'word', insert: `${label}.` }) as const,
  );
  return [...here.names('constant', 'block').map(after), ...entries(train.entries), ...prefixes];
}

/** The metric and the seed are the same for all trials. */
const fixed = ['seed', 'metrics', 'validate'];

const entries = (rows: Readonly<Record<string, { readonly doc: string }>>): Completion[] =>
  Object.entries(rows)
    .filter(([label]) => !fixed.includes(label))
    .map(([label, { doc }]) => ({ label, kind: 'entry', insert: `${label} : `, doc }));

/** After the colon: how an entry begins. Within its choices: nothing, since values follow. */
export function domainsAt(here: CompletionContext): readonly Completion[] | undefined {
  const { before } = here.place;
  const last = before.at(-1);
  if (is(last, t.One)) return [{ label: 'of', kind: 'word', insert: 'of ', doc: search.words.of.doc }];
  if (!is(last, t.Colon)) return undefined;
  const words: Completion[] = [{ label: 'one of', kind: 'word', insert: 'one of ', doc: search.words.one.doc }];
  const slot = searchedSlot(here.facts, here.place);
  const numeric = slot && ['integer', 'number', 'constant'].includes(slot.type.is);
  return numeric ? [...words, { label: 'log', kind: 'word', insert: 'log ', doc: search.words.log.doc }] : words;
}

/** `dense.`: the parts before the dot that the cursor follows. */
const partsBefore = (tokens: readonly IToken[]): string[] =>
  is(tokens.at(-1), t.Dot) ? pathEndingAt(tokens, tokens.length - 1) : [];
