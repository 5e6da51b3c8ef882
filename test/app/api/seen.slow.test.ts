/** One protocol: what stops training is what is evaluated, compared and recommended by. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { compare, evaluate, Failure, load, recommend, train } from '../../../src/api.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, model, ratings, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const engine = 'onnx' as const;

async function trainBy(name: string, entries: string): Promise<string> {
  writeFileSync(at(`${name}.tower`), data.replace('  split ', `  ${entries}\n  split `));
  await train(at('films.tower'), { data: at(`${name}.tower`), out: at(name), engine, set: { width: 4, epochs: 2 } });
  return at(name);
}

beforeAll(async () => {
  writeProject(root);
  await trainBy('excluded', 'seen = excluded');
  await trainBy('kept', 'seen = kept');
}, 60_000);

const recallOf = async (folder: string, request: Parameters<typeof evaluate>[1]) => {
  const { rows } = await evaluate(await load(folder, { engine }), { baselines: false, ...request });
  return rows[0]!.all['recall@10'];
};

it.each(['excluded', 'kept'])('stop measures as evaluate does, seen = %s', async (seen) => {
  const { manifest } = (await load(at(seen))).trained;
  expect(manifest.data.seen).toBe(seen);
  expect(manifest.training.best!.metric).toBe('recall@10');
  const measured = await recallOf(at(seen), { part: 'validation' });
  expect(measured).toBeCloseTo(manifest.training.best!.value, 12);
  const other = await recallOf(at(seen), { part: 'validation', removeSeen: seen === 'kept' });
  expect(other).not.toBe(measured);
});

it('recommend follows the declaration, and a request is an exception', async () => {
  const seenIn = async (folder: string, request: { readonly removeSeen?: boolean }) => {
    const run = await load(folder, { engine });
    const { items, history } = await recommend(run, { user: 'u3', k: 40, ...request });
    await run.close();
    const had = new Set(history.map(({ key }) => key));
    return items.filter(({ key }) => had.has(key)).length;
  };
  expect(await seenIn(at('excluded'), {})).toBe(0);
  expect(await seenIn(at('excluded'), { removeSeen: false })).toBeGreaterThan(0);
  expect(await seenIn(at('kept'), {})).toBeGreaterThan(0);
  expect(await seenIn(at('kept'), { removeSeen: true })).toBe(0);
});

it('compare refuses two declarations unless one is asked for', async () => {
  const runs = async () => [
    { name: 'excluded', run: await load(at('excluded'), { engine }) },
    { name: 'kept', run: await load(at('kept'), { engine }) },
  ];
  const refused = await compare(await runs()).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Failure);
  expect((refused as Failure).diagnostics[0]).toMatchObject({
    code: 'protocols-differ',
    message:
      'excluded and kept were not measured in the same way: `seen = excluded`, and `seen = kept`; choose `--remove-seen` or `--keep-seen`',
  });
  const { rows } = await compare(await runs(), { removeSeen: true, draws: 20 });
  expect(rows.map(({ name }) => name)).toEqual(['excluded', 'kept']);
});

it('trains without a validation part, says so in its records, and refuses `stop`', async () => {
  const folds = ratings()
    .trimEnd()
    .split('\n')
    .map((line, row) => `${line},${row === 0 ? 'fold' : row % 5 === 0 ? 'test' : 'train'}`);
  writeFileSync(at('folded.csv'), `${folds.join('\n')}\n`);
  writeFileSync(
    at('folded.tower'),
    data.replace('ratings.csv', 'folded.csv').replace('by_time(validation: 10%, test: 10%)', 'column("fold")'),
  );
  writeFileSync(at('free.tower'), model.replace(', stop = recall(10, patience: 2)', ''));
  const { records, dataset } = await train(at('free.tower'), { data: at('folded.tower'), out: at('free'), engine });
  expect(dataset.protocol[0]).toBe('Split by the column `fold`: 480 training and 120 test events, no validation part.');
  for (const record of records) expect(record).not.toHaveProperty('validation');
  const evaluation = await evaluate(await load(at('free'), { engine }), { baselines: false });
  expect([evaluation.part, evaluation.events]).toEqual(['test', 120]);

  const refused = train(at('films.tower'), { data: at('folded.tower'), out: at('refused'), engine });
  await expect(refused).rejects.toThrow('`stop = recall@10` needs a validation part, but the split has none');
});
