import { check, evaluate, load, recommend, train } from '../../../src/api.ts';

const checked = await check('models/two_tower.tower', { data: 'models/data/movielens.tower' });
if (checked.diagnostics.some(({ severity }) => severity === 'error')) throw new Error(checked.text);

await train('models/two_tower.tower', { data: 'models/data/movielens.tower', out: 'runs/api', set: { epochs: 1 } });

const run = await load('runs/api');
const { rows } = await evaluate(run, { baselines: ['popularity'] });
for (const { name, all } of rows) console.log(name, 'recall@50', all['recall@50']!.toFixed(4));

const { items } = await recommend(run, { user: '33', k: 3 });
for (const { score, title } of items) console.log(score.toFixed(3), title);
