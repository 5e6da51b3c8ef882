/**
 * What is asked of a trained model is what it was measured by: a held-out event, asked as a person would ask it, has the columns and
 * the scores that evaluation gives it. What the event knows is read from the files here, by SQL of our own.
 */
import { join, resolve } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource, compileSource } from '../../src/compiler/pipeline.ts';
import type { Dataset, Events } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { chooseEngine } from '../../src/engines/engines.ts';
import { initialValues } from '../../src/graph/initial.ts';
import type { DataDescription } from '../../src/graph/plan/data_description.ts';
import { madeOf, type Plan } from '../../src/graph/plan/plan.ts';
import { servedComplaint } from '../../src/retrieval/check_servable.ts';
import { queryColumns } from '../../src/retrieval/query_columns.ts';
import { makeRecommender } from '../../src/serving/live/recommender.ts';
import type { LoadedModel } from '../../src/training/artifact/load.ts';
import { makeTables } from '../../src/training/embedding/tables.ts';
import { makeRetrieval } from '../../src/training/scoring/retrieval_scorer.ts';
import { valueAt, weightsAt } from '../data/fixture.ts';

type Row = Readonly<Record<string, unknown>>;

/** Events whose scores are compared; columns are compared of all. */
const scored = 12;

/** @param data text of the data block, whose paths begin in `folder` */
export async function expectParity(model: string, data: string, folder: string): Promise<{ readonly events: number }> {
  const { plan } = compileSource(makeSource('model.tower', model)).lowered!;
  const found = checkSource(makeSource(join(folder, 'data.tower'), data), { folder }).dataDescriptions[0]!;
  // A random part has no order to be found again by: then the last rows of the file are held out.
  const description: DataDescription =
    found.split.kind === 'random'
      ? {
          ...found,
          time: { expression: '0', span: found.span },
          split: { kind: 'by_time', validation: found.split.validation, test: found.split.test },
        }
      : found;
  const dataset = await readDataset(description, plan);
  expect(dataset.rejected.count).toBe(0);
  const rows = await rowsOf(description, plan);
  const held = heldOut(rows, description, dataset.parts.test.rows);
  const { test: events } = dataset.parts;
  expect(held.length).toBe(events.rows);

  const questions = held.map((row) => valuesOf(row, rows, description, plan));
  for (const [at, values] of questions.entries()) expectSameColumns(plan, dataset, events, at, values);
  await expectSameScores(plan, dataset, questions);
  return { events: events.rows };
}

/** The test events, in the order of time. */
function heldOut(rows: readonly Row[], { split }: DataDescription, count: number): readonly Row[] {
  if (split.kind === 'column') return rows.filter(({ part }) => part === 'test');
  if (split.kind !== 'leave_one_out') return rows.slice(rows.length - count);
  return rows.filter((row) => {
    const own = rows.filter(({ who }) => who === row.who);
    return own.length >= 3 && own.at(-1) === row;
  });
}

function expectSameColumns(plan: Plan, dataset: Dataset, events: Events, at: number, values: Row): void {
  const { encodings, histories, corpus } = dataset;
  const itemOf = (key: string): number | undefined => {
    const row = [...corpus.keys].indexOf(key);
    return row < 0 ? undefined : row;
  };
  const asked = queryColumns(plan, plan.towers[0], encodings, values, { histories, itemOf });
  for (const name of plan.towers[0].features) {
    const measured = valueAt(events.features.get(name)!, at);
    expect(valueAt(asked.get(name)!, 0), `${name} of test event ${at}`).toEqual(measured);
    expect(weightsAt(asked.get(name)!, 0), `weights of ${name}`).toEqual(weightsAt(events.features.get(name)!, at));
  }
}

async function expectSameScores(plan: Plan, dataset: Dataset, questions: readonly Row[]): Promise<void> {
  const { engine } = await chooseEngine('onnx');
  const { corpus, encodings } = dataset;
  const tables = makeTables(plan, encodings);
  const parameters = initialValues(plan.step.graph, plan.train.seed);
  const trained = { plan, encodings, tables, parameters } as unknown as LoadedModel;
  const recommender = await makeRecommender(trained, dataset, engine);
  expect(servedComplaint({ ...recommender.served(), notes: [] }, trained)).toBeUndefined();
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus, parameters });
  const step = Math.max(1, Math.floor(questions.length / scored));
  for (let at = 0; at < questions.length; at += step) {
    const { features } = dataset.parts.test;
    const scores = await retrieval.scores(await retrieval.queries(features, Int32Array.of(at)));
    const answer = await recommender.ask({ values: questions[at]! }, { k: corpus.rows, removeSeen: false });
    const answered = new Map(answer.items.map(({ key, score }) => [key, score]));
    expect(answered.size).toBe(corpus.rows);
    let [furthest, largest] = [0, 1];
    for (const [item, key] of [...corpus.keys].entries()) {
      furthest = Math.max(furthest, Math.abs(answered.get(key)! - scores[item]!));
      largest = Math.max(largest, Math.abs(scores[item]!));
    }
    // The engine adds products in float32, in an order of its own; an answer adds them in float64.
    expect(furthest / largest, `scores of test event ${at}`).toBeLessThan(1e-6);
  }
  await recommender.close();
  await retrieval.close();
}

