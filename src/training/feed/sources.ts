/** The table of input sources: one row for each kind that a plan may name, with the function that fills it. */
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
import { embedding, sequence } from './sources/embedding.ts';
import { logQ } from './sources/item_frequency.ts';
import { label, labelKnown, listedWeights, mask, numbers } from './sources/label.ts';
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

const sources: { readonly [K in InputSource['from']]: MakeSource<K> } = {
  embedding,
  sequence,
  mask,
  numbers,
  label,
  label_known: labelKnown,
  listed_weights: listedWeights,
  log_q: logQ,
  accidental_hits: accidentalHits,
  places,
  counts,
  element_places: elementPlaces,
  corpus_places: corpusPlaces,
  user_items: userItems,
  item_counts: itemCounts,
  has_items: hasItems,
  in_corpus: inCorpus,
  draw_pool: drawPool,
  table_places: tablePlaces,
  element_rows: elementRows,
  element_weights: elementWeights,
  table_seen: tableSeen,
  queue_vectors: queueVectors,
  queue_empty: queueEmpty,
  positives,
  view_numbers: viewNumbers,
  newest,
  part_places: partPlaces,
  part_known: partKnown,
  piece_rows: pieceRows,
  piece_known: pieceKnown,
  piece_places: piecePlaces,
  piece_hits: pieceHits,
  noise,
  rate,
  step,
};

export function makeInputFeed(input: InputPlan, context: FeedContext): InputFeed {
  const make = sources[input.source.from] as (source: InputSource, context: FeedContext, input: InputPlan) => InputFeed;
  return make(input.source, context, input);
}
