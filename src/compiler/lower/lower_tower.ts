/** Lowers one side, from its features to its channels. */
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import type { ChannelPair, Field, Interests, NamedValue, Sequence, Value } from '../library/contract.ts';
import { asVector, printValue, printValueType, towardsVector, typeOf, vectorOf } from '../library/values.ts';
import { flatText } from '../model/expressions.ts';
import {
  type Flow,
  type FlowPart,
  type FlowSource,
  keyBias,
  partsOf,
  type Tower,
  type TowerStep,
} from '../model/model.ts';
import { eventsOf, isSequence, lowerFeature, lowerKeyBias } from './field.ts';
import { type GraphLowering, lowerJoin, lowerOperation, lowerSteps, operatorWords, UniqueNames } from './flow.ts';
import type { LoweredFeatures } from './lower_features.ts';
import type { Channels } from './score.ts';

/** Returns the channels that could be lowered, by name, and the bias of the key. Each error is a diagnostic at its step. */
export function lowerTower(given: GraphLowering, tower: Tower): Channels {
  const stepValues = new Map<string, Value | undefined>();
  const context: GraphLowering = {
    ...given,
    openSource(source, path) {
      if (source.kind === 'term') throw new Error('invariant: a tower has no terms');
      const value = lowerSource(context, source, stepValues, path, new UniqueNames());
      return typeof value === 'number' ? undefined : value;
    },
  };
  const channels = new Map<string, ChannelPair['query']>();
  for (const step of tower.steps) {
    const stepValue = lowerFlow(context, step.flow, stepValues, `${tower.name}/${step.name}`);
    stepValues.set(step.name, stepValue);
    if (!step.channel || stepValue === undefined) continue;
    const isSeveral = stepValue.kind === 'interests' || (step.ofSet && stepValue.kind === 'sequence');
    const vector = isSeveral ? (stepValue as Interests | Sequence) : asVector(stepValue);
    if (vector !== undefined) channels.set(step.name, vector);
    else context.diagnostics.push(notVector(tower, step, stepValue));
  }
  if (tower.bias && tower.key !== undefined) {
    const key = context.features.byName.get(tower.key)!;
    const tensor = lowerKeyBias(context.inputs, tower.name, key, eventsOf(context.rows));
    channels.set(keyBias, vectorOf(tensor, 1));
  }
  return channels;
}

function lowerFlow(
  context: GraphLowering,
  { from, steps }: Flow,
  values: ReadonlyMap<string, Value | undefined>,
  path: string,
  names = new UniqueNames(),
): Value | undefined {
  const sourceValue = lowerSource(context, from, values, path, names);
  if (sourceValue === undefined) return undefined;
  if (typeof sourceValue === 'number') throw new Error('a flow begins with a number');
  return lowerSteps(context, sourceValue, steps, path, names);
}

/** Returns the value with which a flow begins. @param names those of the steps of the whole flow, of which a source may have some */
function lowerSource(
  context: GraphLowering,
  source: FlowSource,
  values: ReadonlyMap<string, Value | undefined>,
  path: string,
  names: UniqueNames,
): Value | number | undefined {
  const openPart = (part: FlowPart): Value | undefined => {
    const partValue = part.kind === 'step' ? outputOf(values.get(part.name), part.output) : openFeatures(context, part);
    if (partValue !== undefined) context.arrows.push({ span: part.span, type: typeOf(partValue) });
    return partValue;
  };
  if (source.kind === 'number') return source.value;
  if (source.kind === 'features' || source.kind === 'step') return openPart(source);
  if (source.kind === 'flow') return lowerFlow(context, source.flow, values, path, names);
  if (source.kind === 'operation') {
    const [left, right] = source.operands.map((operand) => lowerSource(context, operand, values, path, names));
    if (left === undefined || right === undefined) return undefined;
    return carried(
      context,
      source,
      lowerOperation(context, source, [left, right], names.unique(`${path}/${operatorWords[source.operator]}`)),
    );
  }
  const opened = source.parts.flatMap((part): readonly FlowSource[] =>
    part.kind === 'features' ? apart(context, part) : [part],
  );
  const namedValues = opened.flatMap((part): NamedValue[] => {
    const partValue = lowerSource(context, part, values, path, names);
    return partValue === undefined || typeof partValue === 'number'
      ? []
      : [{ name: part.kind === 'features' ? part.name : flatText(part.span), value: partValue }];
  });
  if (namedValues.length < opened.length) return undefined;
  const joinPath = names.unique(`${path}/${source.call.kind}`);
  const [first] = source.parts;
  const isGroup = first?.kind === 'features' && !first.features.includes(first.name);
  const { call, span } = source;
  return carried(context, source, lowerJoin(context, namedValues, call, span, joinPath, isGroup));
}

