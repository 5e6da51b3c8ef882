/** Every model has a page, which shows what the model is made of. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pictures } from '../../scripts/pictures.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';

const models = readdirSync('models').filter((name) => name.endsWith('.tower'));
const pages = readdirSync('docs/models').filter((name) => name.endsWith('.md') && name !== 'README.md');
const textOf = (page: string): string => readFileSync(`docs/models/${page}`, 'utf8');

it.each(models)('%s has a page whose picture shows its score, loss and channels', (name) => {
  const path = `models/${name}`;
  const page = pages.map(textOf).find((text) => text.includes(`\`${path}\``));
  expect(page, `a page of docs/models names ${path}`).toBeDefined();
  const picture = readFileSync(`docs/models/pictures/${name.replace('.tower', '.svg')}`, 'utf8');
  const { model } = checkSource(makeSource(path, readFileSync(path, 'utf8')));
  for (const { score, loss } of model!.tasks) {
    for (const { call } of score.terms) expect(picture).toContain(`${call.kind}(`);
    for (const name of score.product ?? []) expect(picture).toContain(`task ${name}`);
    if (loss) expect(picture).toContain(`loss ${loss.kind}`);
  }
  for (const tower of model!.towers) {
    for (const { name, channel } of tower.steps as readonly { name: string; channel?: boolean }[]) {
      if (channel) expect(picture).toContain(`channel ${name}<`);
    }
  }
  expect(page).toMatch(/Checked in `test\/models\/[a-z_]+\.test\.ts`/);
});

it.each(pages)('%s points at files that are there, and is in the list', (page) => {
  for (const [, path] of textOf(page).matchAll(/`((?:models|test)\/[a-z_/]+(?:\.[a-z.]+)?)`/g)) {
    expect(existsSync(path!), path).toBe(true);
  }
  expect(textOf('README.md')).toContain(`(${page})`);
});

it('pictures are what the program draws today: run `npm run generate`', () => {
  const drawn = pictures(new URL('../../', import.meta.url));
  expect([...drawn.keys()]).toEqual(
    readdirSync('docs/models/pictures')
      .sort()
      .map((name) => `docs/models/pictures/${name}`),
  );
  for (const [path, svg] of drawn) {
    expect(readFileSync(path, 'utf8') === svg, path).toBe(true);
    const name = path.replace(/.*\/|\.svg$/g, '');
    const page = pages.map(textOf).find((text) => text.includes(`\`models/${name}.tower\``));
    expect(page).toContain(`(pictures/${name}.svg)`);
  }
});
