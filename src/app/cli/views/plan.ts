import { positionAt, type Span } from '../../../base/text/source.ts';
import type { FileNode } from '../../../compiler/syntax/ast.ts';
import type { GraphPlan, InputSource, Plan } from '../../../graph/plan/plan.ts';
import type { Attention } from '../../../training/scoring/attention.ts';
import { tableOf } from '../table.ts';

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

/** The tree as JSON; an identifier is its name and place alone. */
export function astJson(file: FileNode): unknown {
  return withoutKind(plainStage(file));
}

function withoutKind(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKind);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, part]) => key !== 'kind' || part !== 'Identifier');
  return Object.fromEntries(entries.map(([key, part]) => [key, withoutKind(part)]));
}

/** Stages of the compiler as plain JSON: a span is `line:column–line:column`, a map an object. */
export function plainStage(stage: unknown): unknown {
  return JSON.parse(JSON.stringify(stage, replace));
}

function replace(key: string, value: unknown): unknown {
  if (key === 'span' && value !== undefined) return place(value as Span);
  if (value instanceof Map) return Object.fromEntries(value);
  return ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value;
}

function place({ source, start, end }: Span): string {
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  return `${from.line}:${from.column}–${to.line}:${to.column}`;
}

/** How much of each field a tower lets through. */
const longestBar = 24;

export function attentionText(all: readonly Attention[]): string {
  return all
    .map(({ block, over, fields }) => {
      const rows = fields.map(({ name, mean, deviation }) => [
        name,
        mean.toFixed(4),
        `± ${deviation.toFixed(4)}`,
        '█'.repeat(Math.round(mean * longestBar)).padEnd(longestBar),
      ]);
      return [`${block}, mean over ${over}`, tableOf(['field', 'let through', '', ''], rows)].join('\n');
    })
    .join('\n\n');
}
