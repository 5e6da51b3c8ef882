/** Draws negatives among the items that share a value with the row's own item, such as those of its market. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Corpus, Events } from '../../data/dataset.ts';
import type { SampledRows } from '../../graph/plan/plan.ts';
import { type ItemSampler, trainedRows } from './item_sampler.ts';

const groupStream = 0x6e40;

/**
 * Draws for each event, each alike, from the items of the training part that have the code of the event's own item, without that item. An event whose item has
 * no other item with its code, or is not in the corpus, draws from the whole training part. The draws depend only on the seed and the step.
 */
export function makeGroupSampler(
  events: Pick<Events, 'item'>,
  corpus: Corpus,
  { within: groupFeature, perRow }: Required<Pick<SampledRows, 'within' | 'perRow'>>,
  seed: number,
): ItemSampler {
  const codeOf = makeCodes(corpus, groupFeature);
  const trained = trainedRows(corpus);
  const grouped = trained.slice().sort((a, b) => codeOf(a) - codeOf(b) || a - b);
  /** First place and end of the items of each code in `grouped`. */
  const groups = new Map<number, { readonly from: number; to: number }>();
  const placeOf = new Int32Array(corpus.rows).fill(-1);
  for (const [place, item] of grouped.entries()) {
    placeOf[item] = place;
    const group = groups.get(codeOf(item));
    if (group) group.to = place + 1;
    else groups.set(codeOf(item), { from: place, to: place + 1 });
  }
  return (step, rows, batch) => {
    invariant(batch && rows.length === batch.length * perRow, 'items are drawn for the events of a batch');
    const random = makeRandom(seed, groupStream, ...Buffer.from(groupFeature), step);
    for (let i = 0; i < batch.length; i++) {
      const ownItem = events.item[batch[i]!]!;
      const group = ownItem < 0 ? undefined : groups.get(codeOf(ownItem));
      const ownPlace = ownItem < 0 ? -1 : placeOf[ownItem]!;
      const count = group ? group.to - group.from - (ownPlace < 0 ? 0 : 1) : 0;
      for (let index = i * perRow; index < (i + 1) * perRow; index++) {
        if (!group || count === 0) {
          rows[index] = trained[random.integer(trained.length)]!;
          continue;
        }
        const place = group.from + random.integer(count);
        rows[index] = grouped[ownPlace >= 0 && place >= ownPlace ? place + 1 : place]!;
      }
    }
  };
}

function makeCodes({ features }: Corpus, feature: string): (item: number) => number {
  const groupColumn = features.get(feature);
  invariant(groupColumn?.column.kind === 'codes', `feature ${feature} has one code for each item`);
  const { values } = groupColumn.column;
  const { index } = groupColumn;
  return (item) => values[index ? index[item]! : item]!;
}
