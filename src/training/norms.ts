/**
 * Measures the norms of gradients and embedding tables at some of the steps, because they show first when a training goes wrong. A separate graph computes them
 * from the weights and inputs of a step, so that the step itself does not change.
 */
import type { Engine, Program, Tensors } from '../engines/engine.ts';
import type { GraphPlan, Plan } from '../graph/plan/plan.ts';
import type { InitialState } from './begin_state.ts';
import { type Table, tableNorm } from './embedding/table.ts';
import { planWithFittedStep } from './fitted_step.ts';
import type { TrainOptions } from './train_options.ts';

/** Minimum number of steps between two measurements: each costs as much as a step, and together they must cost little. */
const minStepsBetween = 100;
/** Maximum number of measured steps in a run: a chart shows no more. */
const maxNormSteps = 240;

export const normsEvery = (steps: number): number => Math.max(minStepsBetween, Math.ceil(steps / maxNormSteps));

export const [gradientPrefix, tablePrefix] = ['gradient_norm:', 'table_norm:'] as const;
export const isNorm = (name: string): boolean => name.startsWith(gradientPrefix) || name.startsWith(tablePrefix);

/** Returns the name of a norm as trackers group it: `table_norm/movie_id`. */
export const trackedNorm = (name: string): string => name.replace(':', '/');

/** Separates tables from the other gradients, because a tower may have the name of a table. */
export const tableGradientPrefix = `${gradientPrefix}table/`;

export class StepNorms {
  readonly values: Record<string, number> = {};

  constructor(
    tables: readonly Table[],
    private readonly gradients: (inputs: Tensors) => Promise<Tensors>,
  ) {
    for (const table of tables) this.add(`${tablePrefix}${table.name}`, tableNorm(table));
  }

  /** Measures the gradients. Must be called before the step runs, which changes the weights. */
  async measureGradients(inputs: Tensors): Promise<void> {
    for (const [name, { data }] of Object.entries(await this.gradients(inputs))) this.add(name, data[0]!);
  }

  /** Measures a table when its rows have their gradients. */
  measureTable(table: Table): void {
    this.add(`${tableGradientPrefix}${table.name}`, table.gradientNorm());
  }

  /** A number that is not finite cannot be written, and is omitted; the loss shows the problem soon enough. */
  private add(name: string, value: number): void {
    if (Number.isFinite(value)) this.values[name] = value;
  }
}

export class Norms {
  private program: Program | undefined;
  private readonly tables: readonly Table[];

  /** @param interval measures the first step, and each multiple of this */
  constructor(
    plan: Plan,
    private readonly engine: Engine,
    private readonly state: InitialState,
    private readonly graph: () => GraphPlan | undefined,
    private readonly interval: number,
  ) {
    this.tables = plan.tables.flatMap(({ name, frozen }) => (frozen ? [] : [state.tables.get(name)!]));
  }

  normsAt(step: number): StepNorms | undefined {
    if (step !== 1 && step % this.interval !== 0) return undefined;
    return new StepNorms(this.tables, (inputs) => this.gradients(inputs));
  }

  async close(): Promise<void> {
    await this.program?.close();
  }

  private async gradients(inputs: Tensors): Promise<Tensors> {
    const graph = this.graph()?.graph;
    if (!graph) return {};
    const allParameters = await this.state.program.read();
    const ownParameters = Object.fromEntries(graph.parameters.map(({ name }) => [name, allParameters[name]!]));
    if (this.program) await this.program.write(ownParameters);
    else this.program = await this.engine.prepare(graph, ownParameters);
    return this.program.run(inputs);
  }
}

/** Returns undefined if norms are not requested, if workers share a step, or if the step computes its matrix of scores in pieces. */
export function normsOf(options: TrainOptions, state: InitialState, steps: number): Norms | undefined {
  const { plan, dataset, engine, norms } = options;
  if (!norms || state.group || planWithFittedStep(plan, dataset.corpus.rows) !== plan) return undefined;
  return new Norms(plan, engine, state, norms, normsEvery(steps));
}
