/** Short ways to write JSON Schemas. */
import { longestKey } from './limits.ts';

export type Schema = Readonly<Record<string, unknown>>;

export const textSchema = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  description,
  ...more,
});

export const listSchema = (description: string, items: Schema): Schema => ({ type: 'array', description, items });

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
