import { activations } from '../activations.ts';
import { choice, integer, name, rest } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector } from '../values.ts';
import { applyExperts, mixExperts, namedOutputs, requireDistinctTasks } from './experts.ts';

export const mmoe = blockKind({
  doc: 'Multi-gate mixture of experts: a vector for each task, from experts that all tasks share and a gate of its own. vector[N] → outputs[task: units, …]; a flow takes one, `shared.click`.',
  formula: ['g = softmax(x · W_k)', 'y_k = Σ_e g_e f_e(x), f_e dense layers that all tasks share'],
  when: 'For several tasks that are related but not alike.',
  paper: 'Ma et al., "Modeling task relationships with multi-gate mixture-of-experts", KDD 2018 (equations 6 and 7)',
  example: 'mmoe(click, experts: 3, units: 5)',
  parameters: {
    tasks: rest(name('task', { required: true, doc: 'The tasks that get a gate each, and an output of that name.' })),
    experts: integer({ min: 1, doc: 'How many.', default: 4 }),
    units: integer({ min: 1, doc: 'Width of each expert, and of each output.', default: 64 }),
    activation: choice(activations, { doc: 'Follows each expert.', default: 'relu' }),
  },
  outputs: ({ tasks }) => tasks,
  lower(context, input, { tasks, experts, units, activation }) {
    requireDistinctTasks(tasks);
    const { builder } = context;
    const { tensor, width } = needVector(input);
    const allExperts = applyExperts(context, tensor, width, { count: experts, units, activation }, '');
    const mixed = mixExperts(context, tensor, width, allExperts, tasks.length, '');
    const vectors = tasks.map((_, index) =>
      builder.reshape(builder.slice(mixed, [0, index, 0], [-1, 1, -1]), [mixed.type.shape[0]!, units]),
    );
    return namedOutputs(tasks, vectors, units);
  },
});
