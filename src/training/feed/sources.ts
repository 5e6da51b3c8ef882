/** The table of input sources: one row for each kind that a plan may name, with the function that fills it, and how several workers share it. */
import type { InputPlan, InputSource } from '../../graph/plan/plan.ts';
import { viewNumbers } from './batch_views.ts';
import type { FeedContext, InputFeed, MakeSource } from './input_source.ts';
import { accidentalHits, pieceHits, pieceKnown, piecePlaces, pieceRows, positives } from './sources/accidental_hits.ts';
import {
  counts,
  newest,
  noise,
  partKnown,
  partPlaces,
  places,
  queueEmpty,
  queueVectors,
  rate,
  step,
} from './sources/distinct.ts';
import { logQ } from './sources/item_frequency.ts';
import { embedding, label, labelKnown, listedWeights, mask, numbers, sequence } from './sources/row_columns.ts';
import {
  corpusPlaces,
  drawPool,
  elementPlaces,
  elementRows,
  elementWeights,
  hasItems,
  inCorpus,
  itemCounts,
  tablePlaces,
  tableSeen,
  userItems,
} from './sources/table_places.ts';

/** How a worker fills an input. `own`: from its own rows; `cut`: from all rows, of which it takes its own; `pairs`: as pairs of its own rows with all; `all`: as a single worker does. */
export type ShareFill = 'own' | 'cut' | 'pairs' | 'all';

interface SourceRow<K extends InputSource['from']> {
  readonly make: MakeSource<K>;
  readonly share: ShareFill | 'refused';
}

const rowsWith =
  (share: SourceRow<'step'>['share']) =>
  <K extends InputSource['from']>(make: MakeSource<K>): SourceRow<K> => ({ make, share });

const own = rowsWith('own');
const cut = rowsWith('cut');
const pairs = rowsWith('pairs');
const all = rowsWith('all');
/** A score matrix that is split into pieces is not supported with workers. */
const refused = rowsWith('refused');

const sources: { readonly [K in InputSource['from']]: SourceRow<K> } = {
  embedding: own(embedding),
  sequence: own(sequence),
  mask: own(mask),
  numbers: own(numbers),
  label: own(label),
  label_known: own(labelKnown),
  listed_weights: own(listedWeights),
  log_q: all(logQ),
  accidental_hits: pairs(accidentalHits),
  places: pairs(places),
  counts: all(counts),
  element_places: own(elementPlaces),
  corpus_places: own(corpusPlaces),
  user_items: pairs(userItems),
  item_counts: own(itemCounts),
  has_items: own(hasItems),
  in_corpus: own(inCorpus),
  draw_pool: all(drawPool),
  table_places: own(tablePlaces),
  element_rows: own(elementRows),
  element_weights: own(elementWeights),
  table_seen: all(tableSeen),
  queue_vectors: all(queueVectors),
  queue_empty: all(queueEmpty),
  positives: pairs(positives),
  view_numbers: all(viewNumbers),
  newest: own(newest),
  part_places: own(partPlaces),
  part_known: own(partKnown),
  piece_rows: refused(pieceRows),
  piece_known: refused(pieceKnown),
  piece_places: refused(piecePlaces),
  piece_hits: refused(pieceHits),
  noise: cut(noise),
  rate: all(rate),
  step: all(step),
};

export const shareOf = (from: InputSource['from']): ShareFill | 'refused' => sources[from].share;

export function makeInputFeed(input: InputPlan, context: FeedContext): InputFeed {
  const make = sources[input.source.from].make as (
    source: InputSource,
    context: FeedContext,
    input: InputPlan,
  ) => InputFeed;
  return make(input.source, context, input);
}
