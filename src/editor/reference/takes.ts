/** What each block takes and gives, found out by trying its example on every type of value: no block says it of itself. */
import { smallModel } from '../../base/diagnostics/small_model.ts';
import { makeSource } from '../../base/text/source.ts';
import type { ValueType } from '../../compiler/library/contract.ts';
import type { FlowStep } from '../../compiler/model/model.ts';
import { check } from '../../compiler/pipeline.ts';
import { tryStep } from '../language/trial.ts';

export interface Taken {
  readonly takes: ValueType;
  readonly gives: ValueType;
  /** How a flow begins that carries the value, in the models of examples. */
  readonly from: string;
}

/** The beginning of a flow, and what it carries. */
interface Sample {
  readonly from: string;
  readonly type: ValueType;
}

const fields = (...widths: readonly number[]): ValueType => ({
  kind: 'fields',
  fields: widths.map((width, at) => ({ name: `field_${at}`, width })),
});

/** One of each type, in the order in which a block is shown: after the first that it takes. */
const samples: readonly Sample[] = [
  { from: 'profile -> flatten', type: { kind: 'vector', width: 64 } },
  { from: 'mixed', type: fields(16, 8, 4) },
  { from: 'history', type: { kind: 'sequence', length: 20, width: 16 } },
  { from: 'profile', type: fields(16, 16, 16, 16) },
  { from: 'history -> multi_interest(3)', type: { kind: 'interests', count: 3, width: 16 } },
];

/** Each type that the step takes without giving it back as it was. None for what is no step, such as `concat(deep, wide)`. */
export function takesOf(text: string): readonly Taken[] {
  const step = stepOf(text);
  if (!step) return [];
  return samples.flatMap(({ from, type }) => {
    const trial = tryStep(step, type);
    return trial && !trial.idle ? [{ from, takes: type, gives: trial.gives }] : [];
  });
}

/** The step as a model has it, whatever it makes of what is before it. */
export function stepOf(text: string): FlowStep | undefined {
  const user = `channel main = user_id -> ${text} -> dense(16)`;
  const { resolution } = check(makeSource('trial.tower', smallModel({ user, ...twoTasks })));
  return resolution.towers[0]?.steps[0]?.flow?.steps[0];
}

/** Tasks that an example may name. */
export const twoTasks = {
  labels: 'clicked: binary, liked: binary',
  tasks: [
    'task click { score = cosine(user, item) / 0.1, loss = bce, label = clicked }',
    'task like { score = cosine(user, item) / 0.1, loss = bce, label = liked }',
  ].join('\n'),
};
