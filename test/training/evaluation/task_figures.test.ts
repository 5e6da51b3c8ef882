/** What tasks predict of single events: read from a trained model, against the same computed by hand from its tables. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluationText } from '../../../src/app/cli/views/comparison.ts';
import type { Dataset, Events } from '../../../src/data/dataset.ts';
import type { Plan, TaskPlan } from '../../../src/graph/plan/plan.ts';
import { type LoadedModel, load } from '../../../src/training/artifact/load.ts';
import { type Evaluation, evaluateModel } from '../../../src/training/evaluation/evaluate_model.ts';
import { makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { taskFigures } from '../../../src/training/evaluation/task_figures.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { modelScorer, predictionsOf } from '../../../src/training/scoring/scorer.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import { planOf } from '../../compiler/library/support.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset as made } from '../trained.ts';

const root = temporaryFolder();
const text = `model judged
  features { user_id : id(dim: 4) movie_id : id(dim: 4) }
  labels { liked, known : binary rating : number }
  tower user(user_id) keyed by user_id { channel main = user_id }
  tower item(movie_id) keyed by movie_id { channel main = movie_id channel more = movie_id -> dense(4, linear) }
  task like { score = dot(user.main, item.main), loss = bce(scale: 2), label = liked }
  task more { score = dot(user.main, item.more) }
  task both { score = like * more, loss = bce, label = liked, only = known }
  task rate { score = dot(user.main, item.main) + user.bias + item.bias + mean, loss = mse, label = rating }
  task watch { score = dot(user.main, item.main), loss = softmax(in_batch) }
  retrieve = watch
  train { batch = 32, epochs = 4, embeddings = adagrad(rate: 0.3) }`;

/** Ratings of 1 to 5, of which some are missing. */
function withLabels(events: Events): Events {
  const rows = Array.from({ length: events.rows }, (_, row) => row);
  const rating = Float32Array.from(rows, (row) =>
    row % 7 === 3 ? Number.NaN : 1 + ((row * 3 + events.item[row]!) % 5),
  );
  const known = Float32Array.from(rows, (row) => (row % 3 === 0 ? 0 : 1));
  return { ...events, labels: new Map([...events.labels, ['rating', rating], ['known', known]]) };
}
const { train: first, validation, test } = made.parts;
const dataset: Dataset = {
  ...made,
  parts: { train: withLabels(first), validation: withLabels(validation), test: withLabels(test) },
  encodings: new Map([...made.encodings].filter(([name]) => name.endsWith('_id'))),
};
const events = dataset.parts.test;

let trained: LoadedModel;
let evaluation: Evaluation;

beforeAll(async () => {
  const folder = join(root, 'judged');
  const origin = { sources: [{ name: 'judged.tower', text }] };
  await trainModel({ plan: planOf(text), dataset, engine: plainEngine, folder, origin, tower: '0.0.0' });
  trained = await load(folder);
  const { plan, tables, parameters } = trained;
  const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus: dataset.corpus, parameters });
  evaluation = await evaluateModel({
    dataset,
    part: 'test',
    plan,
    scorer: modelScorer(retrieval, { plan, events, corpus: dataset.corpus }),
    measures: makeMeasures([{ metric: 'auc' }]),
    predictions: await predictionsOf({ plan, engine: plainEngine, tables, parameters }, events),
    baselines: false,
  });
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Scores of an event by the tables of the run. */
function byHand(row: number) {
  const { tables, parameters } = trained;
  const codeOf = (name: string): number => {
    const { column, index } = events.features.get(name)!;
    return column.kind === 'codes' ? column.values[index ? index[row]! : row]! : -1;
  };
  const vector = (table: string, key: string): number[] => {
    const { dim } = tables.get(table)!;
    return [
      ...tables
        .get(table)!
        .values()
        .slice(codeOf(key) * dim, (codeOf(key) + 1) * dim),
    ];
  };
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, at) => sum + x * b[at]!, 0);
  const [user, item] = [vector('user_id', 'user_id'), vector('movie_id', 'movie_id')];
  const { data: weights } = parameters['item/more/dense/weights']!;
  const { data: bias } = parameters['item/more/dense/bias']!;
  const more = [...bias].map((b, column) => b + item.reduce((sum, x, at) => sum + x * weights[at * 4 + column]!, 0));
  const like = 2 * dot(user, item);
  return {
    like: sigmoid(like),
    both: sigmoid(like) * sigmoid(dot(user, more)),
    rate:
      dot(user, item) +
      vector('user.bias', 'user_id')[0]! +
      vector('item.bias', 'movie_id')[0]! +
      parameters['score/rate/mean']!.data[0]!,
  };
}

