/** Whether a block takes what an arrow carries: found out as the checker does, by lowering it, in a graph that nobody keeps. */
import { type Builder, makeBuilder } from '../../graph/builder.ts';
import { type BlockKind, type Parameter, Refused, type Value, type ValueType } from '../../library/contract.ts';
import { rowsDim } from '../../lower/field.ts';
import { GraphInputs } from '../../lower/inputs.ts';
import { blockContext, makeTowerContext } from '../../lower/tower.ts';
import { bindDefaults } from '../../model/arguments.ts';
import type { FlowStep } from '../../model/model.ts';
import type { Span } from '../../text/source.ts';
import { events } from '../shapes.ts';

/** `idle`: it is taken, and comes out as it went in, such as a vector that is flattened. */
export type Fit = 'fits' | 'idle' | 'refused';

/** @param at where mistakes of the trial would be; nobody sees them */
export function fitOf(kind: string, row: BlockKind, type: ValueType, at: Span): Fit {
  const tries = argumentsToTry(row);
  for (const given of tries) {
    const fit = tryOut({ kind: 'block', call: bindDefaults(kind, row, given, at), span: at }, type);
    if (fit !== 'refused') return fit;
  }
  return tries.length === 0 ? 'fits' : 'refused';
}

function tryOut(step: FlowStep, type: ValueType): Fit {
  const context = makeTowerContext(new GraphInputs(makeBuilder('trial')), noFeatures, true);
  const input = inputOf(type, context.inputs.builder);
  try {
    const made = blockContext(context, 'trial', events).through({ flow: [step] }, input);
    return isSame(made, input) ? 'idle' : 'fits';
  } catch (error) {
    if (error instanceof Refused) return 'refused';
    throw error;
  }
}

const noFeatures = { byName: new Map(), tables: [] };

/**
 * A refusal should be of the value, and not of the arguments: so with the defaults, and with the least of every number. None
 * where an argument that is required cannot be made up.
 */
function argumentsToTry({ parameters }: BlockKind): readonly Readonly<Record<string, unknown>>[] {
  const least = Object.entries(parameters).map(([name, parameter]) => ({ name, parameter, value: leastOf(parameter) }));
  const required = least.filter(({ parameter }) => parameter.required);
  if (required.some(({ value }) => value === undefined)) return [];
  const numbers = least.filter(({ parameter: { type } }) => type.is === 'integer');
  const given = [required, [...required, ...numbers]];
  return given.map((all) => Object.fromEntries(all.map(({ name, value }) => [name, value])));
}

function leastOf({ type, rest }: Parameter): unknown {
  const value = leastOfType(type);
  return rest && value !== undefined ? [value] : value;
}

function leastOfType(type: Parameter['type']): unknown {
  switch (type.is) {
    case 'integer':
      return type.min ?? 1;
    case 'name':
      return type.of;
    case 'flow':
      // Through no steps a value stays as it is.
      return { flow: [] };
    default:
      return undefined;
  }
}

const isSame = (made: Value, input: Value): boolean =>
  made.kind === 'vector' && input.kind === 'vector' && made.tensor.id === input.tensor.id;

/** A value of a type, whose tensors are inputs of the graph. */
function inputOf(type: ValueType, builder: Builder): Value {
  const tensor = (...lengths: readonly number[]) =>
    builder.input(`value/${builder.nodes.length}`, [rowsDim(events), ...lengths]);
  switch (type.kind) {
    case 'fields': {
      const fields = fewOf(type.fields).map((field) => ({ ...field, tensor: tensor(field.width) }));
      return { kind: 'fields', fields };
    }
    case 'sequence': {
      const { length, width } = type;
      return { ...type, name: 'sequence', tensor: tensor(length, width), mask: tensor(length) };
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

/** Two of a width are refused where all are, and blocks of pairs soon make very many of them. */
function fewOf<F extends { readonly width: number }>(fields: readonly F[]): readonly F[] {
  const seen = new Map<number, number>();
  const few = fields.filter(({ width }) => {
    const count = (seen.get(width) ?? 0) + 1;
    seen.set(width, count);
    return count <= 2;
  });
  return few.slice(0, 8);
}
