/**
 * What blocks make of the types they get, from one check to the next. A block's type is the type of what it lowers to; what it
 * lowers to follows from its arguments and from the type that it gets, so a step that was lowered once need not be again.
 * Only for checks: the graph has only the parts that were lowered.
 */
import type { Ref } from '../graph/builder.ts';
import { isSame } from '../kept/kept.ts';
import { blocks } from '../library/blocks/table.ts';
import type { BlockContext, Field, Fields, Value, ValueType, Vector } from '../library/contract.ts';
import { typeOf } from '../library/values.ts';
import type { Call, Flow, Task } from '../model/model.ts';
import type { RowsOf } from '../plan/plan.ts';
import type { LoweredFeature } from './features.ts';
import { rowsDim } from './field.ts';
import type { Arrow } from './flow.ts';
import type { GraphInputs } from './inputs.ts';

/** A value without tensors, and all else that a block may ask of it. */
type Shape =
  | { readonly kind: 'fields'; readonly fields: readonly { readonly name: string; readonly width: number }[] }
  | { readonly kind: 'sequence'; readonly name: string; readonly length: number; readonly width: number }
  | { readonly kind: 'vector'; readonly width: number; readonly normalized: boolean }
  | { readonly kind: 'interests'; readonly count: number; readonly width: number; readonly normalized: boolean }
  | { readonly kind: 'outputs'; readonly outputs: readonly (readonly [string, number, boolean])[] };

/** A shape, and a number that no other shape has; one that comes up again may have another. */
export interface Known {
  readonly shape: Shape;
  readonly number: number;
}

/** What a flow or a task came to, and what around it that followed from. */
interface Lowered {
  readonly around: readonly unknown[];
  /** What a flow gives. */
  readonly known: Known | undefined;
  readonly arrows: readonly Arrow[];
}

/** What is kept though no check asked for it: that of a few texts. */
const most = 4_000;

export class KnownShapes {
  #known = new Map<string, Known>();
  #before = new Map<string, Known>();
  #shapes = 0;
  readonly #values = new WeakMap<Value, Known>();
  /** By flow and by task, which stay the same while their text and all that they name do. */
  readonly #lowered = new WeakMap<Flow | Task, Lowered>();

  /** Features side by side; their fields are made when a block asks for them. */
  fields(features: readonly LoweredFeature[], make: () => readonly Field[]): Value {
    const key = `features ${features.map(({ plan }) => `${plan.name} ${plan.width}`).join()}`;
    const known =
      this.#recall(key) ??
      this.#keep(key, { kind: 'fields', fields: features.map(({ plan: { name, width } }) => ({ name, width })) });
    return this.#note(lazyFields(make), known);
  }

  /** The same as the type of any value, without asking for its fields. */
  typeOf(value: Value): ValueType {
    const shape = this.#values.get(value)?.shape;
    return shape?.kind === 'fields' ? shape : typeOf(value);
  }

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
    const key = `${call.kind} ${JSON.stringify(call.arguments)} ${this.of(input).number}`;
    const known = this.#recall(key);
    if (known) return this.value(known, inputs, rows);
    // Running means are more than a type. What is read out is not: nothing is in training, and so in a check.
    let keeps = false;
    const keep: BlockContext['keep'] = (...given) => {
      keeps = true;
      context.keep(...given);
    };
    const value = lower({ ...context, keep });
    return keeps ? value : this.#note(value, this.#keep(key, shapeOf(value)));
  }

  /** What a flow or a task came to in a check before, where all around it is the same. */
  lowered(node: Flow | Task, around: readonly unknown[]): Lowered | undefined {
    const known = this.#lowered.get(node);
    return known && isSame(known.around, around) ? known : undefined;
  }

  keepLowered(node: Flow | Task, around: readonly unknown[], arrows: readonly Arrow[], value?: Value): void {
    this.#lowered.set(node, { around, arrows, known: value && this.of(value) });
  }

  /** A value of a shape that is known. */
  value(known: Known, inputs: GraphInputs, rows: RowsOf): Value {
    return this.#note(valueFrom(known.shape, inputs, rows), known);
  }

  /** The shape of a value: the same object for the same shape, if it was not forgotten in between. */
  of(value: Value): Known {
    const noted = this.#values.get(value);
    if (noted) return noted;
    const shape = shapeOf(value);
    const key = JSON.stringify(shape);
    const known = this.#recall(key) ?? this.#keep(key, shape);
    this.#note(value, known);
    return known;
  }

  #note(value: Value, known: Known): Value {
    this.#values.set(value, known);
    return value;
  }

  #recall(key: string): Known | undefined {
    const recent = this.#known.get(key);
    if (recent) return recent;
    const known = this.#before.get(key);
    if (known) this.#put(key, known);
    return known;
  }

  #keep(key: string, shape: Shape): Known {
    const known = { shape, number: this.#shapes++ };
    this.#put(key, known);
    return known;
  }

  #put(key: string, known: Known): void {
    if (this.#known.size >= most) {
      this.#before = this.#known;
      this.#known = new Map();
    }
    this.#known.set(key, known);
  }
}

function lazyFields(make: () => readonly Field[]): Fields {
  const made = lazy(make);
  return {
    kind: 'fields',
    get fields() {
      return made();
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
    case 'fields':
      return lazyFields(() => shape.fields.map(({ name, width }) => ({ name, width, tensor: tensor(width)() })));
    case 'sequence': {
      const [made, mask] = [tensor(shape.length, shape.width), tensor(shape.length)];
      return {
        ...shape,
        most: shape.length,
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
