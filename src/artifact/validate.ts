/** Whether JSON is what our schemas say. ajv is loaded only when a model is read or written. */
import type { ValidateFunction } from 'ajv';
import { failure } from '../diagnostics/failure.ts';
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

/** Compiled once for the process: that takes longer than a validation. */
let compiled: Promise<Record<keyof typeof schemas, ValidateFunction>> | undefined;

async function compile(): Promise<Record<keyof typeof schemas, ValidateFunction>> {
  const { default: module } = await import('ajv/dist/2020.js');
  // A CommonJS package: node and the bundle differ in what its default is.
  const Ajv2020 = module.Ajv2020 ?? module;
  const ajv = new Ajv2020({ discriminator: true, strictTypes: false, strictTuples: false });
  return {
    encoding: ajv.compile(schemas.encoding),
    evaluation: ajv.compile(schemas.evaluation),
    graph: ajv.compile(schemas.graph),
    manifest: ajv.compile(schemas.manifest),
    metrics: ajv.compile(schemas.metrics),
    profile: ajv.compile(schemas.profile),
    serving: ajv.compile(schemas.serving),
    step: ajv.compile(schemas.step),
  };
}

/**
 * The first thing wrong with `value`, or undefined: `/training/epochs must be integer`.
 */
export async function complaint(schema: keyof typeof schemas, value: unknown): Promise<string | undefined> {
  compiled ??= compile();
  const validate = (await compiled)[schema];
  if (validate(value)) return undefined;
  const error = validate.errors?.[0];
  return `${error?.instancePath ?? ''} ${error?.message ?? 'is not allowed'}`.trim();
}

/** @throws Failure `damaged-file` naming `path` */
export async function refuseUnlessValid(schema: keyof typeof schemas, value: unknown, path: string): Promise<void> {
  const reason = await complaint(schema, value);
  if (reason !== undefined) throw failure('damaged-file', { path, reason });
}