const label = (name: string, of = events): number[] => [...of.labels.get(name)!];
const rowsWhere = (of: readonly number[], test: (value: number) => boolean): number[] =>
  of.flatMap((value, row) => (test(value) ? [row] : []));

describe('figures of tasks', () => {
  it('are of the tasks that predict a label, in the order of the file', () => {
    expect(evaluation.tasks!.map(({ task, label, predicts }) => [task, label, predicts])).toEqual([
      ['like', 'liked', 'probability'],
      ['both', 'liked', 'probability'],
      ['rate', 'rating', 'number'],
    ]);
  });

  it('RMSE and MAE of ratings, of events that have one, and of the mean', () => {
    const [, , rate] = evaluation.tasks!;
    const ratings = label('rating');
    const rows = rowsWhere(ratings, (value) => !Number.isNaN(value));
    const errors = rows.map((row) => byHand(row).rate - ratings[row]!);
    expect(rate!.events).toBe(rows.length);
    expect(rate!.figures.rmse).toBeCloseTo(Math.sqrt(mean(errors.map((error) => error * error))), 5);
    expect(rate!.figures.mae).toBeCloseTo(mean(errors.map(Math.abs)), 5);
    const constant = mean(label('rating', dataset.parts.train).filter((value) => !Number.isNaN(value)));
    const off = rows.map((row) => constant - ratings[row]!);
    expect(rate!.constant!.value).toBeCloseTo(constant, 6);
    expect(rate!.constant!.figures.rmse).toBeCloseTo(Math.sqrt(mean(off.map((error) => error * error))), 5);
    expect(rate!.constant!.figures.mae).toBeCloseTo(mean(off.map(Math.abs)), 5);
  });

  it.each([
    ['like', 0],
    ['both', 1],
  ] as const)('AUC and log loss of `%s`, by every pair', (name, at) => {
    const task = evaluation.tasks![at]!;
    const liked = label('liked');
    const known = label('known');
    const rows = rowsWhere(liked, () => true).filter((row) => name === 'like' || known[row] === 1);
    const p = new Map(rows.map((row) => [row, byHand(row)[name]]));
    const losses = rows.map((row) => -Math.log(liked[row] === 1 ? p.get(row)! : 1 - p.get(row)!));
    const pairs = rows
      .filter((row) => liked[row] === 1)
      .flatMap((yes) => rows.filter((row) => liked[row] === 0).map((no) => p.get(yes)! - p.get(no)!));
    expect(task.events).toBe(rows.length);
    expect(task.figures.log_loss).toBeCloseTo(mean(losses), 4);
    expect(task.figures.auc).toBeCloseTo(mean(pairs.map((d) => (Math.abs(d) < 1e-7 ? 0.5 : d > 0 ? 1 : 0))), 5);
    expect(task.constant!.figures.auc).toBe(0.5);
  });

  it('are printed next to the constant, and explained', () => {
    const printed = evaluationText(evaluation);
    expect(printed).toMatch(/label of each event .*auc .*log_loss .*rmse .*mae .*events/);
    expect(printed).toMatch(/^rate: rating +– +– +\d\.\d{4} +\d\.\d{4} +10$/m);
    expect(printed).toMatch(/ {2}constant \d/);
    expect(evaluation.protocol.at(-1)).toMatch(/^Tasks: each test event that has the label/);
  });

  it('come from a graph of the run, which names what each task predicts', () => {
    const { manifest, plan } = trained;
    expect(Object.keys(manifest.files)).toContain('graphs/predictions.json');
    expect(plan.predictions!.graph.outputs.map(({ name }) => name)).toEqual([
      'prediction:like',
      'prediction:both',
      'prediction:rate',
    ]);
  });

  it('of a model that only ranks there are none', () => {
    const plan = planOf(text.replace(/task (like|both|rate) .*\n/g, '').replace(/task more .*\n/, ''));
    expect(plan.predictions).toBeUndefined();
    expect(plan.tasks).toEqual([{ name: 'watch', loss: 'softmax' }]);
  });
});

