/**
 * Lowers a flow: its source, then block after block. A block that refuses its input causes a diagnostic at its position. Long because blocks, declared blocks and
 * formulas apply each other.
 */
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';
import { GraphTypeError, type Ref } from '../../graph/builder.ts';
import { productOfDims, sameDim } from '../../graph/dims.ts';
import type { InputSource, PartRows, Readout, RowsOf, Sequences, ViewPart } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { compute, type Operator } from '../library/arithmetic.ts';
import { blocks } from '../library/blocks/table.ts';
import {
  type BlockContext,
  type NamedValue,
  ReportedShapeError,
  type Sequence,
  type SequenceRead,
  ShapeError,
  type Value,
  type ValueType,
} from '../library/contract.ts';
import { printValue, printValueType, sideBySide, typeOf } from '../library/values.ts';
import { libraryFormula } from '../model/formula/library_formula.ts';
import {
  areNumberwise,
  type Call,
  type FlowSource,
  type FlowStep,
  type Formula,
  type FormulaStep,
  type TermSource,
} from '../model/model.ts';
import { eventsOf, rowsDim } from './field.ts';
import { type FormulaUse, lowerFormula } from './formula/lower_formula.ts';
import type { GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';

/** Returns unique names: `mlp`, `mlp_2`, … */
export class UniqueNames {
  readonly #taken = new Set<string>();
  /** The next number to try for each stem: counting from 1 each time would take quadratic time for long flows. */
  readonly #next = new Map<string, number>();

  unique(stem: string): string {
    let nextNumber = this.#next.get(stem) ?? 1;
    let uniqueName = nextNumber === 1 ? stem : `${stem}_${nextNumber}`;
    while (this.#taken.has(uniqueName)) uniqueName = `${stem}_${++nextNumber}`;
    this.#next.set(stem, nextNumber + 1);
    this.#taken.add(uniqueName);
    return uniqueName;
  }
}

/** The type of the value that an arrow carries at a span of the source. */
export interface Arrow {
  readonly span: Span;
  readonly type: ValueType;
  /** At a use of a block of formulas: its name, and how many places its axes have, by their letters. */
  readonly block?: { readonly name: string; readonly sizes: ReadonlyMap<string, number> };
}

/** A step of a flow in the source: its word and its span. */
export interface WrittenStep {
  readonly kind: string;
  readonly span: Span;
}

/** A block of a flow, with the values that it got and gave. */
export interface LoweredBlock extends WrittenStep {
  readonly reads: SequenceRead;
  readonly inputs: readonly Value[];
  readonly value: Value;
}

/** The lowering of flows to one graph: for which rows, and what it has made so far. */
export interface GraphLowering {
  readonly inputs: GraphInputs;
  readonly features: LoweredFeatures;
  readonly training: boolean;
  /** The rows for which a flow is lowered. Everything else is shared by all rows of a graph. */
  readonly rows: RowsOf;
  /** ` in round 2`, for messages about a flow that is applied several times. */
  readonly round: string;
  readonly names: UniqueNames;
  /** Input types of `shared` blocks by name, because their weights fit only one type. Sequences of all lengths are one type. */
  readonly shared: Map<string, ValueType>;
  readonly diagnostics: Diagnostic[];
  readonly arrows: Arrow[];
  /** Steps by the label of their nodes: `user/main/mlp`. */
  readonly written: Map<string, WrittenStep>;
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
  /** Returns a value that a step gives to an input of a formula, with the path for the steps of its flows. Absent where no values have names. */
  readonly openSource?: (source: FlowSource | TermSource, path: string) => Value | undefined;
  /** Called for each block, those within another one first. */
  readonly visit?: (step: LoweredBlock) => void;
}

/** Returns a lowering that has made nothing yet. */
export function makeLowering(
  inputs: GraphInputs,
  features: LoweredFeatures,
  training: boolean,
  rows: RowsOf = { kind: 'events' },
): GraphLowering {
  return {
    ...{ inputs, features, training, rows },
    round: '',
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

/** Returns undefined after an error; readers of this flow then report nothing. */
export function lowerSteps(
  context: GraphLowering,
  from: Value,
  steps: readonly FlowStep[],
  path: string,
  names = new UniqueNames(),
): Value | undefined {
  let stepValue: Value | undefined = from;
  for (const step of steps) {
    if (stepValue === undefined) return undefined;
    const stepPath = names.unique(`${path}/${step.kind === 'block' ? step.call.kind : step.name}`);
    stepValue = lowerStep(context, stepValue, step, stepPath);
    if (stepValue !== undefined) context.arrows.push({ span: step.span, type: typeOf(stepValue) });
  }
  return stepValue;
}

function lowerStep(context: GraphLowering, input: Value, step: FlowStep, path: string): Value | undefined {
  if (step.kind === 'block') return lowerBlock(context, input, step, path);
  return step.kind === 'formula'
    ? lowerFormulaStep(context, input, step, step.shared ? `shared/${step.name}` : path)
    : lowerDeclared(context, input, step, path);
}

function lowerFormulaStep(
  context: GraphLowering,
  input: Value,
  { formula, inputs, name, span }: FormulaStep,
  path: string,
): Value | undefined {
  const inputValues: Value[] = [];
  for (const { name } of formula.inputs) {
    const source = inputs[name];
    const value = source ? context.openSource?.(source, `${path}/${name}`) : input;
    if (value === undefined) return undefined;
    inputValues.push(value);
  }
  let sizes: ReadonlyMap<string, number> = new Map();
  const given = attempt(context, { kind: name, span, reads: formula.reads }, path, inputValues, (block) => {
    refuseMoments(inputValues);
    return computeFormula(context, block, formula, inputValues, path, (all) => (sizes = all));
  });
  if (given) context.arrows.push({ span, type: typeOf(given), block: { name, sizes } });
  return given;
}

/** @param values those of the inputs, in order */
function computeFormula(
  lowering: GraphLowering,
  context: BlockContext,
  formula: Formula,
  values: readonly Value[],
  path: string,
  onSizes: FormulaUse['onSizes'] = () => {},
): Value {
  const lineNames = new UniqueNames();
  const isNumberwise = (steps: readonly FlowStep[]): boolean => areNumberwise(steps, blocks);
  return lowerFormula(formula, {
    context,
    values: new Map(formula.inputs.map(({ name }, index) => [name, values[index]!])),
    isNumberwise,
    onSizes,
    pathOf: (line) => lineNames.unique(`${path}/${line}`),
    applySteps(steps, from, linePath, toValue) {
      // A number by itself is no element of a list, so a block of numbers is not judged as one that reads it.
      const { visit: _, ...unseen } = lowering;
      const openSource: GraphLowering['openSource'] = (source, sourcePath) =>
        source.kind === 'term' && source.owner === formula.owner
          ? toValue(source.term)
          : lowering.openSource?.(source, sourcePath);
      const inner = { ...(isNumberwise(steps) ? unseen : lowering), openSource };
      const value = lowerSteps(inner, from, steps, linePath);
      if (value === undefined) throw new ReportedShapeError();
      return value;
    },
  });
}

type StepOfKind<K extends FlowStep['kind']> = Extract<FlowStep, { readonly kind: K }>;

function lowerDeclared(
  context: GraphLowering,
  input: Value,
  step: StepOfKind<'declared'>,
  path: string,
): Value | undefined {
  if (!step.shared) return lowerSteps(context, input, step.steps, path);
  const type = typeOf(input);
  const firstType = context.shared.get(step.name) ?? type;
  context.shared.set(step.name, firstType);
  if (!fitsSameWeights(type, firstType)) {
    const mismatchReason = `has the same weights at all its uses, but gets ${printValueType(type)} here${context.round} and ${printValueType(firstType)} elsewhere`;
    context.diagnostics.push(diagnose('shape-mismatch', step.span, { kind: step.name, reason: mismatchReason }));
    return undefined;
  }
  return lowerSteps(context, input, step.steps, `shared/${step.name}`);
}

const fitsSameWeights = (one: ValueType, other: ValueType): boolean =>
  one.kind === 'sequence' && other.kind === 'sequence'
    ? one.width === other.width
    : printValueType(one) === printValueType(other);

function lowerBlock(
  context: GraphLowering,
  input: Value,
  { call, span }: StepOfKind<'block'>,
  path: string,
): Value | undefined {
  return attempt(context, { kind: call.kind, span, reads: readsOfCall(call) }, path, [input], (block) => {
    refuseMoments([input]);
    return blocks[call.kind]!.lower(block, input, call.arguments);
  });
}

/** Throws ShapeError for a sequence of moments, whose numbers are hundreds of thousands of hours. */
function refuseMoments(values: readonly Value[]): void {
  if (values.some((value) => value.kind === 'sequence' && value.holdsTimes))
    throw new ShapeError('takes no moments: they are the second value of `transformer(history, when)`');
}

/**
 * Lowers a block that starts a flow with values: `concat(deep, wide)`. A single value is what an arrow brings, but a vector counts as a field.
 * @param isGroup the values are those of a group, which are merged however many they are
 */
export function lowerJoin(
  context: GraphLowering,
  parts: readonly NamedValue[],
  call: Call,
  span: Span,
  path: string,
  isGroup: boolean,
): Value | undefined {
  const partValues = parts.map(({ value }) => value);
  return attempt(context, { kind: call.kind, span, reads: readsOfCall(call) }, path, partValues, (block) => {
    const row = blocks[call.kind]!;
    refuseMoments(row.takesTimes ? partValues.slice(0, 1) : partValues);
    const [first, ...others] = partValues;
    const isMerged = first?.kind === 'vector' || (isGroup && first?.kind === 'sequence');
    if (others.length === 0 && first && !isMerged) return row.lower(block, first, call.arguments);
    return row.join ? row.join(block, parts, call.arguments) : row.lower(block, sideBySide(parts), call.arguments);
  });
}

/** Names of operators in paths. */
export const operatorWords = { '+': 'add', '-': 'subtract', '*': 'multiply', '/': 'divide', '@': 'inner' } as const;

/** Lowers `gate * short`. One of the operands may be a number. */
export function lowerOperation(
  context: GraphLowering,
  { operator, span }: { readonly operator: Operator; readonly span: Span },
  operands: readonly [Value | number, Value | number],
  path: string,
): Value | undefined {
  const inputs = operands.filter((operand) => typeof operand !== 'number');
  return attempt(context, { kind: operator, span, reads: 'each' }, path, inputs, ({ builder }) => {
    refuseMoments(inputs);
    return compute(builder, operator, ...operands);
  });
}

/** Calls `lower`; if the block refuses its input, reports that and returns undefined. */
function attempt(
  context: GraphLowering,
  { kind, span, reads }: Pick<LoweredBlock, 'kind' | 'span' | 'reads'>,
  path: string,
  inputs: readonly Value[],
  lower: (block: BlockContext) => Value,
): Value | undefined {
  const block = blockContext(context, path);
  context.written.set(path, { kind, span });
  try {
    const value = block.builder.unscoped(() => block.builder.scope(path, () => lower(block)));
    context.visit?.({ kind, span, reads, inputs, value });
    return value;
  } catch (error) {
    if (!(error instanceof ReportedShapeError))
      context.diagnostics.push(refusal(context, error, kind, span, path, inputs));
    return undefined;
  }
}

const readsOfCall = ({ kind, arguments: given }: Call): SequenceRead => blocks[kind]!.reads?.(given) ?? 'each';

function refusal(
  context: GraphLowering,
  error: unknown,
  kind: string,
  span: Span,
  path: string,
  inputs: readonly Value[],
): Diagnostic {
  if (error instanceof GraphTypeError) {
    const hasOtherLength = path.startsWith('shared/') && inputs.some((value) => value.kind === 'sequence');
    const hint = hasOtherLength
      ? ': it has a weight for each place, so the lists of a `shared` block need one `max`'
      : '';
    const reason = `cannot take ${inputs.map(printValue).join(' and ')}${context.round}${hint}`;
    return diagnose('shape-mismatch', span, { kind, reason });
  }
  if (!(error instanceof ShapeError)) throw error;
  const { reason, feature, insert } = error;
  const declared = feature === undefined ? undefined : context.features.byName.get(feature);
  const shapeFacts = { kind, reason: reason + context.round, insert };
  return diagnose('shape-mismatch', span, shapeFacts, {
    notes: declared ? [{ message: `\`${feature}\` has width ${declared.plan.width}`, at: declared.feature.span }] : [],
    fixes: insert === undefined ? [] : [[{ at: { ...span, end: span.start }, text: `${insert} -> ` }]],
  });
}

/** Inputs of blocks that the host fills for each row, of events or others. */
const filledByRow: ReadonlySet<InputSource['from']> = new Set(['noise', 'item_counts']);

/** Returns a context for a block, a score or a loss at `path`. */
export function blockContext(lowering: GraphLowering, path: string): BlockContext {
  const { inputs, names, training, rows, round: within, kept, penalties, readouts, ofUsers } = lowering;
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
    uniqueName: (stem) => names.unique(`${stem}/${rowsPrefix(rows)}${path}`),
    applyFlow({ flow }, input, round) {
      // An error in the first round is an error of the flow itself, so the message does not mention rounds.
      const inRound = round === undefined || round === 1 ? within : ` in round ${round}${within}`;
      const steps = flow as readonly FlowStep[];
      const roundPath = round === undefined ? path : `${path}/_${round}`;
      const throughValue = lowerSteps({ ...lowering, round: inRound }, input, steps, roundPath);
      if (throughValue === undefined) throw new ReportedShapeError();
      return throughValue;
    },
    formula(name, values, numbers) {
      return computeFormula(lowering, this, libraryFormula(name, numbers, { inputs: values.length }), values, path);
    },
    setAfterStep(parameter, next) {
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
      return this.input(this.uniqueName('items'), { from: 'item_counts' }, [shape[0]!]);
    },
    ...(rows.kind === 'sequences' ? { selectNewest: (elements) => newestOf(inputs, elements, rows) } : {}),
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
    builder.reshape(elements, [productOfDims(elements.type.shape.slice(0, -1)), elementWidth]),
    newestIndices,
  );
}
