/** The step of a plan as it runs on some data: a matrix of scores that is too large is made some rows at a time. */
import { symbolic } from '../graph/dims.ts';
import { inPieces, pairsOfPiece, pieceInputs } from '../graph/in_pieces.ts';
import type { GraphPlan, InputPlan, Plan } from '../graph/plan/plan.ts';

/** Bytes of one batch × items matrix, of which a step holds a few. */
export const matrixBudget = 2 ** 28;

/**
 * Returns the same plan, or one whose step is in pieces. It follows from the plan and the data, so that no file need hold it.
 * @param items of the corpus
 */
export function fitted(plan: Plan, items: number, budget = matrixBudget): Plan {
  const { step, train } = plan;
  const pieceCount = Math.min(train.batch, Math.ceil((4 * train.batch * items) / budget));
  if (pieceCount < 2) return plan;
  const graph = inPieces(step.graph, { rows: symbolic('batch'), columns: symbolic('corpus'), pieces: pieceCount });
  if (!graph) return plan;
  const inputPlans = new Map<string, InputPlan>(
    [...step.inputs, ...inputsOf(pieceCount, step.inputs)].map((input) => [input.name, input]),
  );
  const inputs = graph.inputs.map(({ name }) => inputPlans.get(name)!);
  return { ...plan, step: { graph, inputs } satisfies GraphPlan };
}

const inputsOf = (pieces: number, inputs: readonly InputPlan[]): readonly InputPlan[] => [
  { name: pieceInputs.rows, source: { from: 'piece_rows', pieces } },
  { name: pieceInputs.known, source: { from: 'piece_known', pieces } },
  { name: pieceInputs.places, source: { from: 'piece_places' } },
  ...inputs.flatMap(({ name, source }) =>
    source.from === 'accidental_hits'
      ? Array.from({ length: pieces }, (_, at) => ({
          name: pairsOfPiece(name, at),
          source: { from: 'piece_hits', pieces, at, of: source } as const,
        }))
      : [],
  ),
];
