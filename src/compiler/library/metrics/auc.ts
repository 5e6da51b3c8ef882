import { metricKind } from '../rows.ts';

export const auc = metricKind({
  doc: 'Share of the pairs of a held-out item and another item in which the held-out one scores higher; a tie counts half. It is the probability to rank above an item drawn from the rest of the corpus. A held-out item that is not ranked loses all its pairs. If the corpus has no other item, it is the share of held-out items that are ranked.',
  formula: [
    'Σ h · (N − (b − a) − (n − h) / 2) / (H · N)',
    'for each group of one score: n items, h of them held out, b above, a of those held out',
    'H held out in all, with those that are not ranked; N ranked that are not held out',
  ],
  when: 'To see the whole ranking; it says little of the first places.',
  paper: 'Hanley & McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982',
  example: 'auc',
  ofRanking({ groups, count, corpus }) {
    let above = 0;
    const ranked = groups.reduce((sum, { heldOutCount: held }) => sum + held, 0);
    const otherItems = corpus - ranked;
    if (otherItems <= 0) return ranked / count;
    let pairs = 0;
    for (const { better, size, heldOutCount: held } of groups) {
      pairs += held * (otherItems - (better - above) - (size - held) / 2);
      above += held;
    }
    return pairs / (count * otherItems);
  },
});
