/** One list of metrics: what validation, evaluate, compare and the report show, and how to ask for another. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { compare, evaluate, Failure, load, type Metrics, train, writeReport } from '../../../src/api.ts';
import { comparisonText, evaluationText } from '../../../src/app/cli/views/comparison.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, model, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const engine = 'onnx' as const;
const usual = ['recall@10', 'recall@50', 'recall@100', 'ndcg@10', 'hit_rate@10', 'mrr', 'auc'];

const trainBy = (name: string, metrics: string, other: Partial<Parameters<typeof train>[1]> = {}) => {
  writeFileSync(at(`${name}.tower`), model.replace('stop = ', `${metrics}, stop = `));
  writeFileSync(at('by_time.tower'), data);
  const request = { data: at('by_time.tower'), out: at(name), engine, set: { width: 4, epochs: 1 } };
  return train(at(`${name}.tower`), { ...request, ...other });
};

beforeAll(async () => {
  writeProject(root);
  await trainBy('twenty', 'metrics = recall(20), ndcg(20)');
  await trainBy('other', 'metrics = ndcg(20), mrr');
  await trainBy('silent', 'seed = 1');
}, 60_000);

const open = (name: string) => load(at(name), { engine });
const measured = async (name: string, metrics?: Metrics) =>
  evaluate(await open(name), { baselines: false, ...(metrics === undefined ? {} : { metrics }) });

it('is what validation measures, in addition to what `stop` watches', async () => {
  const { records } = await trainBy('again', 'metrics = recall(20), ndcg(20)');
  expect(Object.keys(records[0]!.validation!)).toEqual(['recall@10', 'recall@20', 'ndcg@20']);
});

it('is what evaluate shows: in its figures, its table and the report', async () => {
  const evaluation = await measured('twenty');
  expect(evaluation.metrics).toEqual(['recall@20', 'ndcg@20']);
  expect(Object.keys(evaluation.rows[0]!.all)).toEqual(['recall@20', 'ndcg@20']);
  expect(evaluationText(evaluation)).toMatch(/recall@20 {2}ndcg@20$/m);
  await writeReport(at('twenty'), evaluation);
  expect(readFileSync(at('twenty/report.html'), 'utf8')).toMatch(/recall@20[\s\S]*ndcg@20/);
});

it('may describe lists by a column of the items, for baselines and in a comparison too', async () => {
  const described = 'novelty(5), diversity(title, 5), recall(5), gini(5)';
  const labels = ['novelty@5', 'diversity(title)@5', 'recall@5', 'gini@5'];
  const { records } = await trainBy('described', `metrics = ${described}`);
  expect(Object.keys(records[0]!.validation!)).toEqual(['recall@10', ...labels]);
  const { rows, metrics } = await evaluate(await open('described'), { baselines: ['popularity'] });
  expect(metrics).toEqual(labels);
  // Every film has a title of its own.
  for (const { all } of rows) expect(all['diversity(title)@5']).toBe(1);
  const run = await open('silent');
  const compared = await compare([{ name: 'silent', run }], { draws: 20, metrics: described });
  expect(compared.metrics).toEqual(labels.slice(0, 3));
  expect(compared.protocol.join('\n')).toContain('A comparison excludes gini@5');
});

it('refuses a column that the items do not have, before any row is read', async () => {
  const error = await trainBy('unknown', 'metrics = diversity(titel)').catch((thrown: unknown) => thrown);
  const [found] = (error as Failure).diagnostics;
  expect([found!.code, found!.hint]).toEqual(['unknown-name', 'did you mean `title`?']);
  expect(found!.at!.source.text.slice(found!.at!.start, found!.at!.end)).toBe('diversity(titel)');
  await expect(measured('silent', 'diversity(titel)')).rejects.toThrow(
    'there is no column of the items called `titel`',
  );
});

it('is the usual list where the model has none', async () => {
  expect((await measured('silent')).metrics).toEqual(usual);
});

it('may be another for one answer, with the same figures', async () => {
  const asked = await measured('twenty', 'ndcg(20), recall(5)');
  expect(asked.metrics).toEqual(['ndcg@20', 'recall@5']);
  expect(asked.rows[0]!.all['ndcg@20']).toBe((await measured('twenty')).rows[0]!.all['ndcg@20']);
  const asData = await measured('silent', [{ metric: 'recall', k: 5 }, { metric: 'mrr' }]);
  expect(asData.metrics).toEqual(['recall@5', 'mrr']);
});

it('is in a comparison all that one of the runs names, unless others are asked for', async () => {
  const runs = await Promise.all(['twenty', 'other', 'silent'].map(async (name) => ({ name, run: await open(name) })));
  const all = await compare(runs, { draws: 20 });
  expect(all.metrics).toEqual(['recall@20', 'ndcg@20', 'mrr']);
  expect(comparisonText(all)).toMatch(/recall@20 +ndcg@20 +mrr/);
  const asked = await compare(runs, { draws: 20, metrics: 'recall(10), recall(20)' });
  expect(comparisonText(asked)).toMatch(/recall@10 +recall@20/);
  expect((await compare(runs.slice(2), { draws: 20 })).metrics).toEqual(usual);
});

it.each<[string, Metrics, string, string]>([
  ['a misspelling', 'recal(20)', 'unknown-kind', 'recal'],
  ['what is no metric', [{ metric: 'toString' }], 'unknown-kind', 'toString'],
  ['a cutoff that is none', 'recall(0)', 'out-of-range', '0'],
  ['a metric without a cutoff at one', [{ metric: 'mrr', k: 3 }], 'too-many-arguments', '3'],
  ['one twice', 'mrr, mrr', 'repeated-name', 'mrr'],
  ['what is more than metrics', 'mrr } features { a : id', 'unexpected-text', ''],
  ['another entry', 'mrr, epochs = 3', 'unexpected-text', 'epochs = 3'],
  ['nothing', '', 'missing-part', ''],
])('refuses %s, at its place', async (_, metrics, code, written) => {
  const error = await measured('silent', metrics).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Failure);
  const [found] = (error as Failure).diagnostics;
  expect(found!.code).toBe(code);
  expect(found!.at!.source.text.slice(found!.at!.start, found!.at!.end)).toContain(written);
});

it('may change when a run goes on, and the manifest records it', async () => {
  await trainBy('longer', 'metrics = recall(20)');
  const more = { resume: true, set: { width: 4, epochs: 2 } };
  const { records, manifest } = await trainBy('longer', 'metrics = mrr', more);
  expect(Object.keys(records.at(-1)!.validation!)).toEqual(['recall@10', 'mrr']);
  expect(manifest!.training.changes).toContainEqual(expect.objectContaining({ setting: 'metrics' }));
});
