/** A comparison of runs as `tower compare` prints it. */
import type { Interval } from '../../../training/evaluation/bootstrap.ts';
import type { Comparison } from '../../../training/evaluation/compare.ts';
import { labelOf, usualMeasures } from '../../../training/evaluation/measures.ts';
import { tableOf } from '../table.ts';

/** Of the usual metrics; metrics that were asked for are all shown. */
const shown = ['recall@10', 'recall@50', 'ndcg@10'];

/** Means with their intervals, then the differences to one row, then the protocol. */
export function comparisonText({ metrics, rows, against, protocol, per }: Comparison): string {
  const corner = per === 'user' ? 'per user' : '';
  const areUsual = metrics.join() === usualMeasures.map(labelOf).join();
  const labels = areUsual ? shown : metrics;
  const lines = rows.map(({ name, figures }) => [name, ...labels.map((label) => cell(figures[label]!, ''))]);
  const differences = rows.flatMap(({ name, differences }) =>
    differences ? [[`${name} − ${against}`, ...labels.map((label) => cell(differences[label]!, '+'))]] : [],
  );
  return [
    tableOf([corner, ...labels], lines),
    ...(differences.length > 0 ? [tableOf([corner, ...labels], differences)] : []),
    ...protocol.map((sentence) => `· ${sentence}`),
  ].join('\n');
}

function cell({ mean, low, high }: Interval, sign: '' | '+'): string {
  const digits = (value: number): string => `${sign !== '' && value > 0 ? '+' : ''}${value.toFixed(4)}`;
  return `${digits(mean)} [${digits(low)}, ${digits(high)}]`;
}
