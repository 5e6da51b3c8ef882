/** Trains tables that the engine holds: a step sends the numbers of rows, and the tables of the host follow when somebody reads them. */
import { invariant } from '../base/diagnostics/failure.ts';
import { isLong } from '../base/storage/tensor_header.ts';
import type { Engine, Program, TableProgram, Tensors } from '../engines/engine.ts';
import type { GroupInput, TableGroup, TableNorms } from '../engines/table_group.ts';
import type { Graph } from '../graph/graph.ts';
import { type Plan, type RowOptimizerPlan, tableRead } from '../graph/plan/plan.ts';
import { HeldGroup } from './embedding/held_group.ts';
import { rowOptimizers } from './embedding/optimizer.ts';
import type { Table } from './embedding/table.ts';
import type { Tables } from './embedding/tables.ts';

interface HeldTableGroup {
  readonly described: TableGroup;
  readonly optimizer: RowOptimizerPlan;
  /** True if a schedule of all tables does not replace the rate. */
  readonly ownRate: boolean;
  readonly tables: readonly Table[];
  readonly lookups: HeldGroup;
}

export class HeldTables {
  /** The tables as a feeder of training steps reads them: look-ups note rows, and the engine has the values. */
  readonly tables: Tables;
  /** Reads and writes weights, and with them the tables of the host. */
  readonly program: Program;
  /** True if the host has the values of the last step. */
  private isCurrent = true;
  private norms: TableNorms = new Map();

  private constructor(
    all: Tables,
    private readonly groups: readonly HeldTableGroup[],
    private readonly held: TableProgram,
  ) {
    const noted = groups.flatMap(({ tables, lookups }) => {
      let first = 0;
      return tables.map((table): [string, Table] => {
        const start = first;
        first += table.rows;
        return [
          table.name,
          {
            ...table,
            lookup: (options) => lookups.lookup(start, table.rows, options),
            gradientNorm: () => this.norms.get(table.name) ?? 0,
            update() {},
          },
        ];
      });
    });
    this.tables = new Map([...all, ...noted]);
    this.program = {
      run: (inputs) => held.run(inputs),
      read: async () => {
        await this.pull();
        return held.read();
      },
      write: async (parameters) => {
        await this.push();
        await held.write(parameters);
      },
      close: () => held.close(),
    };
  }

  static async prepare(
    plan: Plan,
    tables: Tables,
    { prepareWithTables }: Required<Pick<Engine, 'prepareWithTables'>>,
    graph: Graph,
    parameters: Tensors,
  ): Promise<HeldTables> {
    const groups = groupsOf(plan, tables);
    const described = groups.map((group) => group.described);
    const held = new HeldTables(tables, groups, await prepareWithTables(graph, parameters, described));
    await held.push();
    return held;
  }

  /** @param factor of the schedule @param isWatched returns gradients of look-ups, and measures their norms */
  async step(inputs: Tensors, factor: number, base?: number, isWatched = false): Promise<Tensors> {
    this.isCurrent = false;
    const { outputs, gradientNorms } = await this.held.step(inputs, {
      reads: this.groups.map(({ lookups }) => lookups.take()),
      rates: this.groups.map(
        ({ optimizer, ownRate }) => (ownRate ? optimizer.rate : (base ?? optimizer.rate)) * factor,
      ),
      isWatched,
    });
    this.norms = gradientNorms;
    return outputs;
  }

  /** Returns the inputs of the next step with the rows that it reads. */
  filled(inputs: Tensors): Promise<Tensors> {
    return this.held.filled(
      inputs,
      this.groups.map(({ lookups }) => lookups.peek()),
    );
  }

  /** Returns the weights, without the tables. */
  weights(): Promise<Tensors> {
    return this.held.read();
  }

  tableNorms(most: number): Promise<TableNorms> {
    return this.held.tableNorms(most);
  }

  private async pull(): Promise<void> {
    if (this.isCurrent) return;
    await this.transfer((...each) => this.held.readRows(...each));
    this.isCurrent = true;
  }

  private push(): Promise<void> {
    this.isCurrent = true;
    return this.transfer((...each) => this.held.writeRows(...each));
  }

  private async transfer(move: TableProgram['readRows']): Promise<void> {
    for (const [at, { tables }] of this.groups.entries()) {
      let first = 0;
      for (const table of tables) {
        await move(at, undefined, first * table.dim, table.values());
        for (const [slot, numbers] of Object.entries(table.state())) {
          await move(at, slot, (first * numbers.length) / table.rows, numbers);
        }
        first += table.rows;
      }
    }
  }
}

/** Returns why the host holds the tables of a step, though the engine could hold others; undefined if the engine can hold these. */
export function reasonForHost(tables: Tables, isShared: boolean): string | undefined {
  if (isShared) return 'several workers compute a step';
  for (const table of tables.values()) {
    if (table.graph) return '`graph` connects them';
    if (table.precision) return `${table.name} is in bfloat16`;
    if (isLong(table.numbers())) return `${table.name} has too many rows for one memory`;
  }
  return undefined;
}

function groupsOf(plan: Plan, tables: Tables): readonly HeldTableGroup[] {
  const planOf = new Map(plan.features.map((feature) => [feature.name, feature]));
  const inputsOf = new Map<string, GroupInput[]>();
  const byKind = new Map<string, string[]>();
  for (const { name, dim, overrides, frozen = false } of plan.tables) {
    const kind = JSON.stringify([dim, overrides, frozen]);
    byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  }
  const kindOf = new Map([...byKind].flatMap(([kind, names]) => names.map((name) => [name, kind] as const)));
  for (const { name, source } of plan.step.inputs) {
    if (source.from !== 'embedding' && source.from !== 'sequence') continue;
    const kind = kindOf.get(tableRead(source, planOf.get(source.feature)!)!);
    invariant(kind, `input ${name} reads a table of the plan`);
    inputsOf.set(kind, [...(inputsOf.get(kind) ?? []), { name, isTrained: !source.frozen }]);
  }
  const settings = new Map(plan.tables.map((table) => [table.name, table]));
  return [...byKind].flatMap(([kind, names]): HeldTableGroup[] => {
    const inputs = inputsOf.get(kind);
    if (!inputs) return [];
    const { dim, overrides } = settings.get(names[0]!)!;
    const optimizer = { ...plan.train.embeddings, ...overrides };
    const itsTables = names.map((name) => tables.get(name)!);
    const rows = itsTables.reduce((sum, table) => sum + table.rows, 0);
    return [
      {
        described: {
          ...{ dim, optimizer, inputs },
          tables: itsTables.map((table) => ({ name: table.name, rows: table.rows })),
          slots: rowOptimizers[optimizer.kind].state(optimizer),
        },
        ...{ optimizer, tables: itsTables },
        ownRate: overrides?.rate !== undefined,
        lookups: new HeldGroup(
          rows,
          inputs.map(({ isTrained }) => isTrained),
        ),
      },
    ];
  });
}
