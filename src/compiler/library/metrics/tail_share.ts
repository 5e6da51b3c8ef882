import { metricKind } from '../rows.ts';
import { cutoff, meanOver } from './cutoff.ts';

/** Share of all training events that the items of the head have together. */
const headShare = 0.8;

export const tail_share = metricKind({
  doc: 'Average percentage of long-tail items (APLT), as a share: how many of the first k items are outside the head, over all lists. The head is the fewest items that have 80 % of the training events together.',
  formula: [
    '|items of the list outside the head| / |list|',
    'the head: items by their training events, the most first, until they have 80 % of all events',
    'of equally many events, the item that the corpus has first',
  ],
  when: 'To see whether rarely used items are recommended at all.',
  paper:
    'Abdollahpouri, Burke & Mobasher, "Managing popularity bias in recommender systems with personalized re-ranking", FLAIRS 2019',
  also: ['aplt', 'long_tail', 'long_tail_share', 'long_tail_percentage', 'tail_percentage'],
  example: 'tail_share(10)',
  parameters: cutoff,
  ofList({ trainingCounts }) {
    const isHead = headOf(trainingCounts);
    return (list) => meanOver(list, (item) => 1 - isHead[item]!);
  },
});

/** Returns 1 for items of the head, 0 for the others. */
function headOf(counts: Int32Array): Uint8Array {
  const isHead = new Uint8Array(counts.length);
  const byCount = Uint32Array.from(counts, (_, item) => item).sort((a, b) => counts[b]! - counts[a]! || a - b);
  const eventCount = counts.reduce((sum, count) => sum + count, 0);
  let headEvents = 0;
  for (const item of byCount) {
    if (headEvents >= headShare * eventCount) break;
    isHead[item] = 1;
    headEvents += counts[item]!;
  }
  return isHead;
}