describe('figures by hand', () => {
  const of = (
    task: Partial<TaskPlan>,
    labels: readonly number[],
    predicted: readonly number[],
    trainLabels = labels,
  ) => {
    const part = (values: readonly number[]): Events => ({
      rows: values.length,
      features: new Map(),
      labels: new Map([['y', Float32Array.from(values)]]),
      item: new Int32Array(values.length),
      user: new Int32Array(values.length),
    });
    const plan = { tasks: [{ name: 't', label: 'y', ...task }] } as unknown as Plan;
    const parts = { train: part(trainLabels), validation: part([]), test: part(labels) };
    return taskFigures(plan, { parts }, 'test', new Map([['t', Float32Array.from(predicted)]]))[0];
  };
  const nothing = Number.NaN;

  it('of numbers', () => {
    const found = of({ predicts: 'number' }, [1, 2, nothing, 4], [1, 4, 100, 3], [3, nothing])!;
    expect(found.figures).toEqual({ rmse: Math.sqrt(5 / 3), mae: 1 });
    expect(found.constant).toEqual({ value: 3, figures: { rmse: Math.sqrt(6 / 3), mae: 4 / 3 } });
  });

  it('of probabilities: equal scores count half', () => {
    const found = of({ predicts: 'probability' }, [1, 0, 1, 0], [2, 2, 0, -1])!;
    expect(found.figures.auc).toBe((0.5 + 1 + 0 + 1) / 4);
    expect(found.constant!.figures.log_loss).toBeCloseTo(Math.log(2), 12);
  });

  it('calibration of probabilities: means of the prediction and of the label, by how probable an event is', () => {
    const rows = Array.from({ length: 40 }, (_, row) => row);
    // Every second event is likely, and 3 of 4 likely ones happen.
    const likely = rows.map((row) => (row % 2 === 0 ? Math.log(9) : -Math.log(4)));
    const happened = rows.map((row) => (row % 2 === 0 && row % 8 !== 0 ? 1 : 0));
    const [low, high, ...more] = of({ predicts: 'probability' }, happened, likely)!.calibration!;
    expect(more).toEqual([]);
    expect(low).toMatchObject({ events: 20, observed: 0 });
    expect(low!.predicted).toBeCloseTo(0.2, 6);
    expect(high).toMatchObject({ events: 20, observed: 0.75 });
    expect(high!.predicted).toBeCloseTo(0.9, 6);
  });

  it('large logits cost what they are, and nothing is infinite', () => {
    const found = of({ predicts: 'probability' }, [1, 0], [-500, -500], [1, 1])!;
    expect(found.figures.log_loss).toBe(250);
    expect(found.constant!.figures.log_loss).toBeCloseTo(-Math.log(1e-6) / 2, 4);
  });

  it('without a pair of labels there is no AUC, and without an event no figure', () => {
    expect(of({ predicts: 'probability' }, [1, 1], [0, 1])!.figures.auc).toBeUndefined();
    expect(of({ predicts: 'number' }, [nothing], [1])).toBeUndefined();
    expect(of({ predicts: 'number' }, [2], [1], [nothing])!.constant).toBeUndefined();
  });
});
