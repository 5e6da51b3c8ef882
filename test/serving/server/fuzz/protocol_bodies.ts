/** Bodies of the protocols of others: TensorFlow Serving's rows and columns, and tensors in JSON and in bytes. */
import fc from '../../../fast_check.ts';
import { filmKeys, personKeys } from '../films.ts';
import { filter, key } from './bodies.ts';
import { mostly, textsOf } from './texts.ts';

/** Names of inputs of all signatures, and others. */
const input = fc.constantFrom(
  ...['user', 'history', 'k', 'filter', 'exclude', 'removeSeen', 'weights.watch', 'vector', 'item', 'x'],
  ...['__proto__', 'values.history', 'constructor'],
);
const cell = fc.oneof(key, fc.array(key, { maxLength: 4 }), fc.integer({ min: -1, max: 60 }), fc.boolean(), filter);
const padded = fc.oneof({ arbitrary: cell, weight: 8 }, { arbitrary: fc.constantFrom('', null), weight: 1 });
const signature = fc.constantFrom('serving_default', 'search', 'similar', 'query_vector', 'item_vector', 'x');
const ownValues = {
  user: mostly(fc.constantFrom(...personKeys)),
  history: mostly(fc.array(fc.constantFrom(...filmKeys, ''), { maxLength: 4 })),
  k: mostly(fc.integer({ min: 0, max: 30 })),
};
const instance = fc.oneof(
  { arbitrary: fc.record(ownValues, { requiredKeys: [] }), weight: 5 },
  { arbitrary: fc.constantFrom(...personKeys, ...filmKeys), weight: 3 },
  { arbitrary: fc.dictionary(input, padded, { maxKeys: 4 }), weight: 3 },
  { arbitrary: fc.base64String().map((b64) => ({ b64 })), weight: 1 },
);
const right = fc
  .array(fc.record({ user: fc.constantFrom(...personKeys), k: fc.integer({ min: 1, max: 30 }) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((instances) => ({ instances }));
const both = fc.record(
  {
    signature_name: mostly(signature),
    instances: mostly(fc.array(mostly(instance), { maxLength: 6 })),
    inputs: mostly(fc.dictionary(input, fc.oneof(padded, fc.array(padded, { maxLength: 6 })), { maxKeys: 4 })),
  },
  { requiredKeys: [] },
);
const some = both.chain((body) =>
  fc.constantFrom(
    body,
    { ...body, inputs: undefined },
    { ...body, inputs: undefined, signature_name: undefined },
    { ...body, instances: undefined },
  ),
);
export const predictText = textsOf(fc.oneof({ arbitrary: right, weight: 1 }, { arbitrary: some, weight: 3 }));

const datatype = fc.constantFrom('BYTES', 'INT32', 'INT64', 'FP32', 'FP64', 'BOOL', 'UINT8', 'FP16', 'toString');
const size = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 4 }), weight: 8 },
  { arbitrary: fc.constantFrom(-1, 1e9, 2 ** 53), weight: 1 },
);
const users = fc.array(fc.constantFrom(...personKeys), { minLength: 1, maxLength: 5 });
const tensor = fc.oneof(
  { arbitrary: users.map((data) => ({ name: 'user', datatype: 'BYTES', shape: [data.length], data })), weight: 8 },
  {
    arbitrary: fc.record(
      {
        name: input,
        datatype: mostly(datatype),
        shape: mostly(fc.array(size, { maxLength: 3 })),
        data: mostly(fc.array(padded, { maxLength: 6 })),
        parameters: mostly(
          fc.record(
            { binary_data_size: mostly(fc.integer({ min: 0, max: 40 })), shared_memory_region: fc.string() },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: ['name', 'datatype', 'shape'] },
    ),
    weight: 1,
  },
);
const parameters = fc.record(
  {
    binary_data_output: mostly(fc.boolean()),
    k: mostly(fc.integer({ min: -1, max: 50 })),
    filter: mostly(filter),
  },
  { requiredKeys: [] },
);
const output = fc.record(
  {
    name: mostly(fc.constantFrom('keys', 'scores', 'titles')),
    parameters: mostly(fc.record({ binary_data: fc.boolean() }, { requiredKeys: [] })),
  },
  { requiredKeys: ['name'] },
);
const inferBody = fc.record(
  {
    id: mostly(fc.string()),
    parameters: mostly(parameters),
    inputs: mostly(fc.array(tensor, { minLength: 1, maxLength: 3 })),
    outputs: mostly(fc.array(output, { maxLength: 3 })),
  },
  { requiredKeys: ['inputs'] },
);

const plainInfer = users.map((data) => ({ inputs: [{ name: 'user', datatype: 'BYTES', shape: [data.length], data }] }));

export interface Inferred {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const lengthHeader = 'inference-header-content-length';
const headed = (json: string, rest: Uint8Array): Inferred => ({
  body: Buffer.concat([Buffer.from(json), rest]),
  headers: { [lengthHeader]: String(Buffer.byteLength(json)) },
});

/** Texts as the extension for bytes writes them. */
const bytesOf = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text)];
    }),
  );
/** Right in JSON and bytes; then perhaps with other bytes, or another length. */
const binary = fc
  .record({
    texts: users,
    out: fc.boolean(),
    change: fc.option(fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }), { freq: 3 }),
    cut: fc.option(fc.nat(12), { freq: 4 }),
    length: fc.option(fc.oneof(fc.integer().map(String), fc.constantFrom('', 'x', '1e2', '0x10', ' 5')), { freq: 6 }),
  })
  .map(({ texts, out, change, cut, length }) => {
    const rest = bytesOf(texts);
    const tensors = [
      { name: 'user', datatype: 'BYTES', shape: [texts.length], parameters: { binary_data_size: rest.length } },
    ];
    if (change) rest[change.at % rest.length] = change.to;
    const json = JSON.stringify({ inputs: tensors, parameters: { binary_data_output: out } });
    const { body, headers } = headed(json, cut === null ? rest : rest.subarray(0, -cut - 1));
    return { body, headers: length === null ? headers : { [lengthHeader]: length } };
  });

export const inferRequest: fc.Arbitrary<Inferred> = fc.oneof(
  { arbitrary: binary, weight: 5 },
  { arbitrary: textsOf(plainInfer).map((text) => ({ body: Buffer.from(text), headers: {} })), weight: 2 },
  { arbitrary: textsOf(inferBody).map((text) => ({ body: Buffer.from(text), headers: {} })), weight: 8 },
  {
    arbitrary: fc.tuple(textsOf(inferBody), fc.uint8Array({ maxLength: 60 })).map(([text, rest]) => headed(text, rest)),
    weight: 1,
  },
);
