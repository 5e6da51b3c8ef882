import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';
import type { HistoryScores } from './baseline.ts';
import { type Lists, makeHistory } from './interactions.ts';

/** Scores each event by what is known of its user before it. Events of one history in a row are computed once. */
export function historyScorer(task: ScoringTask, itemsOf: Lists, add: HistoryScores): Pick<Scorer, 'score'> {
  const { rows: items } = task.corpus;
  const historyOf = makeHistory(task, itemsOf);
  const sums = new Float64Array(items);
  let block = new Float32Array(0);
  let last: Int32Array | undefined;
  return {
    score(rows) {
      if (block.length < rows.length * items) block = new Float32Array(rows.length * items);
      for (let i = 0; i < rows.length; i++) {
        const history = historyOf(rows[i]!);
        if (history.length !== last?.length || history.some((item, at) => item !== last![at])) {
          sums.fill(0);
          add(history, sums, task.events.user[rows[i]!]!);
        }
        last = history;
        block.set(sums, i * items);
      }
      return block;
    },
  };
}
