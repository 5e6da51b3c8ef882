/** The models that come along have no mistakes, not even warnings, and lower. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';

const read = (name: string) => makeSource(join('models', name), readFileSync(join('models', name), 'utf8'));
const files = readdirSync('models').filter((name) => name.endsWith('.tower'));

it.each(files)('%s', (name) => {
  const { diagnostics, lowered } = compileSource(read(name));
  expect(diagnostics).toEqual([]);
  expect(lowered?.plan.model).toBe(name.replace('.tower', ''));
});

it.each(files)('%s serves the weights that it trains', (name) => {
  const { towers, step, tasks } = compileSource(read(name)).lowered!.plan;
  // The mean of a label is set once, and not trained.
  const set = new Set(tasks.map(({ mean }) => mean));
  const trained = step.graph.parameters.filter(({ trainable }) => trainable).map((parameter) => parameter.name);
  const served = towers.flatMap(({ embedded }) => embedded.graph.parameters.map((parameter) => parameter.name));
  expect([...new Set(served.filter((each) => !set.has(each)))].sort()).toEqual(
    trained.filter((each) => served.includes(each)).sort(),
  );
});
