/** Fits the training step of a plan to the data: splits a score matrix that is too large into pieces of rows. */
import { symbolicDim } from '../graph/dims.ts';
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
