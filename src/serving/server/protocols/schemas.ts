/** Schemas of bodies in other servers' protocols, and of their refusals. */
import { longestKey, longestList } from '../limits.ts';

export type Schema = Readonly<Record<string, unknown>>;

export const textSchema = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  description,
  ...more,
});

export const listSchema = (description: string, items: Schema, more: Schema = {}): Schema => ({
  ...{ type: 'array', description, items },
  ...more,
});

export const integerSchema = (description: string, more: Schema = {}): Schema => ({
  ...{ type: 'integer', description },
  ...more,
});

/** A key, as a text or as a number that JSON does not round. */
export const keySchema: Schema = {
  type: ['string', 'integer'],
  maxLength: longestKey,
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
};

export const closed = (description: string, properties: Schema, required: readonly string[] = []): Schema => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});

const name = textSchema('Its name.', { maxLength: longestKey });
const parameters: Schema = { type: 'object', description: 'Parameters of the protocol.' };

export const protocolSchemas = {
  Predict: closed('A request of TensorFlow Serving: `instances` are rows, `inputs` are columns.', {
    signature_name: textSchema('Default: `serving_default`.', { maxLength: longestKey }),
    instances: { description: 'A value for each row: values of the inputs by name, or the value of the first input.' },
    inputs: { description: 'By input: a value for each row, or one for all rows.' },
  }),
  Infer: closed(
    'A request of the Open Inference Protocol. The bytes of tensors may follow it.',
    {
      id: textSchema('Comes back in the answer.', { maxLength: longestKey }),
      parameters: {
        ...parameters,
        description: 'Values of inputs for all rows, such as `k`, and those of the protocol.',
      },
      inputs: listSchema(
        'The tensors.',
        closed(
          'A tensor.',
          {
            name,
            shape: listSchema('The first axis has the rows.', { type: 'integer', minimum: 0 }, { maxItems: 8 }),
            datatype: textSchema('`BYTES`, `INT64`, `FP32` and so on.', { maxLength: longestKey }),
            parameters,
            data: { type: 'array', description: 'The elements, flat or nested.' },
          },
          ['name', 'shape', 'datatype'],
        ),
        { minItems: 1, maxItems: longestList },
      ),
      outputs: listSchema(
        'The outputs that the answer has. Default: all.',
        closed('An output.', { name, parameters }, ['name']),
        { maxItems: 100 },
      ),
    },
    ['inputs'],
  ),
  RefusalText: closed(
    'Why there is no answer: a line for each mistake, with its code, its place, and what to do.',
    {
      error: textSchema(
        'Such as ``unknown-name at /instances/0: there is no item called `x` (give the key of an item)``.',
      ),
    },
    ['error'],
  ),
} as const satisfies Readonly<Record<string, Schema>>;
