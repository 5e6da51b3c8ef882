/** One side: its features in, its channels out. */

import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { diagnose } from '../diagnostics/diagnostic.ts';
import type { BlockContext, Field, Value, Vector } from '../library/contract.ts';
import { rowsPrefix } from '../library/rows_prefix.ts';
import { asVector, printValueType, typeOf } from '../library/values.ts';
import type { Flow, FlowSource, Tower, TowerStep } from '../model/model.ts';
import type { LoweredFeatures } from './features.ts';
import { lowerFeature } from './field.ts';
import { type Arrow, type FlowContext, lowerSteps } from './flow.ts';
import type { GraphInputs } from './inputs.ts';
import type { Names } from './names.ts';
import type { RowsOf } from './plan.ts';

/** What the towers of one graph share: its inputs, the names in it, and what is found out on the way. */
export interface TowerContext {
  readonly inputs: GraphInputs;
  readonly features: LoweredFeatures;
  readonly names: Names;
  readonly shared: Map<string, string>;
  readonly diagnostics: Diagnostic[];
  readonly arrows: Arrow[];
  readonly training: boolean;
}

/** The channels that could be lowered, by name; each mistake is a diagnostic at its step. */
export function lowerTower(context: TowerContext, tower: Tower, rows: RowsOf): ReadonlyMap<string, Vector> {
  const flow: FlowContext = {
    features: context.features,
    diagnostics: context.diagnostics,
    arrows: context.arrows,
    shared: context.shared,
    block: (path) => blockContext(context, path, rows),
  };
  const values = new Map<string, Value | undefined>();
  const channels = new Map<string, Vector>();
  for (const step of tower.steps) {
    const value = lowerFlow(context, flow, step.flow, values, `${tower.name}/${step.name}`, rows);
    values.set(step.name, value);
    if (!step.channel || value === undefined) continue;
    const vector = asVector(value);
    if (vector !== undefined) channels.set(step.name, vector);
    else context.diagnostics.push(notVector(tower, step, value));
  }
  return channels;
}

/** A context for whatever is lowered at `path`: a block, a score, a loss. */
export function blockContext(
  { inputs, names, training }: Pick<TowerContext, 'inputs' | 'names' | 'training'>,
  path: string,
  rows: RowsOf,
): BlockContext {
  return {
    builder: inputs.builder,
    training,
    input: (name, source, shape, dtype) =>
      inputs.input(
        name,
        source.from === 'noise' && rows.kind !== 'events' ? { ...source, rows } : source,
        shape,
        dtype,
      ),
    fresh: (stem) => names.unique(`${stem}/${rowsPrefix(rows)}${path}`),
  };
}

function lowerFlow(
  context: TowerContext,
  flow: FlowContext,
  { from, steps }: Flow,
  values: ReadonlyMap<string, Value | undefined>,
  path: string,
  rows: RowsOf,
): Value | undefined {
  const value = from.kind === 'step' ? values.get(from.name) : openFeatures(context, from, rows);
  if (value === undefined) return undefined;
  context.arrows.push({ span: from.span, type: typeOf(value) });
  return lowerSteps(flow, value, steps, path);
}

type FeatureSource = Extract<FlowSource, { readonly kind: 'features' }>;

/** Fields side by side, or the one sequence. */
function openFeatures(context: TowerContext, from: FeatureSource, rows: RowsOf): Value | undefined {
  const fields: Field[] = [];
  const fail = (code: 'key-without-embedding' | 'sequence-among-fields', name: string): undefined => {
    const at = context.features.byName.get(name)!.feature.span;
    const notes = [{ message: `\`${name}\` is declared here`, at }];
    context.diagnostics.push(diagnose(code, from.span, { name }, { notes }));
    return undefined;
  };
  for (const name of from.features) {
    const feature = context.features.byName.get(name)!;
    if (feature.plan.width === 0) return fail('key-without-embedding', name);
    const value = lowerFeature(context.inputs, feature, rows);
    if (value.kind === 'field') {
      fields.push(value);
    } else if (from.features.length === 1) {
      return value;
    } else {
      return fail('sequence-among-fields', name);
    }
  }
  return { kind: 'fields', fields };
}

function notVector(tower: Tower, step: TowerStep, value: Value): Diagnostic {
  const last = step.flow.steps.at(-1)?.span ?? step.flow.from.span;
  const insert = value.kind === 'fields' ? 'flatten' : 'mean';
  return diagnose(
    'channel-not-vector',
    last,
    { channel: `${tower.name}.${step.name}`, type: printValueType(typeOf(value)) },
    { fixes: [[{ at: { ...last, start: last.end }, text: ` -> ${insert}` }]] },
  );
}
