/** The blocks that may follow an arrow, in the order in which they fit what it carries. */
import * as t from '../../../../grammar/tokens.ts';
import type { Arrow } from '../../../compiler/lower/flow.ts';
import { wordOf } from '../../../compiler/model/calls.ts';
import { endOf, is } from '../../../compiler/syntax/token.ts';
import { known, stepsOf } from '../occurrences/values.ts';
import type { Symbols } from '../symbols.ts';
import type { CompletionContext } from './context.ts';
import { fitOf } from './fit.ts';
import type { Completion } from './item.ts';

/** After an arrow of a known type: what takes it, then what leaves it as it is, then what surely refuses it. */
export function fittingFirst(here: CompletionContext, items: Completion[]): Completion[] {
  const { facts, place } = here;
  const [value, arrow] = place.before.slice(-2);
  if (!value || !is(arrow, t.Arrow)) return items;
  const arrows = facts.arrowsEnding(endOf(value));
  if (arrows.length === 0) return items;
  const ranks = new Map(items.map(({ label }) => [label, rankOf(here, label, arrows)]));
  return items.toSorted((a, b) => ranks.get(a.label)! - ranks.get(b.label)!);
}

/** 0 for a block that fits, or may; 1 for one that does nothing there, 2 for one that refuses what any of the arrows carries. */
function rankOf({ library, symbols }: CompletionContext, name: string, arrows: readonly Arrow[]): number {
  const kind = firstKind(name, symbols);
  const row = known(library.blocks, kind);
  const fits = row ? arrows.map(({ type, span }) => fitOf(kind, row, type, span)) : [];
  if (fits.includes('refused')) return 2;
  // In a block of the file more steps may follow.
  const alone = !symbols.find(name, 'block');
  return alone && fits.length > 0 && fits.every((fit) => fit === 'idle') ? 1 : 0;
}

/** The kind of the library that a block of the file begins with; its own name is the library's within it. */
function firstKind(name: string, symbols: Symbols): string {
  const seen = new Set<string>();
  let word = name;
  for (;;) {
    const node = seen.has(word) ? undefined : symbols.find(word, 'block')?.node;
    const first = node?.kind === 'Block' ? wordOf(stepsOf(node.flow)[0]!) : undefined;
    if (first === undefined) return word;
    seen.add(word);
    word = first;
  }
}
