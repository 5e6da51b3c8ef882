/** Short ways to write JSON Schemas. */
export type Schema = Readonly<Record<string, unknown>>;

export const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });

export const list = (description: string, items: Schema): Schema => ({ type: 'array', description, items });

/** An object without other entries. */
export const closed = (description: string, properties: Schema, required: readonly string[] = []): Schema => ({
  type: 'object',
  description,
  properties,
  required,
  additionalProperties: false,
});
