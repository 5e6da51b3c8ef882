import type { Ref } from '../../../graph/builder.ts';
import { activations } from '../activations.ts';
import { choice, integer, name, rest } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needVector } from '../values.ts';
import { applyExperts, mixExperts, namedOutputs, requireDistinctTasks } from './experts.ts';

export const ple = blockKind({
  doc: 'Progressive layered extraction: each task has experts of its own and shares others, level after level; its gate mixes its own and the shared, and a shared gate mixes all for the next level. vector[N] → outputs[task: units, …]; a flow takes one, `shared.click`.',
  formula: [
    'x_k ← Σ_e softmax(x_k · W_k)_e f_e, over f_e(x_k) of task k and f_e(x_s) of the shared experts',
    'x_s ← Σ_e softmax(x_s · W_s)_e f_e, over the experts of all tasks and the shared ones',
  ],
  when: 'For several tasks that disturb each other under `mmoe`.',
  paper: 'Tang et al., "Progressive layered extraction", RecSys 2020 (equations 5 to 9)',
  example: 'ple(click, experts: 2, shared: 1, units: 5, levels: 2)',
  parameters: {
    tasks: rest(name('task', { required: true, doc: 'The tasks, each with an output of that name.' })),
    experts: integer({ min: 1, doc: "Each task's own.", default: 2 }),
    shared: integer({ min: 1, doc: 'Of all tasks.', default: 2 }),
    units: integer({ min: 1, doc: 'Width of each expert, and of each output.', default: 64 }),
    levels: integer({ min: 1, max: 8, doc: 'How many.', default: 2 }),
    activation: choice(activations, { doc: 'Follows each expert.', default: 'relu' }),
  },
  outputs: ({ tasks }) => tasks,
  lower(context, input, { tasks, experts, shared, units, levels, activation }) {
    requireDistinctTasks(tasks);
    const { builder } = context;
    const { tensor, width } = needVector(input);
    let sharedInput: Ref = tensor;
    let taskInputs: readonly Ref[] = tasks.map(() => tensor);
    for (let level = 0; level < levels; level++) {
      const inputs = level === 0 ? width : units;
      const expertsOfInput = (x: Ref, count: number, owner: string): Ref =>
        applyExperts(context, x, inputs, { count, units, activation }, `_${level}_${owner}`);
      const mixedInput = (x: Ref, parts: readonly Ref[], owner: string): Ref =>
        builder.reshape(mixExperts(context, x, inputs, builder.concat(parts, 1), 1, `_${level}_${owner}`), [
          tensor.type.shape[0]!,
          units,
        ]);
      const sharedExperts = expertsOfInput(sharedInput, shared, 'shared');
      const taskExperts = taskInputs.map((x, index) => expertsOfInput(x, experts, tasks[index]!));
      const nextInputs = taskInputs.map((x, index) =>
        mixedInput(x, [taskExperts[index]!, sharedExperts], tasks[index]!),
      );
      // Nothing reads the common experts after the last level.
      if (level < levels - 1) sharedInput = mixedInput(sharedInput, [...taskExperts, sharedExperts], 'shared');
      taskInputs = nextInputs;
    }
    return namedOutputs(tasks, taskInputs, units);
  },
});
