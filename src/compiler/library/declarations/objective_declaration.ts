// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { Parameters } from '../contract.ts';
import { name, rest } from '../parameters.ts';
import { weightings } from '../weightings/table.ts';
import type { DeclarationRow } from './entry.ts';

/** Every weighting takes these in addition to its own arguments. */
export const weightedTasks: Parameters = {
  tasks: rest(name('task', { doc: 'The tasks whose losses are weighed. Default: all.' })),
};

export const objective: DeclarationRow = {
  brief: "What training minimises: a weighted sum of the tasks' losses.",
  doc: 'What training minimises: a weighted sum of the losses of the tasks, or a weighting that changes as it learns.',
  example: 'objective = 1.0 * click + 0.5 * stay',
  snippet: ['objective = ${1:click}'],
  value: { is: 'tasks', weightings, also: weightedTasks },
};
