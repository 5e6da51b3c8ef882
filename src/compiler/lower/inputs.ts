/** Collects the inputs of a graph while it is built: each has a unique name and a source for the host. */
import { type Diagnostic, diagnose, invariant } from '../../base/diagnostics/diagnostic.ts';
import type { Builder, Ref } from '../../graph/builder.ts';
import type { Dim, Dtype, Graph } from '../../graph/graph.ts';
import { removeUnread } from '../../graph/passes/dead.ts';
import type { GraphPlan, InputPlan, InputSource, ViewRows } from '../../graph/plan/plan.ts';
import { simplify } from '../../graph/simplify.ts';
import { verifyGraph } from '../../graph/verify.ts';
import { ShapeError } from '../library/contract.ts';
import type { Call } from '../model/model.ts';

/** Returns the result of `make`. If arguments conflict, reports that at their call and returns undefined. */
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

  /** Returns the input; the same one for repeated calls. */
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

  /** Returns the inputs whose gradients the host applies to embedding tables. */
  embeddings(): readonly EmbeddingInput[] {
    return [...this.#plans.values()].flatMap(({ plan: { name, source }, ref }) =>
      (source.from === 'embedding' || source.from === 'sequence') && !source.frozen ? [{ name, ref, source }] : [],
    );
  }

  /** True if an input of views has numbers that are drawn. */
  drawsForViews({ task, view }: ViewRows, isDrawn: (source: InputSource) => boolean): boolean {
    return [...this.#plans.values()].some(({ plan: { source } }) => {
      const rows = 'rows' in source ? source.rows : undefined;
      if (rows?.kind !== 'views' || rows.task !== task || rows.view !== view) return false;
      return source.from === 'noise' || isDrawn(source);
    });
  }

  /** Returns the plans of the inputs that a finished graph still has, in its order. */
  plansOf(graph: Graph): readonly InputPlan[] {
    return graph.inputs.map(({ name }) => {
      const knownInput = this.#plans.get(name);
      invariant(knownInput, `input ${name} has a source`);
      return knownInput.plan;
    });
  }
}

/**
 * Returns the simplified and verified graph with its remaining inputs. A graph that fails verification is a defect of ours. Unread nodes are pruned first: a
 * broadcast takes its shape from any input of that shape, which must be one that is fed.
 * @param part selects a part of the graph. Default: all
 */
export function finished(inputs: GraphInputs, part: (graph: Graph) => Graph = (graph) => graph): GraphPlan {
  const graph = removeUnread(simplify(removeUnread(part(inputs.builder.finish()))));
  const problems = verifyGraph(graph);
  invariant(problems.length === 0, `graph ${graph.name} does not verify: ${problems.join('; ')}`);
  return { graph, inputs: inputs.plansOf(graph) };
}
