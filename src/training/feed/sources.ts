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
  readonly makeSource: MakeSource<K>;
  readonly share: ShareFill | 'refused';
}

const rowsWith =
  (share: SourceRow<'step'>['share']) =>
  <K extends InputSource['from']>(makeSource: MakeSource<K>): SourceRow<K> => ({ makeSource, share });

const fromOwnRows = rowsWith('own');
const fromAllRows = rowsWith('cut');
const asPairs = rowsWith('pairs');
const fromWholeBatch = rowsWith('all');
/** A score matrix that is split into pieces is not supported with workers. */
const refuseSharing = rowsWith('refused');

const sources: { readonly [K in InputSource['from']]: SourceRow<K> } = {
  embedding: fromOwnRows(embedding),
  sequence: fromOwnRows(sequence),
  mask: fromOwnRows(mask),
  numbers: fromOwnRows(numbers),
  label: fromOwnRows(label),
  label_known: fromOwnRows(labelKnown),
  listed_weights: fromOwnRows(listedWeights),
  log_q: fromWholeBatch(logQ),
  accidental_hits: asPairs(accidentalHits),
  places: asPairs(places),
  counts: fromWholeBatch(counts),
  element_places: fromOwnRows(elementPlaces),
  corpus_places: fromOwnRows(corpusPlaces),
  user_items: asPairs(userItems),
  item_counts: fromOwnRows(itemCounts),
  has_items: fromOwnRows(hasItems),
  in_corpus: fromOwnRows(inCorpus),
  draw_pool: fromWholeBatch(drawPool),
  table_places: fromOwnRows(tablePlaces),
  element_rows: fromOwnRows(elementRows),
  element_weights: fromOwnRows(elementWeights),
  table_seen: fromWholeBatch(tableSeen),
  queue_vectors: fromWholeBatch(queueVectors),
  queue_empty: fromWholeBatch(queueEmpty),
  positives: asPairs(positives),
  view_numbers: fromWholeBatch(viewNumbers),
  newest: fromOwnRows(newest),
  part_places: fromOwnRows(partPlaces),
  part_known: fromOwnRows(partKnown),
  piece_rows: refuseSharing(pieceRows),
  piece_known: refuseSharing(pieceKnown),
  piece_places: refuseSharing(piecePlaces),
  piece_hits: refuseSharing(pieceHits),
  noise: fromAllRows(noise),
  rate: fromWholeBatch(rate),
  step: fromWholeBatch(step),
};

export const shareOf = (from: InputSource['from']): ShareFill | 'refused' => sources[from].share;

export function makeInputFeed(input: InputPlan, context: FeedContext): InputFeed {
  const makeSource = sources[input.source.from].makeSource as (
    source: InputSource,
    context: FeedContext,
    input: InputPlan,
  ) => InputFeed;
  return makeSource(input.source, context, input);
}
