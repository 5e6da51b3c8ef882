/** Checks and maps the values that flow into blocks. All functions throw ShapeError in the words of the language. */
import { countValues } from '../../base/util/objects.ts';
import type { Builder, Ref } from '../../graph/builder.ts';
import { productOfDims } from '../../graph/dims.ts';
import {
  type Field,
  type Fields,
  type Interests,
  type NamedValue,
  type Sequence,
  ShapeError,
  type Value,
  type ValueType,
  type Vector,
} from './contract.ts';

/** Returns a value without its tensors. */
export function typeOf(value: Value): ValueType {
  switch (value.kind) {
    case 'fields':
      return { kind: 'fields', fields: value.fields.map(({ name, width }) => ({ name, width })) };
    case 'sequence':
      return { kind: 'sequence', length: value.length, width: value.width };
    case 'vector':
      return { kind: 'vector', width: value.width };
    case 'interests':
      return { kind: 'interests', count: value.count, width: value.width };
    case 'outputs':
      return { kind: 'outputs', outputs: [...value.outputs].map(([name, { width }]) => ({ name, width })) };
  }
}

/** Prints a type as the editor shows it: `fields[9 × 16]`, `fields[32, 4, 8]`, `sequence[50 × 32]`, `vector[64]`, `interests[4 × 64]`. */
export function printValueType(type: ValueType): string {
  switch (type.kind) {
    case 'fields': {
      const widths = type.fields.map((field) => field.width);
      const areSame = widths.length > 0 && widths.every((width) => width === widths[0]);
      return areSame ? `fields[${widths.length} × ${widths[0]}]` : `fields[${widths.join(', ')}]`;
    }
    case 'sequence':
      return `sequence[${type.length} × ${type.width}]`;
    case 'vector':
      return `vector[${type.width}]`;
    case 'interests':
      return `interests[${type.count} × ${type.width}]`;
    case 'outputs':
      return `outputs[${type.outputs.map(({ name, width }) => `${name}: ${width}`).join(', ')}]`;
  }
}

export const printValue = (value: Value): string => printValueType(typeOf(value));

/** Makes a vector whose rows need not have length 1. */
export const vectorOf = (tensor: Ref, width: number): Vector => ({ kind: 'vector', tensor, width, normalized: false });

/** Concatenates tensors along an axis, by default the last one of [batch, width]. */
export const endToEnd = (builder: Builder, tensors: readonly Ref[], axis = 1): Ref =>
  tensors.length === 1 ? tensors[0]! : builder.concat(tensors, axis);

/** Concatenates fields of any widths. */
export function flattened(builder: Builder, fields: readonly Field[]): Vector {
  const tensors = fields.map(({ tensor }) => tensor);
  const width = fields.reduce((sum, field) => sum + field.width, 0);
  return vectorOf(endToEnd(builder, tensors), width);
}

/** Returns the sum of all numbers, a scalar. */
export const sumOfAll = (builder: Builder, x: Ref): Ref =>
  builder.sum(
    x,
    x.type.shape.map((_, axis) => axis),
  );

/** Returns a vector as it is, and a single field as a vector; undefined for any other value. */
export function asVector(value: Value): Vector | undefined {
  if (value.kind === 'vector') return value;
  const [field, ...others] = value.kind === 'fields' ? value.fields : [];
  if (field === undefined || others.length > 0) return undefined;
  return vectorOf(field.tensor, field.width);
}

export function needVector(value: Value): Vector {
  const vector = asVector(value);
  if (vector !== undefined) return vector;
  throw new ShapeError(`needs a vector, but gets ${printValue(value)}${oneOf(value)}`, undefined, towardsVector(value));
}

/** Returns the step that turns such a value into a vector, as text of a flow. */
export function towardsVector({ kind }: Pick<Value, 'kind'>): string | undefined {
  switch (kind) {
    case 'fields':
    case 'interests':
      return 'flatten';
    case 'sequence':
      return 'mean';
    default:
      return undefined;
  }
}

function oneOf(value: Value): string {
  return value.kind === 'outputs' ? `: one of them is written \`….${[...value.outputs.keys()][0]}\`` : '';
}

export function needSequence(value: Value): Sequence {
  if (value.kind === 'sequence') return value;
  throw new ShapeError(`needs a sequence, such as \`sequence(movie_id, 50)\`, but gets ${printValue(value)}`);
}

/** Fields of one width, or a sequence, in one tensor. */
export interface Elements {
  /** float32 [batch, count, width], zeros where the mask is 0 */
  readonly tensor: Ref;
  /** float32 [batch, count] of 1 and 0. Absent if all elements exist. */
  readonly mask?: Ref;
  readonly count: number;
  /** Maximum length of a sequence in any batch. */
  readonly most?: number;
  readonly width: number;
}

