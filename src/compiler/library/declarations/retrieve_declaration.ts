// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const retrieve: DeclarationRow = {
  brief: 'What a query ranks by: a weighted sum of scores.',
  doc: 'What a query ranks by: a weighted sum of the scores of the tasks. Without it, all scores are summed.',
  example: 'retrieve = 0.7 * click + 0.3 * stay',
  snippet: ['retrieve = ${1:click}'],
  value: { is: 'tasks' },
};
