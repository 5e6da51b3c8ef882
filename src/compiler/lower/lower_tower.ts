/** Lowers one side, from its features to its channels. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Ref } from '../../graph/builder.ts';
import { elementsOf, sameDim } from '../../graph/dims.ts';
import type { InputSource, PartRows, Readout, RowsOf, Sequences, ViewPart } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import {
  type BlockContext,
  type Field,
  type Interests,
  type NamedValue,
  Refused,
  type Sequence,
  type Value,
  type Vector,
} from '../library/contract.ts';
import { asVector, printValue, printValueType, towardsVector, typeOf, vectorOf } from '../library/values.ts';
import { type Flow, type FlowPart, type FlowStep, keyBias, type Tower, type TowerStep } from '../model/model.ts';
import { eventsOf, isSequence, lowerFeature, lowerKeyBias, rowsDim } from './field.ts';
import { type Arrow, type FlowContext, lowerJoin, lowerSteps, UniqueNames, type WrittenStep } from './flow.ts';
import type { GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import type { Channels } from './score.ts';

/** The state that the towers of one graph share: its inputs, the names in it, and intermediate results. */
export interface TowerContext {
  readonly inputs: GraphInputs;
  readonly features: LoweredFeatures;
  readonly names: UniqueNames;
  readonly shared: FlowContext['shared'];
  readonly diagnostics: Diagnostic[];
  readonly arrows: Arrow[];
  /** Steps of flows by the label of their nodes. */
  readonly written: Map<string, WrittenStep>;
  readonly training: boolean;
  /** New values, after the step, of parameters that are not trained, by node. */
  readonly kept: Map<number, { readonly parameter: Ref; readonly value: Ref }>;
  /** What blocks add to the loss: values of rows, float32 [rows], and 1 for a row that counts, else 0. Absent: all count. */
  readonly penalties: { readonly values: Ref; readonly known?: Ref }[];
  readonly readouts: Readout[];
  /** Paths of the blocks that read how many items the user of a row has. */
  readonly ofUsers: Set<string>;
  /**
   * In a training step, returns a channel of the item tower for the rows `elements`, float32 [elements, width]. Absent: lists that go `through` it read rows of
   * a computed table.
   */
  readonly elements?: ((channel: string) => Ref | undefined) | undefined;
  /** Changes the sequences of the features before the steps read them. */
  readonly change?: ((sequence: Sequence, rows: RowsOf) => Sequence) | undefined;
  readonly visit?: FlowContext['visit'];
}

/** Returns a context in which nothing is lowered yet. */
export function makeTowerContext(inputs: GraphInputs, features: LoweredFeatures, training: boolean): TowerContext {
  return {
    inputs,
    features,
    training,
    names: new UniqueNames(),
    shared: new Map(),
    diagnostics: [],
    arrows: [],
    written: new Map(),
    kept: new Map(),
    penalties: [],
    readouts: [],
    ofUsers: new Set(),
  };
}

/** Channels by name. Only some blocks give several vectors for each row. */
export type TowerChannels = ReadonlyMap<string, Vector | Interests>;

/** Returns the channels that could be lowered, by name, and the bias of the key. Each error is a diagnostic at its step. */
export function lowerTower(context: TowerContext, tower: Tower, rows: RowsOf): TowerChannels {
  const flow = flowContext(context, rows);
  const stepValues = new Map<string, Value | undefined>();
  const channels = new Map<string, Vector | Interests>();
  for (const step of tower.steps) {
    const stepValue = lowerFlow(context, flow, step.flow, stepValues, `${tower.name}/${step.name}`, rows);
    stepValues.set(step.name, stepValue);
    if (!step.channel || stepValue === undefined) continue;
    const vector = stepValue.kind === 'interests' ? stepValue : asVector(stepValue);
    if (vector !== undefined) channels.set(step.name, vector);
    else context.diagnostics.push(notVector(tower, step, stepValue));
  }
  if (tower.bias && tower.key !== undefined) {
    const key = context.features.byName.get(tower.key)!;
    const tensor = lowerKeyBias(context.inputs, tower.name, key, eventsOf(rows));
    channels.set(keyBias, vectorOf(tensor, 1));
  }
  return channels;
}

/** Inputs of blocks that the host fills for each row, of events or others. */
const filledByRow: ReadonlySet<InputSource['from']> = new Set(['noise', 'item_counts']);

/** Returns a context for a block, a score or a loss at `path`. */
export function blockContext(context: TowerContext, path: string, rows: RowsOf, within = ''): BlockContext {
  const { inputs, names, training, kept, penalties, readouts, ofUsers } = context;
  return {
    builder: inputs.builder,
    training,
    input(name, source, shape, dtype) {
      // After `newest`, and next to the sequences, values have the rows of events.
      const eventRows = eventsOf(rows);
      const drawn = sameDim(shape[0] ?? 0, rowsDim(eventRows)) ? eventRows : rows;
      const isOther = filledByRow.has(source.from) && drawn.kind !== 'events';
      return inputs.input(name, isOther ? ({ ...source, rows: drawn } as InputSource) : source, shape, dtype);
    },
    fresh: (stem) => names.unique(`${stem}/${rowsPrefix(rows)}${path}`),
    through({ flow }, input, round) {
      // An error in the first round is an error of the flow itself, so the message does not mention rounds.
      const inRound = round === undefined || round === 1 ? within : ` in round ${round}${within}`;
      const steps = flow as readonly FlowStep[];
      const roundPath = round === undefined ? path : `${path}/_${round}`;
      const throughValue = lowerSteps(flowContext(context, rows, inRound), input, steps, roundPath);
      if (throughValue === undefined) throw new Refused();
      return throughValue;
    },
    keep(parameter, next) {
      if (!training || (rows.kind !== 'events' && rows.kind !== 'sequences')) return;
      const current = kept.get(parameter.id)?.value ?? parameter;
      kept.set(parameter.id, { parameter, value: next(current) });
    },
    penalize(values) {
      const eventRows = eventsOf(rows);
      if (!training || (eventRows.kind !== 'events' && eventRows.kind !== 'part')) return;
      penalties.push({ values, ...(eventRows.kind === 'part' ? { known: knownRows(inputs, eventRows) } : {}) });
    },
    itemCounts({ type: { shape } }) {
      ofUsers.add(path);
      return this.input(this.fresh('items'), { from: 'item_counts' }, [shape[0]!]);
    },
    ...(rows.kind === 'sequences' ? { newest: (elements) => newestOf(inputs, elements, rows) } : {}),
    readout(what, of, make) {
      if (!training) readouts.push({ label: `${path}/${what}`, of });
      return inputs.builder.scope(what, make);
    },
  };
}

