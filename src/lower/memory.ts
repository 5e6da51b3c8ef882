/**
 * What blocks make of the types they get, from one check to the next. A block's type is the type of what it lowers to; what it
 * lowers to follows from its arguments and from the type that it gets, so a step that was lowered once need not be again.
 * Only for checks: the graph lacks what was not lowered.
 */
import type { Ref } from '../graph/builder.ts';
import { blocks } from '../library/blocks/table.ts';
import type { BlockContext, Value, Vector } from '../library/contract.ts';
import type { Call } from '../model/model.ts';
import type { LoweredFeature } from './features.ts';
import { lowerFeature, rowsDim } from './field.ts';
import type { GraphInputs } from './inputs.ts';
import type { RowsOf } from './plan.ts';

/** A value without tensors, and all else that a block may ask of it. */
type Shape =
  | { readonly kind: 'fields'; readonly fields: readonly { readonly name: string; readonly width: number }[] }
  | { readonly kind: 'sequence'; readonly name: string; readonly length: number; readonly width: number }
  | { readonly kind: 'vector'; readonly width: number; readonly normalized: boolean }
  | { readonly kind: 'interests'; readonly count: number; readonly width: number; readonly normalized: boolean }
  | { readonly kind: 'outputs'; readonly outputs: readonly (readonly [string, number, boolean])[] };

/** Steps that are kept though no check asked for them: those of a few texts. */
const most = 2_000;

export class ShapeMemory {
  #known = new Map<string, Shape>();
  #before = new Map<string, Shape>();
  readonly #keys = new WeakMap<Value, string>();

  /** What a block makes of a value: its shape alone where that is known. Throws what the block throws. */
  block(
    inputs: GraphInputs,
    rows: RowsOf,
    call: Call,
    input: Value,
    context: BlockContext,
    lower: (context: BlockContext) => Value,
  ): Value {
    const { parameters } = blocks[call.kind]!;
    // Its steps say what they carry, and what is wrong with them.
    if (Object.values(parameters).some(({ type }) => type.is === 'flow')) return lower(context);
    const key = `${call.kind} ${JSON.stringify(call.arguments)} ${this.#keyOf(input)}`;
    const known = this.#known.get(key) ?? this.#before.get(key);
    if (known) {
      this.#keep(key, known);
      return valueFrom(known, inputs, rows);
    }
    // Running means are more than a type. What is read out is not: nothing is in training, and so in a check.
    let keeps = false;
    const keep: BlockContext['keep'] = (...given) => {
      keeps = true;
      context.keep(...given);
    };
    const value = lower({ ...context, keep });
    if (!keeps) this.#keep(key, shapeOf(value));
    return value;
  }

  #keep(key: string, shape: Shape): void {
    if (this.#known.size >= most) {
      this.#before = this.#known;
      this.#known = new Map();
    }
    this.#known.set(key, shape);
  }

  #keyOf(value: Value): string {
    const known = this.#keys.get(value) ?? JSON.stringify(shapeOf(value));
    this.#keys.set(value, known);
    return known;
  }
}

/** A feature's field or sequence, whose tensors are made when a block asks for them. */
export function lazyFeature(
  inputs: GraphInputs,
  feature: LoweredFeature,
  rows: RowsOf,
): ReturnType<typeof lowerFeature> {
  const { use, plan } = feature;
  const lowered = lazy(() => lowerFeature(inputs, feature, rows));
  const { name, width } = plan;
  if (use.gives === 'bag' && use.pool === 'none') {
    return {
      kind: 'sequence',
      name,
      length: use.max!,
      width,
      get tensor() {
        return lowered().tensor;
      },
      get mask() {
        const value = lowered();
        return value.kind === 'sequence' ? value.mask : value.tensor;
      },
    };
  }
  return {
    kind: 'field',
    name,
    width,
    get tensor() {
      return lowered().tensor;
    },
  };
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function shapeOf(value: Value): Shape {
  switch (value.kind) {
    case 'fields':
      return { kind: 'fields', fields: value.fields.map(({ name, width }) => ({ name, width })) };
    case 'sequence':
      return { kind: 'sequence', name: value.name, length: value.length, width: value.width };
    case 'vector':
      return { kind: 'vector', width: value.width, normalized: value.normalized };
    case 'interests':
      return { kind: 'interests', count: value.count, width: value.width, normalized: value.normalized };
    case 'outputs':
      return {
        kind: 'outputs',
        outputs: [...value.outputs].map(([name, { width, normalized }]) => [name, width, normalized] as const),
      };
  }
}

/** A value of a shape; its tensors are inputs of the graph, made when a block asks for them. */
function valueFrom(shape: Shape, inputs: GraphInputs, rows: RowsOf): Value {
  const batch = rowsDim(rows);
  const tensor = (...lengths: readonly number[]): (() => Ref) =>
    lazy(() => inputs.builder.input(`known/${inputs.builder.nodes.length}`, [batch, ...lengths]));
  const vector = (width: number, normalized: boolean): Vector => {
    const made = tensor(width);
    return {
      kind: 'vector',
      width,
      normalized,
      get tensor() {
        return made();
      },
    };
  };
  switch (shape.kind) {
    case 'fields': {
      const fields = shape.fields.map(({ name, width }) => {
        const made = tensor(width);
        return {
          name,
          width,
          get tensor() {
            return made();
          },
        };
      });
      return { kind: 'fields', fields };
    }
    case 'sequence': {
      const [made, mask] = [tensor(shape.length, shape.width), tensor(shape.length)];
      return {
        ...shape,
        get tensor() {
          return made();
        },
        get mask() {
          return mask();
        },
      };
    }
    case 'vector':
      return vector(shape.width, shape.normalized);
    case 'interests': {
      const made = tensor(shape.count, shape.width);
      return {
        ...shape,
        get tensor() {
          return made();
        },
      };
    }
    case 'outputs':
      return {
        kind: 'outputs',
        outputs: new Map(shape.outputs.map(([name, width, normalized]) => [name, vector(width, normalized)])),
      };
  }
}
