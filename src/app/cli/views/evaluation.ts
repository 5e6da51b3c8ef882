/** An evaluation as `tower evaluate` prints it. */
import type { Evaluation } from '../../../training/evaluation/evaluate.ts';
import { taskTable } from '../../../training/evaluation/task_table.ts';
import { verdictOf, verdictSentences } from '../../../training/evaluation/verdict.ts';
import { tableOf } from '../table.ts';

/** The table, the verdict under it, and the protocol. */
export function evaluationText({ metrics, rows, cold, protocol, per, tasks = [] }: Evaluation): string {
  const verdict = verdictOf({ metrics, rows });
  const corner = per === 'user' ? 'per user' : '';
  const cells = (figures: Readonly<Record<string, number>>): string[] =>
    metrics.map((label) => figures[label]!.toFixed(4));
  const lines = rows.flatMap(({ name, all, warm, cold: ofCold }) => [
    [name, ...cells(all)],
    ...(cold.events > 0 ? [[`${name}, warm`, ...cells(warm)]] : []),
    ...(ofCold ? [[`${name}, cold`, ...cells(ofCold)]] : []),
  ]);
  const figures = taskTable(tasks);
  return [
    tableOf([corner, ...metrics], lines),
    ...(figures.rows.length > 0 ? [tableOf(figures.head, figures.rows)] : []),
    ...(verdict ? [`${verdictSentences(verdict).join(' ')}\n`] : []),
    ...protocol.map((sentence) => `· ${sentence}`),
  ].join('\n');
}
