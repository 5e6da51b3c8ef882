import { metricKind } from '../rows.ts';

export const auc = metricKind({
  doc: 'Share of the other items that score below the held-out item; a tie counts half. It is the probability to rank above an item drawn from the rest of the corpus. 1 if the corpus has no other item.',
  when: 'To see the whole ranking; it says little of the first places.',
  paper: 'Hanley & McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982',
  example: 'auc',
  parameters: {},
  of({ better, equal, corpus }) {
    if (corpus <= 1) return 1;
    return (corpus - 1 - better - equal / 2) / (corpus - 1);
  },
});
