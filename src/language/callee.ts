/** Which row of the library a call is of, while its text is still being written. */
import type { KindRow, Parameters } from '../library/contract.ts';
import { past, splits } from '../model/data_kinds.ts';
import { weightedTasks } from '../model/resolve/objective.ts';
import { stopParameters } from '../model/resolve/train.ts';
import type { CallAtCursor, Cursor } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';

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
  if (parent) {
    const above = calleeAt(facts, place, parent, outer.slice(0, -1));
    const nested = Object.entries(above?.parameters ?? {}).flatMap(([parameter, { type }]) =>
      type.is === 'kind'
        ? (look(parameter, type.of) ?? [])
        : type.is === 'feature'
          ? (look('kind of feature', library.features) ?? [])
          : [],
    );
    return nested[0];
  }
  const entry = place.entry?.name;
  switch (place.declaration?.word) {
    case 'features':
      return look('kind of feature', library.features);
    case 'block':
      return look('block', library.blocks);
    case 'tower':
      return look('block', library.blocks);
    case 'task':
      return entry === 'score' ? look('score', library.scores) : look('loss', library.losses);
    case 'objective':
      return look('weighting', library.weightings, weightedTasks);
    case 'train':
      return entry === 'stop' ? look('metric', library.metrics, stopParameters) : look('optimizer', library.optimizers);
    case 'data':
      return entry === 'split' ? look('split', splits) : look('history', { past });
    default:
      return undefined;
  }
}