/** Returns 1 for a row of a part, 0 for padding: float32 [part]. */
export const knownRows = (inputs: GraphInputs, rows: PartRows | ViewPart): Ref =>
  inputs.input(`${rowsPrefix(rows)}known`, { from: 'part_known', rows }, [rowsDim(rows)]);

/** Maps float32 [sequences, length, width] to [batch, width] or [part, width]. */
function newestOf(inputs: GraphInputs, elements: Ref, rows: Sequences): Ref {
  const { builder } = inputs;
  const elementWidth = elements.type.shape.at(-1)!;
  const eventRows = eventsOf(rows);
  const source = { from: 'newest', ...(eventRows.kind === 'part' ? { rows: eventRows } : {}) } as const;
  const newestIndices = inputs.input(`${rowsPrefix(eventRows)}newest`, source, [rowsDim(eventRows)], 'int32');
  return builder.gather(
    builder.reshape(elements, [elementsOf(elements.type.shape.slice(0, -1)), elementWidth]),
    newestIndices,
  );
}

function flowContext(context: TowerContext, rows: RowsOf, round = ''): FlowContext {
  return {
    visit: context.visit,
    features: context.features,
    diagnostics: context.diagnostics,
    arrows: context.arrows,
    written: context.written,
    shared: context.shared,
    round,
    block: (path) => blockContext(context, path, rows, round),
  };
}

function lowerFlow(
  context: TowerContext,
  flow: FlowContext,
  whole: Flow,
  values: ReadonlyMap<string, Value | undefined>,
  path: string,
  rows: RowsOf,
): Value | undefined {
  const { from, steps } = whole;
  const names = new UniqueNames();
  const openPart = (part: FlowPart): Value | undefined => {
    const partValue =
      part.kind === 'step' ? outputOf(values.get(part.name), part.output) : openFeatures(context, part, rows);
    if (partValue !== undefined) context.arrows.push({ span: part.span, type: typeOf(partValue) });
    return partValue;
  };
  if (from.kind !== 'join') {
    const sourceValue = openPart(from);
    return sourceValue && lowerSteps(flow, sourceValue, steps, path, names);
  }
  const opened = partsOf(whole).flatMap((part) => apart(context, part));
  const namedValues = opened.flatMap((part): NamedValue[] => {
    const partValue = openPart(part);
    const partName = part.kind === 'step' && part.output !== undefined ? `${part.name}.${part.output}` : part.name;
    return partValue ? [{ name: partName, value: partValue }] : [];
  });
  if (namedValues.length < opened.length) return undefined;
  const joinedValue = lowerJoin(flow, namedValues, from.call, from.span, names.unique(`${path}/${from.call.kind}`));
  if (joinedValue === undefined) return undefined;
  context.arrows.push({ span: from.span, type: typeOf(joinedValue) });
  return lowerSteps(flow, joinedValue, steps, path, names);
}

function outputOf(value: Value | undefined, output: string | undefined): Value | undefined {
  return value?.kind === 'outputs' && output !== undefined ? value.outputs.get(output) : value;
}

/** Splits a group with sequences into single features, because sequences are not fields. */
function apart({ features: { byName } }: TowerContext, part: FlowPart): readonly FlowPart[] {
  if (part.kind === 'step' || !part.features.some((name) => isSequence(byName.get(name)!.use))) return [part];
  return part.features.map((name) => ({ ...part, name, features: [name] }));
}

type FeatureSource = Extract<FlowPart, { readonly kind: 'features' }>;

/** Returns the fields of a group, or its single sequence. */
function openFeatures(context: TowerContext, from: FeatureSource, rows: RowsOf): Value | undefined {
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

/** Returns the parts at the start of a flow. */
const partsOf = ({ from }: Flow): readonly FlowPart[] => (from.kind === 'join' ? from.parts : [from]);

/** Lowers the item tower to one vector for each channel. A channel with several vectors is an error, and absent. */
export function lowerItem(context: TowerContext, tower: Tower, rows: RowsOf): Channels {
  const channels = new Map<string, Vector>();
  for (const [name, value] of lowerTower(context, tower, rows)) {
    if (value.kind === 'vector') {
      channels.set(name, value);
      continue;
    }
    const { flow, span } = tower.steps.find((step) => step.name === name)!;
    const channelFacts = { channel: `${tower.name}.${name}`, type: printValue(value) };
    context.diagnostics.push(diagnose('item-interests', flow.steps.at(-1)?.span ?? span, channelFacts));
  }
  return channels;
}
