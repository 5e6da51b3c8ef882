import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { data } from '../../src/library/declarations/data.ts';
import { printCall, printData, printModel } from '../../src/model/print.ts';
import { check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';

const read = (path: string): ReturnType<typeof check> => check(makeSource(path, readFileSync(path, 'utf8')));

describe('print', () => {
  it('shows a model with every name looked up and every default filled in', async () => {
    await expect(printModel(read('models/senet_two_tower.tower').model!)).toMatchFileSnapshot('printed_model.txt');
  });
  it('shows data so that it reads back as itself', () => {
    const [data] = read('models/data/movielens.tower').dataDescriptions;
    const again = check(makeSource('models/data/again.tower', printData(data!)));
    expect(again.diagnostics).toEqual([]);
    expect(printData(again.dataDescriptions[0]!)).toBe(printData(data!));
  });
  it('shows every entry of data', () => {
    const text = Object.entries(data.entries)
      .map(([name, { example }]) => `  ${name} = ${example}`)
      .join('\n');
    const [whole] = check(makeSource('d.tower', `data d {\n${text}\n}\n`)).dataDescriptions;
    const printed = printData(whole!);
    for (const name of Object.keys(data.entries)) expect(printed).toMatch(new RegExp(`^  ${name} = `, 'm'));
    expect(printData(check(makeSource('d.tower', printed)).dataDescriptions[0]!)).toBe(printed);
  });
  it('shows texts in quotes, nested calls, and nothing that is not given', () => {
    const element = { kind: 'category', arguments: { values: ['F', 'M'], hash: undefined, dim: 4 } };
    expect(printCall({ kind: 'list', arguments: { element, max: 0.1 + 0.2 } })).toBe(
      'list(element: category(values: ["F", "M"], dim: 4), max: 0.3)',
    );
  });
});
