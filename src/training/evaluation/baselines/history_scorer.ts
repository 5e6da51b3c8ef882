import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';
import type { HistoryScores } from './baseline.ts';
import { makeHistory, type RowLists } from './interactions.ts';

/** Scores each event by the items of its user before it. Events of one history in a row are computed once. */
export function historyScorer(task: ScoringTask, itemsOf: RowLists, add: HistoryScores): Pick<Scorer, 'score'> {
  const { rows: items } = task.corpus;
  const historyOf = makeHistory(task, itemsOf);
  const sums = new Float64Array(items);
  let scoreBlock = new Float32Array(0);
  let lastHistory: Int32Array | undefined;
  return {
    score(rows) {
      if (scoreBlock.length < rows.length * items) scoreBlock = new Float32Array(rows.length * items);
      for (let i = 0; i < rows.length; i++) {
        const history = historyOf(rows[i]!);
        if (history.length !== lastHistory?.length || history.some((item, at) => item !== lastHistory![at])) {
          sums.fill(0);
          add(history, sums, task.events.user[rows[i]!]!);
        }
        lastHistory = history;
        scoreBlock.set(sums, i * items);
      }
      return scoreBlock;
    },
  };
}
