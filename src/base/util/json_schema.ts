/** Compiles JSON schemas with ajv, which is loaded when the first one is needed. */
import type { Options, ValidateFunction } from 'ajv';

/** Returns what compiles schemas of draft 2020-12. It keeps each validator that it has compiled. */
export async function loadSchemaCompiler(options: Options): Promise<(schema: object) => ValidateFunction> {
  const { default: module } = await import('ajv/dist/2020.js');
  // This is a CommonJS package: Node.js and the bundle differ in its default export.
  const Ajv2020 = module.Ajv2020 ?? module;
  const ajv = new Ajv2020(options);
  return (schema) => ajv.compile(schema);
}

/** Returns where a value differs from its schema, and how, such as `/training/epochs must be integer`. Undefined if it is valid. */
export function findSchemaError(validate: ValidateFunction, value: unknown): string | undefined {
  if (validate(value)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath ?? ''} ${error?.message ?? 'is not allowed'}`.trim();
}
