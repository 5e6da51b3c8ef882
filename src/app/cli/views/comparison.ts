/** Formats the results of `tower compare` and `tower evaluate`. */
import type { Comparison } from '../../../training/evaluation/compare_models.ts';
import type { Evaluation } from '../../../training/evaluation/evaluate_model.ts';
import { defaultMeasures, labelOf } from '../../../training/evaluation/figures.ts';
import { verdictOf, verdictSentences } from '../../../training/evaluation/sentences.ts';
import type { Interval } from '../../../training/evaluation/slices.ts';
import { taskTable } from '../../../training/evaluation/task_figures.ts';
import { evaluationRows } from '../../report/stored_evaluation.ts';
import { tableOf } from '../layout.ts';
import { notesText } from '../report.ts';

/** The default metrics that are shown. If metrics were requested, all of them are shown. */
const defaultLabels = ['recall@10', 'recall@50', 'ndcg@10'];

/** Formats means with their intervals, the differences to one row, and the protocol. */
export function comparisonText({ metrics, rows, against, protocol, per }: Comparison): string {
  const corner = per === 'user' ? 'per user' : '';
  const areUsual = metrics.join() === defaultMeasures.map(labelOf).join();
  const labels = areUsual ? defaultLabels : metrics;
  const lines = rows.map(({ name, figures }) => [name, ...labels.map((label) => intervalWords(figures[label]!))]);
  const differences = rows.flatMap(({ name, differences }) =>
    differences ? [[`${name} − ${against}`, ...labels.map((label) => intervalWords(differences[label]!, '+'))]] : [],
  );
  return [
    tableOf([corner, ...labels], lines),
    ...(differences.length > 0 ? [tableOf([corner, ...labels], differences)] : []),
    notesText(protocol),
  ].join('\n\n');
}

/** `0.1234 [0.1200, 0.1300]` @param sign `+` for a difference */
export function intervalWords({ mean, low, high }: Interval, sign: '' | '+' = ''): string {
  const digits = (value: number): string => `${sign !== '' && value > 0 ? '+' : ''}${value.toFixed(4)}`;
  return `${digits(mean)} [${digits(low)}, ${digits(high)}]`;
}

/** Formats the table, the verdict and the protocol. */
export function evaluationText(evaluation: Evaluation): string {
  const { metrics, rows, protocol, per, tasks = [] } = evaluation;
  const verdict = verdictOf({ metrics, rows });
  const corner = per === 'user' ? 'per user' : '';
  const figures = taskTable(tasks);
  return [
    tableOf([corner, ...metrics], evaluationRows(evaluation)),
    ...(figures.rows.length > 0 ? [tableOf(figures.head, figures.rows)] : []),
    ...(verdict ? [verdictSentences(verdict).join(' ')] : []),
    notesText(protocol),
  ].join('\n\n');
}
