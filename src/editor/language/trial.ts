/** What a block makes of a type: found out as the checker does, by lowering it, in a graph that nobody keeps. */
import { Refused, type Value, type ValueType } from '../../compiler/library/contract.ts';
import { typeOf } from '../../compiler/library/values.ts';
import { rowsDim } from '../../compiler/lower/field.ts';
import { GraphInputs } from '../../compiler/lower/inputs.ts';
import { blockContext, makeTowerContext } from '../../compiler/lower/tower.ts';
import type { FlowStep } from '../../compiler/model/model.ts';
import { type Builder, makeBuilder } from '../../graph/builder.ts';
import { events } from './shapes.ts';

export interface Trial {
  readonly gives: ValueType;
  /** It comes out as it went in, such as a vector that is flattened. */
  readonly idle: boolean;
}

/** Absent where the step refuses the value. Steps within its arguments are tried with it. */
export function tryStep(step: FlowStep, type: ValueType): Trial | undefined {
  const context = makeTowerContext(new GraphInputs(makeBuilder('trial')), noFeatures, true);
  const input = inputOf(type, context.inputs.builder);
  try {
    const made = blockContext(context, 'trial', events).through({ flow: [step] }, input);
    return { gives: typeOf(made), idle: isSame(made, input) };
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const noFeatures = { byName: new Map(), tables: [] };

const isSame = (made: Value, input: Value): boolean =>
  made.kind === 'vector' && input.kind === 'vector' && made.tensor.id === input.tensor.id;

/** A value of a type, whose tensors are inputs of the graph. */
function inputOf(type: ValueType, builder: Builder): Value {
  const tensor = (...lengths: readonly number[]) =>
    builder.input(`value/${builder.nodes.length}`, [rowsDim(events), ...lengths]);
  switch (type.kind) {
    case 'fields': {
      const fields = type.fields.map((field) => ({ ...field, tensor: tensor(field.width) }));
      return { kind: 'fields', fields };
    }
    case 'sequence': {
      const { length, width } = type;
      return { ...type, most: length, name: 'sequence', tensor: tensor(length, width), mask: tensor(length) };
    }
    case 'vector':
      return { ...type, tensor: tensor(type.width), normalized: false };
    case 'interests':
      return { ...type, tensor: tensor(type.count, type.width), normalized: false };
    case 'outputs': {
      const outputs = type.outputs.map(
        ({ name, width }) => [name, { kind: 'vector', tensor: tensor(width), width, normalized: false }] as const,
      );
      return { kind: 'outputs', outputs: new Map(outputs) };
    }
  }
}
