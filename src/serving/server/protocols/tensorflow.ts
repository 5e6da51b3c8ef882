/** TensorFlow Serving's REST API: https://www.tensorflow.org/tfx/serving/api_rest */
import type { FastifyRequest } from 'fastify';
import { defined, isObject } from '../../../base/util/defined.ts';
import { parseBody, readOne } from '../body.ts';
import { pointer } from '../refused.ts';
import {
  answerRows,
  type ModelPath,
  type ProtocolContext,
  type RowsRequest,
  unknownName,
  versionIn,
  versionName,
  versionsOf,
} from './ask.ts';
import {
  type InputRow,
  type ServingSignature,
  servingSignature,
  signatureList,
  signatures,
  type TensorField,
  typeNames,
} from './signatures.ts';
import { columnsOf, inputRows, utf8, wrong } from './tensor_data.ts';

/** `GET /v1/models/M[/versions/V|/labels/L]` */
export function status({ versions: { current: sides } }: ProtocolContext, target: ModelPath): unknown {
  const versions = versionsOf(sides.all, target.model);
  const namedVersion = versionIn(sides, target);
  return {
    model_version_status: (namedVersion ? [namedVersion] : versions).map((version) => ({
      version: versionName(version),
      state: 'AVAILABLE',
      status: { error_code: 'OK', error_message: '' },
    })),
  };
}

/** `GET …/metadata` */
export function tensorflowMetadata({ versions: { current: sides } }: ProtocolContext, target: ModelPath): unknown {
  versionsOf(sides.all, target.model);
  const version = versionIn(sides, target) ?? sides.stable;
  const about = version.answers.about();
  const tensors = (signature: string, fields: readonly TensorField[]) =>
    Object.fromEntries(
      fields.map(({ name, type, shape }) => [
        name,
        {
          dtype: typeNames[type].tensorflow,
          tensor_shape: { dim: [-1, ...shape].map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
          name: `${signature}_${name}:0`,
        },
      ]),
    );
  const signatureDefinitions = signatureList.map(([name, { inputs, outputs }]) => [
    name,
    {
      inputs: tensors(name, inputs(about)),
      outputs: tensors(name, outputs(about)),
      method_name: 'tensorflow/serving/predict',
    },
  ]);
  return {
    model_spec: { name: target.model, signature_name: '', version: versionName(version) },
    metadata: { signature_def: { signature_def: Object.fromEntries(signatureDefinitions) } },
  };
}

interface PredictBody {
  readonly signature_name?: string;
  readonly instances?: unknown;
  readonly inputs?: unknown;
}

/** `POST …:predict` @throws RequestError */
export async function predict(desk: ProtocolContext, target: ModelPath, request: FastifyRequest): Promise<unknown> {
  const modelVersions = versionsOf(desk.versions.current.all, target.model);
  const version = versionIn(desk.versions.current, target) ?? modelVersions[0]!;
  const body = readPredict(desk, request.body);
  const { signature_name: name = 'serving_default', instances, inputs } = body;
  const signature = servingSignature(name);
  if (signature === undefined) throw unknownName('signature', name, Object.keys(signatures), 400, '/signature_name');
  const about = version.answers.about();
  const { model } = about.query;
  const fields = signature.inputs(about);
  const route = '/v1/models/:predict';
  if (inputs === undefined) {
    const bareRows = new Set<number>();
    const rows = [instances]
      .flat(1)
      .map((each, row) => rowOf(each, signature, pointer('instances', row), () => bareRows.add(row)));
    const at: RowsRequest['at'] = ({ row, input, within }) =>
      pointer('instances', row, ...(input === undefined || bareRows.has(row) ? [] : [input])) + within;
    const { rows: given } = await answerRows(desk, request, { route, target, model, signature, rows, at });
    const [only, ...others] = signature.outputs(about);
    return { predictions: others.length === 0 ? given.map((row) => row[only!.name]) : given };
  }
  const isNamed = isObject(inputs) && !isBinary(inputs);
  const columns = Object.entries(isNamed ? inputs : { [signature.first]: inputs }).map(([input, value]) => {
    const inputPointer = isNamed ? pointer('inputs', input) : '/inputs';
    const values = decoded(value, inputPointer);
    return {
      name: input,
      at: inputPointer,
      values: Array.isArray(values) ? values : [values],
      forAll: !Array.isArray(values),
    };
  });
  const listInputs = new Set(columns.filter(({ forAll }) => !forAll).map(({ name: input }) => input));
  const at: RowsRequest['at'] = ({ row, input, within }) =>
    pointer(
      'inputs',
      ...(input !== undefined && isNamed ? [input] : []),
      ...(listInputs.has(input ?? '') ? [row] : []),
    ) + within;
  const rows = inputRows(columns, fields);
  const { rows: given } = await answerRows(desk, request, { route, target, model, signature, rows, at });
  const outputs = columnsOf(signature.outputs(about), given);
  return { outputs: outputs.size === 1 ? [...outputs.values()][0] : Object.fromEntries(outputs) };
}

function readPredict({ readers }: ProtocolContext, bytes: unknown): PredictBody {
  const value = parseBody(Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0));
  readOne(readers.Predict, value);
  const body = value as PredictBody;
  const hasBoth = body.instances !== undefined && body.inputs !== undefined;
  if (hasBoth) throw wrong('/inputs', 'inputs', 'is given next to `instances`', 'remove `inputs` or `instances`');
  if (body.instances !== undefined || body.inputs !== undefined) return defined(body) as PredictBody;
  throw wrong('', 'instances', 'is missing', 'give `instances`, a list with an entry for each row, or `inputs`');
}

function rowOf(instance: unknown, { first }: ServingSignature, at: string, isBare: () => void): InputRow {
  if (isObject(instance) && !isBinary(instance)) {
    const row = Object.create(null) as Record<string, unknown>;
    for (const [name, value] of Object.entries(instance)) row[name] = decoded(value, at + pointer(name));
    return row;
  }
  isBare();
  return { [first]: decoded(instance, at) };
}

const isBinary = (value: unknown): value is { readonly b64: unknown } =>
  isObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, 'b64');

/** Decodes `{"b64": "…"}` to its text, at any depth of lists. @throws RequestError 400 */
function decoded(value: unknown, at: string): unknown {
  if (Array.isArray(value)) return value.map((each, i) => decoded(each, at + pointer(i)));
  if (!isBinary(value)) return value;
  const { b64 } = value;
  const reason = 'is no base64 of a text in UTF-8';
  const advice = 'encode the bytes of the text with the alphabet `A-Za-z0-9+/`, and `=` at the end';
  if (typeof b64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(b64) || b64.length % 4 !== 0) {
    throw wrong(at, 'b64', reason, advice);
  }
  try {
    return utf8.decode(Buffer.from(b64, 'base64'));
  } catch {
    throw wrong(at, 'b64', reason, advice);
  }
}
