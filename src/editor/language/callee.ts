/** Which row of the library a call is of, while its text is still being written. */
import { callsOf, type KindRow, type Parameters } from '../../compiler/library/contract.ts';
import { rowOf } from '../../compiler/model/block_parameters.ts';
import type { CallAtCursor, Cursor } from './cursor.ts';
import { typeAt } from './entry_type.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { searchedSlot } from './searched_slot.ts';

export interface Callee {
  readonly what: string;
  readonly row: KindRow;
  /** With those that the place adds. */
  readonly parameters: Parameters;
}

/** The row that a call at a place is of: the table follows from the declaration, the entry, and the calls around it. */
export function calleeAt(
  facts: FileAnalysis,
  place: Cursor,
  call: CallAtCursor,
  outer: readonly CallAtCursor[],
): Callee | undefined {
  const { library } = facts.checked.resolution;
  const parent = outer.at(-1);
  const name = call.callee.image;
  const look = (what: string, table: Readonly<Record<string, KindRow>>, extra: Parameters = {}): Callee | undefined => {
    const row = Object.hasOwn(table, name) ? table[name]! : undefined;
    return row && { what, row, parameters: { ...extra, ...row.parameters } };
  };
  /** A block of the file goes before one of the library, but not within its own declaration. */
  const block = (): Callee | undefined => {
    const { word, name: within } = place.declaration ?? {};
    const node = word === 'block' && within === name ? undefined : facts.checked.resolution.scope.blocks.get(name);
    if (!node) return look('block', library.blocks);
    const row = rowOf(node);
    return { what: 'block', row, parameters: row.parameters };
  };
  if (parent) {
    const above = calleeAt(facts, place, parent, outer.slice(0, -1));
    const nested = Object.entries(above?.parameters ?? {}).flatMap(([parameter, { type }]) =>
      type.is === 'kind' || type.is === 'number'
        ? (look(parameter, callsOf(type)) ?? [])
        : type.is === 'feature'
          ? (look('kind of feature', library.features) ?? [])
          : type.is === 'flow'
            ? (block() ?? [])
            : [],
    );
    return nested[0];
  }
  const isSearch = place.declaration?.word === 'search';
  const type = isSearch ? searchedSlot(facts, place)?.type : typeAt(place);
  switch (type?.is) {
    case 'kind':
    case 'kinds':
      return look(type.what ?? name, type.of, type.is === 'kind' ? type.also : {});
    case 'flow':
    case 'channel':
      return block();
    case 'score':
      return look('score', library.scores);
    case 'tasks':
      return type.weightings && look('weighting', type.weightings, type.also);
    case 'history':
      return look('history', type.of);
    default:
      return undefined;
  }
}
