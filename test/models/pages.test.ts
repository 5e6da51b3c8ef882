/** Every model has a page, which shows what the model is made of. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';

const models = readdirSync('models').filter((name) => name.endsWith('.tower'));
const pages = readdirSync('docs/models').filter((name) => name !== 'README.md');
const textOf = (page: string): string => readFileSync(`docs/models/${page}`, 'utf8');

it.each(models)('%s has a page that names its features, channels and score', (name) => {
  const path = `models/${name}`;
  const page = pages.map(textOf).find((text) => text.includes(`\`${path}\``));
  expect(page, `a page of docs/models names ${path}`).toBeDefined();
  const { model } = check(makeSource(path, readFileSync(path, 'utf8')));
  for (const { score, loss } of model!.tasks) {
    for (const { call } of score.terms) expect(page).toContain(call.kind);
    expect(page).toContain(loss.kind);
  }
  for (const tower of model!.towers) {
    for (const { name, channel } of tower.steps as readonly { name: string; channel?: boolean }[]) {
      if (channel && name !== 'main' && !path.includes('restaurant')) expect(page).toContain(name);
    }
  }
  expect(page).toMatch(/Checked in `test\/models\/[a-z_]+\.test\.ts`/);
});

it.each(pages)('%s points at files that are there, and stands in the list', (page) => {
  for (const [, path] of textOf(page).matchAll(/`((?:models|test)\/[a-z_/]+(?:\.[a-z.]+)?)`/g)) {
    expect(existsSync(path!), path).toBe(true);
  }
  expect(textOf('README.md')).toContain(`(${page})`);
});
