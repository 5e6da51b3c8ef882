import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { train } from '../../../src/compiler/library/declarations/train_declaration.ts';
import { printCall, printModel } from '../../../src/compiler/model/print_model.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const read = (path: string): ReturnType<typeof checkSource> =>
  checkSource(makeSource(path, readFileSync(path, 'utf8')));

describe('print', () => {
  it('shows a model with every name looked up and every default filled in', async () => {
    await expect(printModel(read('models/senet_two_tower.tower').model!)).toMatchFileSnapshot('printed_model.txt');
  });
  it('shows every entry of train that says something', () => {
    const around = (entries: string): string => `
      model m
      features { user_id : id(dim: 8), movie_id : id(dim: 8) }
      tower user(user_id) keyed by user_id { channel main = user_id -> flatten }
      tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
      task watch { score = dot(user, item), loss = softmax(sampled(8)) }
      train { ${entries} }`;
    const written = (names: readonly string[]): string =>
      names.map((name) => `${name} = ${train.entries[name as keyof typeof train.entries].example}`).join(', ');
    // `steps` is in place of `epochs`, and a graph trains rows that `clip` does not measure.
    for (const without of [
      ['epochs', 'clip'],
      ['steps', 'graph'],
    ]) {
      const names = Object.keys(train.entries).filter((name) => !without.includes(name) && name !== 'targets');
      const printed = printModel(checkSource(makeSource('m.tower', around(written(names)))).model!);
      for (const name of names) expect(printed).toMatch(new RegExp(`^  ${name} += `, 'm'));
      for (const name of without) expect(printed).not.toMatch(new RegExp(`^  ${name} += `, 'm'));
    }
  });
  it('shows texts in quotes, nested calls, and nothing that is not given', () => {
    const element = { kind: 'category', arguments: { values: ['F', 'M'], hash: undefined, dim: 4 } };
    expect(printCall({ kind: 'list', arguments: { element, max: 0.1 + 0.2 } })).toBe(
      'list(element: category(values: ["F", "M"], dim: 4), max: 0.3)',
    );
  });
});
