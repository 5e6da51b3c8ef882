/** Fits the training step of a plan to the data and the machine: splits a score matrix that is too large into pieces of rows, and resolves the precision `auto`. */
import type { Engine } from '../engines/engine.ts';
import { symbolicDim } from '../graph/dims.ts';
import { operationsInBfloat16, type Precision } from '../graph/in_bfloat16.ts';
import { pieceInputs, piecePairsInput, splitIntoPieces } from '../graph/in_pieces.ts';
import type { GraphPlan, InputPlan, Plan } from '../graph/plan/plan.ts';

/** Bytes of one batch × items matrix, of which a step holds a few. */
export const matrixBudget = 2 ** 28;

/**
 * Returns the plan, with its step split into pieces if a score matrix is too large. The result is a function of the arguments, so it is not stored.
 * @param items number of items in the corpus
 */
export function planWithFittedStep(plan: Plan, items: number, budget = matrixBudget): Plan {
  const { step, train } = plan;
  const pieceCount = Math.min(train.batch, Math.ceil((4 * train.batch * items) / budget));
  if (pieceCount < 2) return plan;
  const matrix = { rows: symbolicDim('batch'), columns: symbolicDim('corpus') };
  const graph = splitIntoPieces(step.graph, { ...matrix, pieces: pieceCount });
  if (!graph) return plan;
  const inputPlans = new Map<string, InputPlan>(
    [...step.inputs, ...pieceInputPlans(pieceCount, step.inputs)].map((input) => [input.name, input]),
  );
  const inputs = graph.inputs.map(({ name }) => inputPlans.get(name)!);
  return { ...plan, step: { graph, inputs } satisfies GraphPlan };
}

const pieceInputPlans = (pieces: number, inputs: readonly InputPlan[]): readonly InputPlan[] => [
  { name: pieceInputs.rows, source: { from: 'piece_rows', pieces } },
  { name: pieceInputs.known, source: { from: 'piece_known', pieces } },
  { name: pieceInputs.places, source: { from: 'piece_places' } },
  ...inputs.flatMap(({ name, source }) =>
    source.from === 'accidental_hits'
      ? Array.from({ length: pieces }, (_, index) => ({
          name: piecePairsInput(name, index),
          source: { from: 'piece_hits', pieces, at: index, of: source } as const,
        }))
      : [],
  ),
];

export interface ChosenPrecision {
  readonly precision: Precision;
  readonly asked: 'bf16' | 'auto';
  readonly because?: string;
}

/** Steps with fewer multiplications and additions run in float32 under `auto`. See docs/benchmarks.md. */
export const minOperations = 1e8;

export function choosePrecision(
  plan: Plan,
  engine: Pick<Engine, 'name' | 'multipliesBfloat16'>,
  instructions: string | undefined,
): ChosenPrecision | undefined {
  const { precision: asked } = plan.train;
  if (asked === undefined) return undefined;
  const choose = (precision: Precision, because?: string): ChosenPrecision => ({ precision, asked, because });
  if (asked === 'bf16') {
    const slowness = `engine ${engine.name} only rounds to it, and gets no faster`;
    return choose('bf16', engine.multipliesBfloat16 ? undefined : slowness);
  }
  if (!engine.multipliesBfloat16) return choose('float32', `engine ${engine.name} has no products in bfloat16`);
  if (instructions === undefined) return choose('float32', 'the processor has no instructions for bfloat16');
  const operations = operationsInBfloat16(plan.step.graph, { sizes: { batch: plan.train.batch } });
  const millionsText = `${Math.round(operations / 1e6).toLocaleString('en')} million operations`;
  return operations < minOperations
    ? choose('float32', `the large products of a step have only ${millionsText}`)
    : choose('bf16', `${instructions}, and ${millionsText} in a step`);
}

/** Returns the precision of a resumed run, or of a repeated step. @param storedPrecision the precision stored in the run's folder */
export function precisionOfRun({ train }: Plan, storedPrecision: Precision | undefined): ChosenPrecision | undefined {
  const { precision: asked } = train;
  if (asked === undefined) return undefined;
  if (asked === 'bf16') return { precision: asked, asked };
  return { precision: storedPrecision ?? 'float32', asked, because: 'the run began with it' };
}
