/** Computes with the values of flows: `+`, `-`, `*` and `/` number by number, and the inner product `@`. Past the end of a sequence a result is 0. */
import type { Builder, Ref } from '../../graph/builder.ts';
import { type Fields, type Interests, type Sequence, ShapeError, type Value, type Vector } from './contract.ts';
import { asVector, eachNumber, printValue } from './values.ts';

export type Operator = '+' | '-' | '*' | '/' | '@';

/** A value with one tensor. Fields of several widths have none. */
type Plain = Vector | Interests | Sequence;

/**
 * Returns `left operator right`. A number goes with any value; otherwise both have one kind and one width, or one is a vector, which is repeated for each
 * element of the other. Throws ShapeError for other values.
 */
export function compute(builder: Builder, operator: Operator, left: Value | number, right: Value | number): Value {
  if (typeof left === 'number' || typeof right === 'number') return withNumber(builder, operator, left, right);
  const [one, other] = [asVector(left) ?? left, asVector(right) ?? right];
  if (one.kind === 'fields' && other.kind === 'fields') return betweenFields(builder, operator, one, other);
  if (!isPlain(one) || !isPlain(other)) throw mismatch(left, right);
  const carrier = carrierOf(one, other);
  if (one.width !== other.width) throw mismatch(left, right);
  const [a, b] = [reshaped(builder, one, carrier), reshaped(builder, other, carrier)];
  if (operator === '@') {
    const product = builder.mul(a, b);
    const tensor = builder.sum(product, [product.type.shape.length - 1], true);
    return { ...carrier, ...unnormalized, tensor, width: 1 };
  }
  if (carrier.kind !== 'sequence') return { ...carrier, ...unnormalized, tensor: apply(builder, operator, a, b) };
  const present = presence(builder, carrier);
  // Past the end a divisor is 0.
  const divisor = operator === '/' && other.kind === 'sequence' ? builder.add(b, builder.sub(1, present)) : b;
  const tensor = apply(builder, operator, a, divisor);
  const isZeroPastEnd =
    operator === '*' || (one.kind === 'sequence' && (operator === '/' || other.kind === 'sequence'));
  return { ...carrier, tensor: isZeroPastEnd ? tensor : builder.mul(tensor, present) };
}

const unnormalized = { normalized: false };

function withNumber(builder: Builder, operator: Operator, left: Value | number, right: Value | number): Value {
  const value = typeof left === 'number' ? right : left;
  if (typeof value === 'number') throw new ShapeError('needs a value of a flow next to a number');
  if (operator === '@') throw new ShapeError(`needs two values of flows, but gets a number and ${printValue(value)}`);
  const operand = (x: Ref, given: Value | number): Ref | number => (typeof given === 'number' ? given : x);
  if (value.kind !== 'sequence' || operator !== '/' || typeof right === 'number')
    return eachNumber(builder, value, (x) => apply(builder, operator, operand(x, left), operand(x, right)));
  const present = presence(builder, value);
  const divisor = builder.add(value.tensor, builder.sub(1, present));
  return { ...value, tensor: builder.mul(builder.div(left as number, divisor), present) };
}

function betweenFields(builder: Builder, operator: Operator, left: Fields, right: Fields): Fields {
  const isSame =
    left.fields.length === right.fields.length &&
    left.fields.every(({ width }, index) => width === right.fields[index]!.width);
  if (!isSame || operator === '@') throw mismatch(left, right);
  const fields = left.fields.map((field, index) => ({
    ...field,
    tensor: apply(builder, operator, field.tensor, right.fields[index]!.tensor),
  }));
  return { kind: 'fields', fields };
}

/** Returns the operand whose elements the result has. Throws ShapeError if the elements of both do not correspond. */
function carrierOf(left: Plain, right: Plain): Plain {
  if (right.kind === 'vector') return left;
  if (left.kind === 'vector') return right;
  const isSequencePair = left.kind === 'sequence' && right.kind === 'sequence';
  if (isSequencePair && left.name === right.name && left.length === right.length) return left;
  if (left.kind === 'interests' && right.kind === 'interests' && left.count === right.count) return left;
  if (!isSequencePair) throw mismatch(left, right);
  throw new ShapeError(
    `needs sequences of one list, but gets elements of \`${left.name}\` and of \`${right.name}\`: declare one \`along(…)\` the other`,
  );
}

function reshaped(builder: Builder, { kind, tensor, width }: Plain, carrier: Plain): Ref {
  if (kind !== 'vector' || carrier.kind === 'vector') return tensor;
  return builder.reshape(tensor, [tensor.type.shape[0]!, 1, width]);
}

/** Returns 1 for each element that a sequence has, else 0: float32 [batch, length, 1]. */
const presence = (builder: Builder, { mask, length }: Sequence): Ref =>
  builder.reshape(mask, [mask.type.shape[0]!, length, 1]);

const ops = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '@': 'mul' } as const;

const apply = (builder: Builder, operator: Operator, left: Ref | number, right: Ref | number): Ref =>
  builder[ops[operator]](left, right);

const isPlain = (value: Value): value is Plain => value.kind !== 'fields' && value.kind !== 'outputs';

function mismatch(left: Value, right: Value): ShapeError {
  const isOneWide = [left, right].some((value) => asVector(value)?.width === 1);
  const hint = isOneWide ? ': a vector of width 1 is no number, so let a `dense` give it the width of the other' : '';
  return new ShapeError(
    `needs values of one kind and one width, but gets ${printValue(left)} and ${printValue(right)}${hint}`,
  );
}
