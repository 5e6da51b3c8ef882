import { metricKind } from '../rows.ts';

export const auc = metricKind({
  doc: 'Share of the other items that score below it, a tie counting half: the chance to stand above an item drawn from the rest of the corpus. Alone in the corpus: 1.',
  when: 'To see the whole ranking; it says little of the first places.',
  paper: 'Hanley & McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982',
  example: 'auc',
  parameters: {},
  of({ better, equal, corpus }) {
    if (corpus <= 1) return 1;
    return (corpus - 1 - better - equal / 2) / (corpus - 1);
  },
});