/** Notes the type of a value for its span. */
function carried({ arrows }: GraphLowering, { span }: FlowSource, value: Value | undefined): Value | undefined {
  if (value !== undefined) arrows.push({ span, type: typeOf(value) });
  return value;
}

function outputOf(value: Value | undefined, output: string | undefined): Value | undefined {
  return value?.kind === 'outputs' && output !== undefined ? value.outputs.get(output) : value;
}

/** Splits a group with sequences into single features, because sequences are not fields. */
function apart({ features: { byName } }: GraphLowering, part: FlowPart): readonly FlowPart[] {
  if (part.kind === 'step' || !part.features.some((name) => isSequence(byName.get(name)!.use))) return [part];
  return part.features.map((name) => ({ ...part, name, features: [name] }));
}

type FeatureSource = Extract<FlowPart, { readonly kind: 'features' }>;

/** Returns the fields of a group, or its single sequence. */
function openFeatures(context: GraphLowering, from: FeatureSource): Value | undefined {
  const { rows } = context;
  const fail = (code: 'key-without-embedding' | 'sequence-among-fields', name: string): undefined => {
    const featureSpan = context.features.byName.get(name)!.feature.span;
    const notes = [{ message: `\`${name}\` is declared here`, at: featureSpan }];
    context.diagnostics.push(diagnose(code, from.span, { name }, { notes }));
    return undefined;
  };
  const features = from.features.map((name) => context.features.byName.get(name)!);
  for (const { plan, use } of features) {
    // The item tower reports why it has no vector.
    if (use.through && plan.width === 0) return undefined;
    if (plan.width === 0) return fail('key-without-embedding', plan.name);
    if (features.length > 1 && isSequence(use)) return fail('sequence-among-fields', plan.name);
  }
  const [first] = features;
  if (first && isSequence(first.use)) {
    const sequence = lowerFeature(context, first, rows) as Sequence;
    return context.change ? context.change(sequence, rows) : sequence;
  }
  // Fields have one value for each event, even next to sequences.
  const eventRows = eventsOf(rows);
  return { kind: 'fields', fields: features.map((feature) => lowerFeature(context, feature, eventRows) as Field) };
}

function notVector(tower: Tower, step: TowerStep, value: Value): Diagnostic {
  const lastSpan = step.flow.steps.at(-1)?.span ?? step.flow.from.span;
  const insert = towardsVector(value);
  return diagnose(
    'channel-not-vector',
    lastSpan,
    { channel: `${tower.name}.${step.name}`, type: printValueType(typeOf(value)), insert },
    { fixes: insert === undefined ? [] : [[{ at: { ...lastSpan, start: lastSpan.end }, text: ` -> ${insert}` }]] },
  );
}

/** Returns the lists that the tower reads in sequence. Features along a list count as that list. */
export function listsOf({ steps }: Tower, { byName }: LoweredFeatures): readonly string[] {
  const readFeatures = steps
    .flatMap(({ flow }) => partsOf(flow))
    .flatMap((part) => (part.kind === 'features' ? part.features : []));
  const sequences = readFeatures.filter((name) => isSequence(byName.get(name)!.use));
  return [...new Set(sequences.map((name) => byName.get(name)!.use.along ?? name))];
}

/** Lowers the item tower. A channel with several vectors is an error, and absent, if no score of sets reads it. */
export function lowerItem(context: GraphLowering, tower: Tower): Channels {
  const channels = new Map(lowerTower(context, tower));
  for (const [name, value] of channels) {
    if (value.kind === 'vector') continue;
    const { flow, span, ofSet } = tower.steps.find((step) => step.name === name)!;
    if (ofSet) continue;
    channels.delete(name);
    const channelFacts = { channel: `${tower.name}.${name}`, type: printValue(value) };
    context.diagnostics.push(diagnose('item-interests', flow.steps.at(-1)?.span ?? span, channelFacts));
  }
  return channels;
}
