/** The Open Inference Protocol, version 2, over REST: https://github.com/kserve/open-inference-protocol */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { diagnose } from '../../../base/diagnostics/diagnose.ts';
import { defined } from '../../../base/util/defined.ts';
import { parseBody, readOne } from '../body.ts';
import type { Limits } from '../limits.ts';
import { refused } from '../refused.ts';
import type { Version } from '../versions/versions.ts';
import {
  answerRows,
  type ModelPath,
  type ProtocolContext,
  type RowsAnswer,
  type RowsRequest,
  refuseOtherModel,
  unknownName,
  versionIn,
  versionName,
} from './ask.ts';
import { type NestedValue, type SignatureName, signatures, type TensorField, typeNames } from './signatures.ts';
import { columnsOf, fromBytes, fromJson, type InputColumn, inputRows, toBytes, wrong } from './tensor_data.ts';

type InferParameters = Readonly<Record<string, unknown>>;

interface InferBody {
  readonly id?: string;
  readonly parameters?: InferParameters;
  readonly inputs: readonly InputTensor[];
  readonly outputs?: readonly Pick<InputTensor, 'name' | 'parameters'>[];
}

interface InputTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly parameters?: InferParameters;
  readonly data?: readonly unknown[];
}

const lengthHeader = 'inference-header-content-length';

/** Reads the body, and splits off the bytes of tensors. @throws RequestError 400 */
function readInfer(
  { readers }: ProtocolContext,
  { body, headers }: FastifyRequest,
): { body: InferBody; rest: Uint8Array } {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  const lengthText = headers[lengthHeader];
  const length = lengthText === undefined ? bytes.length : Number(lengthText);
  if (!Number.isSafeInteger(length) || length < 0 || length > bytes.length) {
    const reason = `is no number of bytes up to the ${bytes.length} of the body`;
    throw wrong('', lengthHeader, reason, 'give the length of the JSON before the tensors');
  }
  const value = parseBody(bytes.subarray(0, length));
  readOne(readers.Infer, value);
  return { body: value as InferBody, rest: bytes.subarray(length) };
}

/**
 * Returns a value for each row, and the number of bytes of `rest` that they take.
 * @param rest the bytes after those of earlier tensors
 * @param rank number of axes of the input without that of rows; 0 for an unknown input
 * @throws RequestError 400, 413
 */
