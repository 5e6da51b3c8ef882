/** The body of an inference request: JSON, and after it the bytes of tensors. */
import type { FastifyRequest } from 'fastify';
import { diagnose } from '../../diagnostics/diagnose.ts';
import { parseBody, readOne } from '../body.ts';
import type { Limits } from '../limits.ts';
import { refused } from '../refused.ts';
import type { Desk } from './ask.ts';
import { wrong } from './columns.ts';
import { fromBytes, fromJson } from './tensor_data.ts';

type Parameters = Readonly<Record<string, unknown>>;

export interface InferBody {
  readonly id?: string;
  readonly parameters?: Parameters;
  readonly inputs: readonly InputTensor[];
  readonly outputs?: readonly RequestedOutput[];
}

export interface InputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly parameters?: Parameters;
  readonly data?: readonly unknown[];
}

export interface RequestedOutput {
  readonly name: string;
  readonly parameters?: Parameters;
}

const lengthHeader = 'inference-header-content-length';

/** @throws Refused 400 */
export function readInfer({ readers }: Desk, { body, headers }: FastifyRequest): { body: InferBody; rest: Uint8Array } {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const given = headers[lengthHeader];
  const length = given === undefined ? bytes.length : Number(given);
  if (!Number.isSafeInteger(length) || length < 0 || length > bytes.length) {
    const reason = `is no number of bytes up to the ${bytes.length} of the body`;
    throw wrong('', lengthHeader, reason, 'give the length of the JSON before the tensors');
  }
  const value = parseBody(bytes.subarray(0, length));
  readOne(readers.Infer, value);
  return { body: value as InferBody, rest: bytes.subarray(length) };
}

export interface TensorContext {
  readonly at: string;
  /** The bytes that no tensor before it has. */
  readonly rest: Uint8Array;
  /** Axes of the input without that of rows; 0 of an unknown one. */
  readonly rank: number;
  readonly limits: Limits;
}

export interface Tensor {
  readonly values: readonly unknown[];
  readonly forAll: boolean;
  /** Bytes of `rest` that it takes. */
  readonly bytes: number;
}

/** A value for each row. @throws Refused 400, 413 */
export function tensorOf(input: InputTensor, { at, rest, rank, limits }: TensorContext): Tensor {
  const { name, datatype, shape, parameters = {}, data } = input;
  if (parameters.shared_memory_region !== undefined) {
    throw wrong(`${at}/parameters`, 'shared_memory_region', 'is not supported', 'send the data in the request');
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const given = { name, datatype, at, count };
  if ((shape[0] ?? 1) > limits.batch) {
    throw refused(
      413,
      diagnose('request-size', undefined, { what: 'a tensor', limit: limits.batch, unit: 'rows' }),
      at,
    );
  }
  const size = parameters.binary_data_size;
  if (size === undefined) {
    if (data === undefined)
      throw wrong(at, 'data', 'is missing', 'give `data`, or the bytes after the JSON and `binary_data_size`');
    return { ...shaped(fromJson(data, given), shape, rank), bytes: 0 };
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > rest.length) {
    const reason = `is no number of bytes up to the ${rest.length} that are left after the JSON`;
    throw wrong(
      `${at}/parameters`,
      'binary_data_size',
      reason,
      `send the header \`${lengthHeader}\`, and the bytes of each tensor`,
    );
  }
  return { ...shaped(fromBytes(rest.subarray(0, size), given), shape, rank), bytes: size };
}

function shaped(flat: readonly unknown[], shape: readonly number[], rank: number): Omit<Tensor, 'bytes'> {
  if (shape.length === 0) return { values: flat, forAll: true };
  // One value a row may have an axis of its own.
  const own = shape.length === rank + 2 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  return { values: nested(flat, own) as readonly unknown[], forAll: false };
}

/** A shape without elements is a list of empty lists, whatever it says of their axes. */
function nested(flat: readonly unknown[], shape: readonly number[]): unknown {
  const [rows = 0, ...inner] = shape;
  if (inner.length === 0) return flat;
  const size = flat.length / Math.max(1, rows);
  return Array.from({ length: rows }, (_, row) =>
    size === 0 ? [] : nested(flat.slice(row * size, (row + 1) * size), inner),
  );
}
