/** Run by bench/reading.ts in a process of its own: from its start to the data of models/two_tower.tower, in milliseconds. */
import { readFileSync } from 'node:fs';
import { makeSource } from '../src/base/text/source.ts';
import { lower } from '../src/compiler/lower/lower.ts';
import { checkSource } from '../src/compiler/pipeline.ts';
import { readDataset } from '../src/data/read_dataset.ts';

const read = (path: string) => checkSource(makeSource(path, readFileSync(path, 'utf8')));
const plan = lower(read('models/two_tower.tower').model!).output?.plan;
const [description] = read('models/data/movielens.tower').dataDescriptions;
const compiled = performance.now();
const { parts } = await readDataset(description!, plan!);
console.log(JSON.stringify({ compiled, data: performance.now(), rows: parts.train.rows }));