function tensorOf(input: InputTensor, at: string, rest: Uint8Array, rank: number, limits: Limits) {
  const { name, datatype, shape, parameters = {}, data } = input;
  if (parameters.shared_memory_region !== undefined) {
    throw wrong(`${at}/parameters`, 'shared_memory_region', 'is not supported', 'send the data in the request');
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const tensorSpec = { name, datatype, at, count };
  if ((shape[0] ?? 1) > limits.batch) {
    const facts = { what: 'a tensor', limit: limits.batch, unit: 'rows' };
    throw refused(413, diagnose('request-size', undefined, facts), at);
  }
  const size = parameters.binary_data_size;
  if (size === undefined) {
    if (data === undefined)
      throw wrong(at, 'data', 'is missing', 'give `data`, or the bytes after the JSON and `binary_data_size`');
    return { ...shaped(fromJson(data, tensorSpec), shape, rank), bytes: 0 };
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0 || size > rest.length) {
    const reason = `is no number of bytes up to the ${rest.length} that are left after the JSON`;
    const advice = `send the header \`${lengthHeader}\`, and the bytes of each tensor`;
    throw wrong(`${at}/parameters`, 'binary_data_size', reason, advice);
  }
  return { ...shaped(fromBytes(rest.subarray(0, size), tensorSpec), shape, rank), bytes: size };
}

function shaped(
  flat: readonly unknown[],
  shape: readonly number[],
  rank: number,
): Pick<InputColumn, 'values' | 'forAll'> {
  if (shape.length === 0) return { values: flat, forAll: true };
  // Inputs with one value per row may have an axis of length 1.
  const ownShape = shape.length === rank + 2 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  return { values: nested(flat, ownShape) as readonly unknown[], forAll: false };
}

/** Nests a flat list by its shape. A shape without elements gives empty lists, whatever its other axes are. */
function nested(flat: readonly unknown[], shape: readonly number[]): unknown {
  const [rows = 0, ...inner] = shape;
  if (inner.length === 0) return flat;
  const size = flat.length / Math.max(1, rows);
  return Array.from({ length: rows }, (_, row) =>
    size === 0 ? [] : nested(flat.slice(row * size, (row + 1) * size), inner),
  );
}

/** `GET /v2` */
export const server = ({ tower }: ProtocolContext): unknown => ({
  name: 'tower',
  version: tower,
  extensions: ['binary_tensor_data'],
});

/** `GET /v2/models/M[/versions/V]` */
export function inferenceMetadata(desk: ProtocolContext, target: ModelPath): unknown {
  const { signature, versions } = modelOf(desk, target);
  const version = versionIn(desk.versions.current, target) ?? versions[0]!;
  const about = version.answers.about();
  const tensors = (fields: readonly TensorField[]) =>
    fields.map(({ name, type, shape }) => ({ name, datatype: typeNames[type].inference, shape: [-1, ...shape] }));
  const { inputs, outputs } = signatures[signature];
  return {
    name: target.model,
    versions: versions.map(versionName),
    platform: 'tower',
    inputs: tensors(inputs(about)),
    outputs: tensors(outputs(about)),
  };
}

/** `GET /v2/models/M[/versions/V]/ready` */
export function modelReady(desk: ProtocolContext, target: ModelPath, _: FastifyRequest, reply: FastifyReply): unknown {
  modelOf(desk, target);
  versionIn(desk.versions.current, target);
  if (desk.isStopping()) reply.code(503);
  return { name: target.model, ready: !desk.isStopping() };
}

/** `POST /v2/models/M[/versions/V]/infer` @throws RequestError */
export async function infer(
  desk: ProtocolContext,
  target: ModelPath,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { signature: name, versions } = modelOf(desk, target);
  const signature = signatures[name];
  const about = (versionIn(desk.versions.current, target) ?? versions[0]!).answers.about();
  const { body, rest } = readInfer(desk, request);
  const fields = signature.inputs(about);
  const outputRequests = outputRequestsOf(body, signature.outputs(about));
  const columns = [...columnsIn(body, rest, fields, desk), ...parametersIn(body, fields)];
  const pointerAt: RowsRequest['at'] = ({ row, input, within }) => {
    const column = columns.find((each) => each.name === input);
    if (column === undefined) return input === undefined ? `/inputs, row ${row}` : '/inputs';
    return column.forAll ? column.at : `${column.at}, row ${row}${within === '' ? '' : `, ${within}`}`;
  };
  const rows = inputRows(columns, fields);
  const rowsRequest = { route: '/v2/models/infer', target, model: about.query.model, signature, rows, at: pointerAt };
  return answerOf(await answerRows(desk, request, rowsRequest), target, body, outputRequests, reply);
}

/** Returns the signature and versions of a model's name: `M` is the first signature, and `M.NAME` another one. */
function modelOf(
  { versions: { current: sides } }: ProtocolContext,
  { model }: ModelPath,
): { signature: SignatureName; versions: readonly Version[] } {
  const namedSignatures = (version: Version): readonly (readonly [string, SignatureName])[] =>
    (Object.keys(signatures) as SignatureName[]).map((signature) => {
      const modelName = version.answers.about().query.model;
      return [signature === 'serving_default' ? modelName : `${modelName}.${signature}`, signature];
    });
  const versions = sides.all.filter((version) => namedSignatures(version).some(([name]) => name === model));
  refuseOtherModel(
    model,
    versions.length > 0 ? [model] : [...new Set(sides.all.flatMap(namedSignatures).map(([name]) => name))],
  );
  return { signature: namedSignatures(versions[0]!).find(([name]) => name === model)![1], versions };
}

/** Reads the tensors. Their bytes follow the JSON, one after another. */
function columnsIn(
  { inputs }: InferBody,
  rest: Uint8Array,
  fields: readonly TensorField[],
  { limits }: ProtocolContext,
): readonly InputColumn[] {
  let firstByte = 0;
  return inputs.map((input, i) => {
    const rank = fields.find(({ name }) => name === input.name)?.shape.length ?? 0;
    const at = `/inputs/${i}`;
    const { values, forAll, bytes } = tensorOf(input, at, rest.subarray(firstByte), rank, limits);
    firstByte += bytes;
    return { name: input.name, at, values, forAll };
  });
}

const protocolParameters: ReadonlySet<string> = new Set(['binary_data_output', 'priority', 'timeout']);

/** Returns inputs from parameters of the request, each of which is one value for all rows. */
function parametersIn({ parameters = {} }: InferBody, fields: readonly TensorField[]): readonly InputColumn[] {
  const knownInputs = fields.filter(({ shape }) => shape.length === 0).map(({ name }) => name);
  return Object.entries(parameters).flatMap(([name, value]) => {
    if (protocolParameters.has(name)) return [];
    if (!knownInputs.includes(name)) throw unknownName('parameter', name, knownInputs, 400, '/parameters');
    return [{ name, at: `/parameters/${name}`, values: [value], forAll: true }];
  });
}

interface OutputRequest {
  readonly field: TensorField;
  readonly isBinary: boolean;
}

function outputRequestsOf(
  { outputs, parameters = {} }: InferBody,
  fields: readonly TensorField[],
): readonly OutputRequest[] {
  const isBinaryByDefault = parameters.binary_data_output === true;
  if (outputs === undefined) return fields.map((field) => ({ field, isBinary: isBinaryByDefault }));
  return outputs.map(({ name, parameters: own = {} }, i) => {
    const field = fields.find((each) => each.name === name);
    if (field === undefined) {
      const knownNames = fields.map((each) => each.name);
      throw unknownName('output', name, knownNames, 400, `/outputs/${i}/name`);
    }
    return { field, isBinary: typeof own.binary_data === 'boolean' ? own.binary_data : isBinaryByDefault };
  });
}

function answerOf(
  { versions, rows }: RowsAnswer,
  target: ModelPath,
  body: InferBody,
  outputRequests: readonly OutputRequest[],
  reply: FastifyReply,
): unknown {
  const fields = outputRequests.map(({ field }) => field);
  const columns = columnsOf(fields, rows);
  const tensorBytes: Buffer[] = [];
  const outputTensors = outputRequests.map(({ field: { name, type }, isBinary }) => {
    const values = columns.get(name)!;
    const flatValues = (values as readonly unknown[]).flat(Number.POSITIVE_INFINITY);
    const datatype = typeNames[type].inference;
    const tensor = { name, datatype, shape: shapeOf(values) };
    if (!isBinary) return { ...tensor, data: flatValues };
    const bytes = toBytes(datatype, flatValues);
    tensorBytes.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  const names = new Set(versions.map(versionName));
  // If two versions answered, the answer has no version name.
  const optionalEntries = defined({ model_version: names.size === 1 ? [...names][0] : undefined, id: body.id });
  const answerHead = { model_name: target.model, ...optionalEntries, outputs: outputTensors };
  if (tensorBytes.length === 0) return answerHead;
  const json = Buffer.from(JSON.stringify(answerHead));
  reply.header('inference-header-content-length', json.length).type('application/octet-stream');
  return Buffer.concat([json, ...tensorBytes]);
}

/** Returns the shape of a nested list. The outermost list has at least one row. */
function shapeOf(value: NestedValue): readonly number[] {
  if (!Array.isArray(value)) return [];
  return [value.length, ...(value.length > 0 ? shapeOf(value[0] as NestedValue) : [])];
}
