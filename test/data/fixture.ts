/** Data blocks and plans by hand, and tiny files in folders that go away with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Diagnostic, Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { makeSource, type Span, spanText } from '../../src/base/text/source.ts';
import type { Needs } from '../../src/data/binding/data_layout.ts';
import type { Column, IndexedColumn } from '../../src/data/dataset.ts';
import type { DataDescription } from '../../src/graph/plan/data_description.ts';
import type { Encoder, FeaturePlan } from '../../src/graph/plan/plan.ts';

/** A folder with these files, gone after the test. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tower-data-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** A data block as a few plain values; its spans point into a text that names each entry. */
export interface Block {
  readonly folder: string;
  readonly events?: string;
  readonly items?: string;
  readonly itemsBy?: string;
  readonly users?: string;
  readonly usersBy?: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly where?: string;
  readonly time?: string;
  readonly histories?: readonly {
    readonly name: string;
    readonly of: string;
    readonly max: number;
    readonly kind?: 'past' | 'others';
  }[];
  readonly split?: DataDescription['split'];
  readonly trainsAll?: true;
  readonly times?: DataDescription['times'];
  readonly reject?: number;
}

export function describeData(block: Block): DataDescription {
  const words: string[] = [];
  const length = (): number => words.reduce((sum, word) => sum + word.length + 1, 0);
  const places: { start: number; end: number }[] = [];
  const place = (word: string): number => {
    places.push({ start: length(), end: length() + word.length });
    words.push(word);
    return places.length - 1;
  };
  const whole = place('data');
  const events = place(`events:${block.events ?? 'events.csv'}`);
  const items = place(`items:${block.items}`);
  const users = place(`users:${block.users}`);
  const columns = Object.entries(block.columns ?? {}).map(([name, expression]) => ({
    name,
    expression,
    at: place(`column:${name}`),
  }));
  const where = place('where');
  const time = place('time');
  const histories = (block.histories ?? []).map((history) => ({
    kind: 'past' as const,
    ...history,
    at: place(`history:${history.name}`),
  }));
  const source = makeSource('data.tower', words.join('\n'));
  const span = (at: number): Span => ({ source, ...places[at]! });
  return {
    name: 'test',
    span: span(whole),
    folder: block.folder,
    events: { path: block.events ?? 'events.csv', span: span(events) },
    ...(block.items === undefined
      ? {}
      : { items: { path: block.items, span: span(items), by: block.itemsBy ?? 'item' } }),
    ...(block.users === undefined
      ? {}
      : { users: { path: block.users, span: span(users), by: block.usersBy ?? 'user' } }),
    columns: columns.map(({ name, expression, at }) => ({ name, expression, span: span(at), nameSpan: span(at) })),
    ...(block.where === undefined ? {} : { where: { expression: block.where, span: span(where) } }),
    ...(block.time === undefined ? {} : { time: { expression: block.time, span: span(time) } }),
    histories: histories.map(({ at, ...history }) => ({ ...history, span: span(at) })),
    split: block.split ?? { kind: 'random', validation: 0, test: 0, seed: 1 },
    ...(block.trainsAll ? { trainsAll: true } : {}),
    seen: 'excluded',
    times: block.times,
    reject: block.reject ?? 0.01,
  };
}

type Declared = Partial<FeaturePlan> & { readonly encoder: Encoder };

/** Plans of features: `gives` follows from the encoder where it is not said. */
export function features(tower: string, declared: Readonly<Record<string, Declared>>): FeaturePlan[] {
  return Object.entries(declared).map(([name, plan]) => {
    const kind = plan.encoder.kind;
    const gives = ['words', 'bigrams', 'trigrams'].includes(kind) ? 'bag' : codes.has(kind) ? 'code' : 'numbers';
    return { name, tower, column: name, encoderOf: name, gives, width: 1, ...plan } as FeaturePlan;
  });
}

const codes = new Set<Encoder['kind']>(['vocabulary', 'hash', 'boundaries', 'quantiles', 'clock']);

export const vocabulary: Encoder = { kind: 'vocabulary', minimumCount: 1 };

/** Needs of two towers, `user` keyed by `user` and `item` keyed by `item`. */
export function needsOf(
  user: Readonly<Record<string, Declared>>,
  item: Readonly<Record<string, Declared>>,
  labels: Needs['labels'] = [],
): Needs {
  return {
    features: [...features('user', user), ...features('item', item)],
    labels,
    towers: [
      { name: 'user', key: 'user' },
      { name: 'item', key: 'item' },
    ],
  };
}

/** What row i of the events sees of a column: a code, a bag of codes, or numbers. */
export function valueAt({ column, index }: IndexedColumn, row: number): number | number[] {
  return at(column, index === undefined ? row : index[row]!);
}

function at(column: Column, row: number): number | number[] {
  if (column.kind === 'codes') return column.values[row]!;
  if (column.kind === 'bags') {
    const own = [...column.values.subarray(column.starts[row]!, column.ends[row]!)];
    // Elements that are bags themselves: the length of each, then its values.
    const { inner } = column;
    return inner
      ? own.flatMap((each) => [inner.ends[each]! - inner.starts[each]!, ...(at(inner, each) as number[])])
      : own;
  }
  return [...column.values.subarray(row * column.width, (row + 1) * column.width)];
}

/** Of a bag what each of its elements counts; nothing where they have no weights. */
export function weightsAt({ column, index }: IndexedColumn, row: number): number[] | undefined {
  if (column.kind !== 'bags') return undefined;
  const at = index === undefined ? row : index[row]!;
  return column.weights && [...column.weights.subarray(column.starts[at]!, column.ends[at]!)];
}

export function valuesOf(indexed: IndexedColumn, rows: number): (number | number[])[] {
  return Array.from({ length: rows }, (_, row) => valueAt(indexed, row));
}

/** The diagnostics of a Failure, each with the text it points at. */
export async function failureOf(work: Promise<unknown>): Promise<readonly string[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics.map(reported);
    throw error;
  }
  throw new Error('expected a Failure, and there was none');
}

/** `code at place: message (hint)` */
export function reported({ code, at: span, message, hint }: Diagnostic): string {
  return `${code} at ${span === undefined ? 'nowhere' : spanText(span)}: ${message}${hint === undefined ? '' : ` (${hint})`}`;
}
