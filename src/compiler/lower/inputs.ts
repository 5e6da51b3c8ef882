/** The inputs of a graph while it is built: each by name, once, with how the host fills it. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { invariant } from '../../base/diagnostics/failure.ts';
import type { Builder, Ref } from '../../graph/builder.ts';
import type { Dim, Dtype, Graph } from '../../graph/graph.ts';
import { prune } from '../../graph/passes/dead.ts';
import type { GraphPlan, InputPlan, InputSource } from '../../graph/plan/plan.ts';
import { simplify } from '../../graph/simplify.ts';
import { verify } from '../../graph/verify.ts';
import { ShapeError } from '../library/contract.ts';
import type { Call } from '../model/model.ts';

/** Returns what `make` does; where arguments do not go together, reports it at their call and returns undefined. */
export function withoutConflict<T>(
  { kind, span }: Pick<Call, 'kind' | 'span'>,
  diagnostics: Diagnostic[],
  make: () => T,
): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    diagnostics.push(diagnose('arguments-conflict', span, { kind, reason: error.reason }));
    return undefined;
  }
}

export interface EmbeddingInput {
  readonly name: string;
  readonly ref: Ref;
  readonly source: Extract<InputSource, { readonly from: 'embedding' | 'sequence' }>;
}

export class GraphInputs {
  readonly #plans = new Map<string, { readonly plan: InputPlan; readonly ref: Ref }>();

  constructor(readonly builder: Builder) {}

  /** Returns an existing input for the same request. */
  input(name: string, source: InputSource, shape: readonly Dim[], dtype: Dtype = 'float32'): Ref {
    const knownInput = this.#plans.get(name);
    if (knownInput !== undefined) {
      invariant(JSON.stringify(knownInput.plan.source) === JSON.stringify(source), `input ${name} has one source`);
      return knownInput.ref;
    }
    const ref = this.builder.input(name, shape, dtype);
    this.#plans.set(name, { plan: { name, source }, ref });
    return ref;
  }

  /** Inputs whose gradients the host applies to embedding tables. */
  embeddings(): readonly EmbeddingInput[] {
    return [...this.#plans.values()].flatMap(({ plan: { name, source }, ref }) =>
      (source.from === 'embedding' || source.from === 'sequence') && !source.frozen ? [{ name, ref, source }] : [],
    );
  }

  /** The plans of the inputs that are left in a finished graph, in its order. */
  plansOf(graph: Graph): readonly InputPlan[] {
    return graph.inputs.map(({ name }) => {
      const knownInput = this.#plans.get(name);
      invariant(knownInput, `input ${name} has a source`);
      return knownInput.plan;
    });
  }
}

/**
 * The graph simplified and checked, with the inputs that are left. A graph that does not verify is our bug. What no output reads
 * goes first: a broadcast takes its shape from any input of that shape, which must be one that is fed.
 * @param part what of the graph is wanted. Default: all
 */
export function finished(inputs: GraphInputs, part: (graph: Graph) => Graph = (graph) => graph): GraphPlan {
  const graph = prune(simplify(prune(part(inputs.builder.finish()))));
  const problems = verify(graph);
  invariant(problems.length === 0, `graph ${graph.name} does not verify: ${problems.join('; ')}`);
  return { graph, inputs: inputs.plansOf(graph) };
}
