/** The Open Inference Protocol, version 2, over REST: https://github.com/kserve/open-inference-protocol */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { defined } from '../../defined.ts';
import type { Version } from '../versions/versions.ts';
import {
  type Asked,
  askRows,
  type Desk,
  type Given,
  refuseOtherModel,
  type Target,
  unknown,
  versionIn,
  versionName,
} from './ask.ts';
import { type Column, columnsOf, rowsOf } from './columns.ts';
import { type Field, typeNames } from './fields.ts';
import { type InferBody, type RequestedOutput, readInfer, tensorOf } from './infer_body.ts';
import { type Nested, type SignatureName, signatures } from './signatures.ts';
import { toBytes } from './tensor_data.ts';

/** `GET /v2` */
export const server = ({ tower }: Desk): unknown => ({
  name: 'tower',
  version: tower,
  extensions: ['binary_tensor_data'],
});

/** `GET /v2/models/M[/versions/V]` */
export function metadata(desk: Desk, target: Target): unknown {
  const { signature, versions } = modelOf(desk, target);
  const version = versionIn(desk.versions.current, target) ?? versions[0]!;
  const about = version.answers.about();
  const tensors = (fields: readonly Field[]) =>
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
export function ready(desk: Desk, target: Target, reply: FastifyReply): unknown {
  modelOf(desk, target);
  versionIn(desk.versions.current, target);
  if (desk.isStopping()) reply.code(503);
  return { name: target.model, ready: !desk.isStopping() };
}

/** `POST /v2/models/M[/versions/V]/infer` @throws Refused */
export async function infer(
  desk: Desk,
  request: FastifyRequest,
  target: Target,
  reply: FastifyReply,
): Promise<unknown> {
  const { signature: name, versions } = modelOf(desk, target);
  const signature = signatures[name];
  const about = (versionIn(desk.versions.current, target) ?? versions[0]!).answers.about();
  const { body, rest } = readInfer(desk, request);
  const fields = signature.inputs(about);
  const wanted = wantedOf(body, signature.outputs(about));
  const columns = [...columnsIn(body, rest, fields, desk), ...parametersIn(body, fields)];
  const at: Asked['at'] = ({ row, input, within }) => {
    const column = columns.find((each) => each.name === input);
    if (column === undefined) return input === undefined ? `/inputs, row ${row}` : '/inputs';
    return column.forAll ? column.at : `${column.at}, row ${row}${within === '' ? '' : `, ${within}`}`;
  };
  const rows = rowsOf(columns, fields);
  const route = '/v2/models/infer';
  const given = await askRows(desk, request, { route, target, model: about.query.model, signature, rows, at });
  return answerOf(given, { target, body, wanted }, reply);
}

/** Models: `M` is the first signature, and `M.NAME` another one. */
function modelOf(
  { versions: { current: sides } }: Desk,
  { model }: Target,
): { signature: SignatureName; versions: readonly Version[] } {
  const named = (version: Version): readonly (readonly [string, SignatureName])[] =>
    (Object.keys(signatures) as SignatureName[]).map((signature) => {
      const own = version.answers.about().query.model;
      return [signature === 'serving_default' ? own : `${own}.${signature}`, signature];
    });
  const versions = sides.all.filter((version) => named(version).some(([name]) => name === model));
  refuseOtherModel(model, versions.length > 0 ? [model] : [...new Set(sides.all.flatMap(named).map(([name]) => name))]);
  return { signature: named(versions[0]!).find(([name]) => name === model)![1], versions };
}

/** The tensors, whose bytes lie one after the other behind the JSON. */
function columnsIn(
  { inputs }: InferBody,
  rest: Uint8Array,
  fields: readonly Field[],
  { limits }: Desk,
): readonly Column[] {
  let from = 0;
  return inputs.map((input, i) => {
    const rank = fields.find(({ name }) => name === input.name)?.shape.length ?? 0;
    const { values, forAll, bytes } = tensorOf(input, { at: `/inputs/${i}`, rest: rest.subarray(from), rank, limits });
    from += bytes;
    return { name: input.name, at: `/inputs/${i}`, values, forAll };
  });
}

/** Of the protocol itself. */
const protocolParameters: ReadonlySet<string> = new Set(['binary_data_output', 'priority', 'timeout']);

/** Parameters of the request fill inputs that are one value, for all rows. */
function parametersIn({ parameters = {} }: InferBody, fields: readonly Field[]): readonly Column[] {
  const known = fields.filter(({ shape }) => shape.length === 0).map(({ name }) => name);
  return Object.entries(parameters).flatMap(([name, value]) => {
    if (protocolParameters.has(name)) return [];
    if (!known.includes(name)) throw unknown('parameter', name, known, 400, '/parameters');
    return [{ name, at: `/parameters/${name}`, values: [value], forAll: true }];
  });
}

interface Wanted {
  readonly field: Field;
  readonly isBinary: boolean;
}

function wantedOf({ outputs, parameters = {} }: InferBody, fields: readonly Field[]): readonly Wanted[] {
  const usual = parameters.binary_data_output === true;
  if (outputs === undefined) return fields.map((field) => ({ field, isBinary: usual }));
  return outputs.map(({ name, parameters: own = {} }: RequestedOutput, i) => {
    const field = fields.find((each) => each.name === name);
    if (field === undefined) {
      throw unknown(
        'output',
        name,
        fields.map((each) => each.name),
        400,
        `/outputs/${i}/name`,
      );
    }
    return { field, isBinary: typeof own.binary_data === 'boolean' ? own.binary_data : usual };
  });
}

interface Answer {
  readonly target: Target;
  readonly body: InferBody;
  readonly wanted: readonly Wanted[];
}

function answerOf({ versions, rows }: Given, { target, body, wanted }: Answer, reply: FastifyReply): unknown {
  const columns = columnsOf(
    wanted.map(({ field }) => field),
    rows,
  );
  const parts: Buffer[] = [];
  const outputs = wanted.map(({ field: { name, type }, isBinary }) => {
    const values = columns.get(name)!;
    const flat = (values as readonly unknown[]).flat(Number.POSITIVE_INFINITY);
    const datatype = typeNames[type].inference;
    const tensor = { name, datatype, shape: shapeOf(values) };
    if (!isBinary) return { ...tensor, data: flat };
    const bytes = toBytes(datatype, flat);
    parts.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  const names = new Set(versions.map(versionName));
  // The name of one version is no name of an answer of two.
  const named = defined({ model_version: names.size === 1 ? [...names][0] : undefined, id: body.id });
  const head = { model_name: target.model, ...named, outputs };
  if (parts.length === 0) return head;
  const json = Buffer.from(JSON.stringify(head));
  reply.header('inference-header-content-length', json.length).type('application/octet-stream');
  return Buffer.concat([json, ...parts]);
}

/** The outermost list has a row at least. */
function shapeOf(value: Nested): readonly number[] {
  if (!Array.isArray(value)) return [];
  return [value.length, ...(value.length > 0 ? shapeOf(value[0] as Nested) : [])];
}
