/** One flow: its source, then block after block; a block that refuses its input is a diagnostic at its place. */
import { type Diagnostic, diagnose, type Edit } from '../diagnostics/diagnostic.ts';
import { GraphTypeError } from '../graph/builder.ts';
import { blocks } from '../library/blocks/table.ts';
import { type BlockContext, ShapeError, type Value, type ValueType } from '../library/contract.ts';
import { printValueType, typeOf } from '../library/values.ts';
import type { FlowStep } from '../model/model.ts';
import type { Span } from '../text/source.ts';
import type { LoweredFeatures } from './features.ts';
import { Names } from './names.ts';

/** What an arrow carries at a place in the source. */
export interface Arrow {
  readonly span: Span;
  readonly type: ValueType;
}

/** What every flow of one graph shares. */
export interface FlowContext {
  readonly features: LoweredFeatures;
  readonly diagnostics: Diagnostic[];
  readonly arrows: Arrow[];
  /** Input types of the blocks that are declared `shared`, by name: their weights fit only one. */
  readonly shared: Map<string, string>;
  /** A context for the block at `path`. */
  block(path: string): BlockContext;
}

/** Undefined after a mistake: whatever reads this flow has nothing to say then. */
export function lowerSteps(
  context: FlowContext,
  from: Value,
  steps: readonly FlowStep[],
  path: string,
): Value | undefined {
  const names = new Names();
  let value: Value | undefined = from;
  for (const step of steps) {
    if (value === undefined) return undefined;
    value =
      step.kind === 'block'
        ? lowerBlock(context, value, step, names.unique(`${path}/${step.call.kind}`))
        : lowerDeclared(context, value, step, names.unique(`${path}/${step.name}`));
    if (value !== undefined) context.arrows.push({ span: step.span, type: typeOf(value) });
  }
  return value;
}

type Step<K extends FlowStep['kind']> = Extract<FlowStep, { readonly kind: K }>;

function lowerDeclared(context: FlowContext, input: Value, step: Step<'declared'>, path: string): Value | undefined {
  if (!step.shared) return lowerSteps(context, input, step.steps, path);
  const type = printValueType(typeOf(input));
  const first = context.shared.get(step.name) ?? type;
  context.shared.set(step.name, first);
  if (first !== type) {
    const reason = `has the same weights wherever it is used, but gets ${type} here and ${first} elsewhere`;
    context.diagnostics.push(diagnose('shape-mismatch', step.span, { kind: step.name, reason }));
    return undefined;
  }
  return lowerSteps(context, input, step.steps, `shared/${step.name}`);
}

function lowerBlock(
  context: FlowContext,
  input: Value,
  { call, span }: Step<'block'>,
  path: string,
): Value | undefined {
  const block = context.block(path);
  try {
    return block.builder.scope(path, () => blocks[call.kind]!.lower(block, input, call.arguments));
  } catch (error) {
    context.diagnostics.push(refusal(context, error, call.kind, span, input));
    return undefined;
  }
}

function refusal(context: FlowContext, error: unknown, kind: string, span: Span, input: Value): Diagnostic {
  if (error instanceof GraphTypeError) {
    return diagnose('shape-mismatch', span, { kind, reason: `cannot take ${printValueType(typeOf(input))}` });
  }
  if (!(error instanceof ShapeError)) throw error;
  const { reason, feature, insert } = error;
  const declared = feature === undefined ? undefined : context.features.byName.get(feature);
  const fix: readonly Edit[] | undefined =
    insert === undefined ? undefined : [{ at: { ...span, end: span.start }, text: `${insert} -> ` }];
  return diagnose(
    'shape-mismatch',
    span,
    { kind, reason, insert },
    {
      notes:
        declared === undefined
          ? []
          : [{ message: `\`${feature}\` has width ${declared.plan.width}`, at: declared.feature.span }],
      fixes: fix === undefined ? [] : [fix],
    },
  );
}