/** Events in the order of time, with the columns that the asking side reads, and their part where a column says it. */
async function rowsOf(description: DataDescription, plan: Plan): Promise<Row[]> {
  const { events, items, users, split, time } = description;
  const connection = await (await DuckDBInstance.create()).connect();
  const named = new Set<string>();
  for (const [role, file] of Object.entries({ events, items, users })) {
    if (file === undefined) continue;
    const path = join(resolve(description.folder), file.path).replaceAll("'", "''");
    const read = path.endsWith('.parquet') ? `'${path}'` : `read_csv('${path}', header = true, sample_size = -1)`;
    await connection.run(`CREATE TABLE ${role} AS SELECT * FROM ${read}`);
    const names = (await connection.runAndReadAll(`SELECT * FROM ${role} LIMIT 0`)).columnNames();
    if (role === 'events') for (const name of names) named.add(name);
  }
  const sql = (name: string): string => {
    const own = description.columns.find((column) => column.name === name)?.expression;
    const column = own ?? name;
    if (named.has(column)) return `events."${column}"`;
    return own ?? `"${name}"`;
  };
  const joins = [items && (['items', items.by] as const), users && (['users', users.by] as const)].flatMap((joined) => {
    if (!joined) return [];
    const [role, by = ''] = joined;
    const ownColumn = description.columns.find(({ name }) => name === by)?.expression ?? `"${by}"`;
    return ` LEFT JOIN ${role} ON CAST(events.${ownColumn} AS VARCHAR) = CAST(${role}.${ownColumn} AS VARCHAR)`;
  });
  const [query, item] = plan.towers;
  const read = plan.features.filter(
    (feature) =>
      query.features.includes(feature.name) &&
      madeOf(feature).length === 0 &&
      !description.histories.some(({ name }) => name === feature.column),
  );
  const wanted = [
    ...read.map(({ name, column }) => `${sql(column)} AS "value ${name}"`),
    ...read.flatMap(({ weights }) => (weights === undefined ? [] : [`${sql(weights)} AS "value ${weights}"`])),
    ...(query.key === undefined ? ['NULL AS who'] : [`CAST(${sql(query.key)} AS VARCHAR) AS who`]),
    `CAST(${sql(item.key!)} AS VARCHAR) AS what`,
    `${time?.expression ?? '0'} AS moment`,
    ...[...new Set(description.histories.map(({ of }) => of))]
      .filter((of) => of !== item.key)
      .map((of) => `${sql(of)} AS "past ${of}"`),
    `${split.kind === 'column' ? sql(split.column) : 'NULL'} AS part`,
  ];
  const where = description.where ? ` WHERE ${description.where.expression}` : '';
  const reader = await connection.runAndReadAll(
    `SELECT ${wanted.join(', ')} FROM events${joins.join('')}${where} ORDER BY moment, events.rowid`,
  );
  const rows = reader.getRowObjectsJS();
  connection.closeSync();
  return rows;
}

/** What an event knows of its user, as a request would say it: all of the past, in the order of time. */
function valuesOf(row: Row, rows: readonly Row[], description: DataDescription, plan: Plan): Row {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name.startsWith('value ')) values[name.slice(6)] = typeof value === 'bigint' ? Number(value) : value;
  }
  const own = plan.features.filter(({ name }) => plan.towers[0].features.includes(name));
  for (const name of own.flatMap(({ column, weights = column }) => [column, weights])) {
    const history = description.histories.find((each) => each.name === name);
    if (history === undefined) continue;
    values[name] = rows
      .filter(({ who, moment }) => who === row.who && (moment as number) < (row.moment as number))
      .map((earlier) => (history.of === plan.towers[1].key ? earlier.what : earlier[`past ${history.of}`]))
      .map((value) => (typeof value === 'bigint' ? Number(value) : value));
  }
  return values;
}
