/** Run by bench/reading.ts in a process of its own: from its start to the data of models/two_tower.tower, in milliseconds. */
import { readFileSync } from 'node:fs';
import { readDataset } from '../src/data/read.ts';
import { lower } from '../src/lower/lower.ts';
import { check } from '../src/pipeline.ts';
import { makeSource } from '../src/text/source.ts';

const read = (path: string) => check(makeSource(path, readFileSync(path, 'utf8')));
const plan = lower(read('models/two_tower.tower').model!).output?.plan;
const [description] = read('models/data/movielens.tower').dataDescriptions;
const compiled = performance.now();
const { parts } = await readDataset(description!, plan!);
console.log(JSON.stringify({ compiled, data: performance.now(), rows: parts.train.rows }));
