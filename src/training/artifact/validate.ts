/** Validates JSON against our schemas. */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { findSchemaError, loadSchemaCompiler } from '../../base/util/json_schema.ts';
import encodingSchema from './encoding.schema.json' with { type: 'json' };
import evaluationSchema from './evaluation.schema.json' with { type: 'json' };
import graphSchema from './graph.schema.json' with { type: 'json' };
import manifestSchema from './manifest.schema.json' with { type: 'json' };
import metricsSchema from './metrics.schema.json' with { type: 'json' };
import profileSchema from './profile.schema.json' with { type: 'json' };
import servingSchema from './serving.schema.json' with { type: 'json' };
import stepSchema from './step.schema.json' with { type: 'json' };

const schemas = {
  encoding: encodingSchema,
  evaluation: evaluationSchema,
  graph: graphSchema,
  manifest: manifestSchema,
  metrics: metricsSchema,
  profile: profileSchema,
  serving: servingSchema,
  step: stepSchema,
};

/** Loaded once for the process. */
let compiler: ReturnType<typeof loadSchemaCompiler> | undefined;

// Compiling takes longer than validating. So a test checks our schemas instead, and the code of a validator is not optimized.
const options = {
  discriminator: true,
  strictTypes: false,
  strictTuples: false,
  validateSchema: false,
  code: { optimize: false },
};

/** Returns the first error in `value`, such as `/training/epochs must be integer`; undefined if it is valid. */
export async function schemaError(schema: keyof typeof schemas, value: unknown): Promise<string | undefined> {
  compiler ??= loadSchemaCompiler(options);
  // Each schema is compiled on first use, because a command reads or writes few kinds of files.
  const compile = await compiler;
  return findSchemaError(compile(schemas[schema]), value);
}

/** @throws Failure `damaged-file` naming `path` */
export async function refuseUnlessValid(schema: keyof typeof schemas, value: unknown, path: string): Promise<void> {
  const reason = await schemaError(schema, value);
  if (reason !== undefined) throw failure('damaged-file', { path, reason });
}
