/** Lowers a flow: its source, then block after block. A block that refuses its input causes a diagnostic at its position. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';
import { GraphTypeError } from '../../graph/builder.ts';
import { blocks } from '../library/blocks/table.ts';
import {
  type BlockContext,
  type NamedValue,
  Refused,
  type SequenceRead,
  ShapeError,
  type Value,
  type ValueType,
} from '../library/contract.ts';
import { printValue, printValueType, sideBySide, typeOf } from '../library/values.ts';
import type { Call, FlowStep } from '../model/model.ts';
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

/** The state that all flows of one graph share. */
export interface FlowContext {
  readonly features: LoweredFeatures;
  readonly diagnostics: Diagnostic[];
  readonly arrows: Arrow[];
  /** Steps by the label of their nodes: `user/main/mlp`. */
  readonly written: Map<string, WrittenStep>;
  /** Input types of `shared` blocks by name, because their weights fit only one type. Sequences of all lengths are one type. */
  readonly shared: Map<string, ValueType>;
  /** Returns a context for the block at `path`. */
  block(path: string): BlockContext;
  /** Called for each block, those within another one first. */
  readonly visit?: (step: LoweredBlock) => void;
  /** ` in round 2`, for messages about a flow that is applied several times. */
  readonly round: string;
}

/** Returns undefined after an error; readers of this flow then report nothing. */
export function lowerSteps(
  context: FlowContext,
  from: Value,
  steps: readonly FlowStep[],
  path: string,
  names = new UniqueNames(),
): Value | undefined {
  let stepValue: Value | undefined = from;
  for (const step of steps) {
    if (stepValue === undefined) return undefined;
    stepValue =
      step.kind === 'block'
        ? lowerBlock(context, stepValue, step, names.unique(`${path}/${step.call.kind}`))
        : lowerDeclared(context, stepValue, step, names.unique(`${path}/${step.name}`));
    if (stepValue !== undefined) context.arrows.push({ span: step.span, type: typeOf(stepValue) });
  }
  return stepValue;
}

type StepOfKind<K extends FlowStep['kind']> = Extract<FlowStep, { readonly kind: K }>;

function lowerDeclared(
  context: FlowContext,
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
  context: FlowContext,
  input: Value,
  { call, span }: StepOfKind<'block'>,
  path: string,
): Value | undefined {
  return attempt(context, call, span, path, [input], (block) => {
    refuseMoments([input]);
    return blocks[call.kind]!.lower(block, input, call.arguments);
  });
}

/** Throws ShapeError for a sequence of moments, whose numbers are hundreds of thousands of hours. */
function refuseMoments(values: readonly Value[]): void {
  if (values.some((value) => value.kind === 'sequence' && value.moments))
    throw new ShapeError('takes no moments: they are the second value of `transformer(history, when)`');
}

/** Lowers a block that starts a flow with several values. */
export function lowerJoin(
  context: FlowContext,
  parts: readonly NamedValue[],
  call: Call,
  span: Span,
  path: string,
): Value | undefined {
  const partValues = parts.map(({ value }) => value);
  return attempt(context, call, span, path, partValues, (block) => {
    const row = blocks[call.kind]!;
    refuseMoments(row.takesMoments ? partValues.slice(0, 1) : partValues);
    return row.join ? row.join(block, parts, call.arguments) : row.lower(block, sideBySide(parts), call.arguments);
  });
}

/** Calls `lower`; if the block refuses its input, reports that and returns undefined. */
function attempt(
  context: FlowContext,
  { kind, arguments: given }: Call,
  span: Span,
  path: string,
  inputs: readonly Value[],
  lower: (block: BlockContext) => Value,
): Value | undefined {
  const block = context.block(path);
  context.written.set(path, { kind, span });
  try {
    const value = block.builder.unscoped(() => block.builder.scope(path, () => lower(block)));
    context.visit?.({ kind, span, reads: blocks[kind]!.reads?.(given) ?? 'each', inputs, value });
    return value;
  } catch (error) {
    if (!(error instanceof Refused)) context.diagnostics.push(refusal(context, error, kind, span, path, inputs));
    return undefined;
  }
}

function refusal(
  context: FlowContext,
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