export function needElements(builder: Builder, value: Value): Elements {
  if (value.kind === 'sequence') return { ...value, count: value.length };
  if (value.kind !== 'fields') throw new ShapeError(`needs fields or a sequence, but gets ${printValue(value)}`);
  const width = needOneWidth(value);
  return { tensor: stacked(builder, value, width), count: value.fields.length, width };
}

/** Stacks fields of one width: float32 [batch, fields, width]. */
export function stacked(builder: Builder, { fields }: Fields, width: number): Ref {
  const { tensor } = flattened(builder, fields);
  return builder.reshape(tensor, [tensor.type.shape[0]!, fields.length, width]);
}

/**
 * Maps float32 [rows, width] to [rows, another width]. `mask`, float32 [rows] of 1 and 0, is given if some rows are after the end of a sequence. `count` is the
 * number of rows for each row of the batch.
 */
type RowMap = (
  rows: Ref,
  width: number,
  mask: Ref | undefined,
  count: number,
) => { readonly tensor: Ref; readonly width: number };

/** Applies a layer to a vector, to each interest, or to each element of a sequence, with zeros after its end. Throws ShapeError for other values. */
export function eachVector(builder: Builder, value: Value, map: RowMap): Vector | Interests | Sequence {
  if (value.kind !== 'interests' && value.kind !== 'sequence') {
    const vector = needVector(value);
    return { kind: 'vector', ...map(vector.tensor, vector.width, undefined, 1), normalized: false };
  }
  const count = value.kind === 'interests' ? value.count : value.length;
  const [batch] = value.tensor.type.shape;
  const rows = productOfDims([batch!, count]);
  const mask = value.kind === 'sequence' ? builder.reshape(value.mask, [rows]) : undefined;
  const { tensor, width } = map(builder.reshape(value.tensor, [rows, value.width]), value.width, mask, count);
  const shaped = builder.reshape(tensor, [batch!, count, width]);
  if (value.kind === 'interests') return { ...value, tensor: shaped, width, normalized: false };
  return { ...value, tensor: builder.mul(shaped, builder.reshape(value.mask, [batch!, count, 1])), width };
}

/** Applies a map to each number: of a vector, of fields, of interests, or of a sequence, with zeros after its end. Throws ShapeError for outputs. */
export function eachNumber(builder: Builder, value: Value, map: (x: Ref) => Ref): Value {
  if (value.kind === 'fields') {
    return { kind: 'fields', fields: value.fields.map((field) => ({ ...field, tensor: map(field.tensor) })) };
  }
  return eachVector(builder, value, (rows, width) => ({ tensor: map(rows), width }));
}

/**
 * Applies a map with learned numbers for each column: fields are concatenated for it and split again.
 * @param map float32 [rows, width] and the mask of rows → [rows, width]
 */
export function eachColumn(builder: Builder, value: Value, map: (x: Ref, mask: Ref | undefined) => Ref): Value {
  if (value.kind !== 'fields')
    return eachVector(builder, value, (rows, width, mask) => ({ tensor: map(rows, mask), width }));
  const mappedAll = map(flattened(builder, value.fields).tensor, undefined);
  let fieldStart = 0;
  const fields = value.fields.map((field) => {
    const tensor = builder.slice(mappedAll, [0, fieldStart], [-1, field.width]);
    fieldStart += field.width;
    return { ...field, tensor };
  });
  return { kind: 'fields', fields };
}

/** Returns several values as fields, in order. Throws ShapeError for a value that cannot be a field. */
export function sideBySide(parts: readonly NamedValue[]): Fields {
  return { kind: 'fields', fields: parts.flatMap(fieldsOf) };
}

function fieldsOf({ name, value }: NamedValue): readonly Field[] {
  if (value.kind === 'fields') return value.fields;
  const vector = asVector(value);
  if (vector) return [{ name, tensor: vector.tensor, width: vector.width }];
  throw new ShapeError(`takes vectors and fields side by side, but \`${name}\` is ${printValue(value)}`);
}

export function needFields(value: Value): Fields {
  if (value.kind === 'fields') return value;
  const advice =
    value.kind === 'vector' ? ': features are fields until `flatten`, `concat` or `dense` makes one vector' : '';
  throw new ShapeError(`needs fields, but gets ${printValue(value)}${advice}`);
}

/** Returns the common width of fields. If widths differ, the most frequent one is expected, and the first other field is reported. */
export function needOneWidth(value: Fields): number {
  const counts = countValues(value.fields.map(({ width }) => width));
  const usualWidth = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
  const odd = value.fields.find((field) => field.width !== usualWidth);
  if (odd === undefined) return usualWidth;
  throw new ShapeError(
    `needs fields of one width, but gets ${printValue(value)}: \`${odd.name}\` has width ${odd.width}, not ${usualWidth}`,
    odd.name,
  );
}
