import type { GraphPlan, InputSource, Plan } from '../../../graph/plan/plan.ts';

/** The plan without its graphs, which `--graph` shows. */
export function planJson(plan: Plan): unknown {
  return JSON.parse(JSON.stringify(plan, (key, value) => (key === 'graph' ? undefined : value)));
}

export function planText(plan: Plan): string {
  const features = plan.features.map(({ name, tower, encoder, encoderOf, table, width, max }) => {
    const encoded = encoderOf === name ? encoder.kind : `as ${encoderOf}`;
    const stored = table === undefined ? 'no table' : `table ${table}`;
    return `  ${name.padEnd(16)} ${tower.padEnd(8)} ${encoded.padEnd(14)} ${stored}, ${width} wide${max === undefined ? '' : `, at most ${max}`}`;
  });
  const graphs: readonly (readonly [string, GraphPlan])[] = [
    ...plan.towers.map((tower) => [tower.name, tower.embedded] as const),
    ['step', plan.step],
  ];
  const inputs = graphs.flatMap(([name, { inputs }]) => [
    `inputs of ${name}`,
    ...inputs.map((input) => `  ${input.name.padEnd(24)} ${describe(input.source)}`),
  ]);
  const tables = plan.tables.map(
    ({ name, dim, encoderOf }) => `  ${name.padEnd(16)} ${dim} wide, a row for each code of ${encoderOf}`,
  );
  return ['features', ...features, 'tables', ...tables, ...inputs].join('\n');
}

function describe({ from, ...rest }: InputSource): string {
  const details = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'object' ? value.kind : value}`,
  );
  return [from, ...details].join(', ');
}
