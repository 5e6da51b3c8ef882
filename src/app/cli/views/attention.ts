/** How much of each field a tower lets through. */
import type { Attention } from '../../../training/scoring/attention.ts';
import { tableOf } from '../table.ts';

const longestBar = 24;

export function attentionText(all: readonly Attention[]): string {
  return all
    .map(({ block, over, fields }) => {
      const rows = fields.map(({ name, mean, deviation }) => [
        name,
        mean.toFixed(4),
        `± ${deviation.toFixed(4)}`,
        '█'.repeat(Math.round(mean * longestBar)).padEnd(longestBar),
      ]);
      return [`${block}, mean over ${over}`, tableOf(['field', 'let through', '', ''], rows)].join('\n');
    })
    .join('\n\n');
}
