import { check, evaluate, load, recommend, train } from '../../src/api.ts';

const checked = await check('models/two_tower.tower', { data: 'models/data/movielens.tower' });
if (checked.diagnostics.some(({ severity }) => severity === 'error')) throw new Error(checked.text);

await train('models/two_tower.tower', { data: 'models/data/movielens.tower', out: 'runs/api', set: { epochs: 1 } });

const run = await load('runs/api');
console.log((await evaluate(run)).metrics);
console.log(await recommend(run, { user: '33', k: 5 }));
