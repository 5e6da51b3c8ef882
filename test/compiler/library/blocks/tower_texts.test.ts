/** The texts in Tower of blocks and losses: they are files as a user would write them, and say what their rows say. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { formatSource } from '../../../../src/compiler/format/format.ts';
import { formulas } from '../../../../src/compiler/library/blocks/generated_formulas.ts';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import { losses } from '../../../../src/compiler/library/losses/table.ts';
import { parse } from '../../../../src/compiler/syntax/parse.ts';

const texts = Object.entries(formulas);

it('are those of twelve blocks, four losses and more', () => {
  expect(texts.length).toBeGreaterThanOrEqual(16);
});

it.each(texts)('%s is its file, as the formatter prints it', (name, text) => {
  const folder = name in losses ? 'losses' : 'blocks';
  expect(readFileSync(`src/compiler/library/${folder}/${name}.tower`, 'utf8')).toBe(text);
  expect(formatSource(makeSource(`${name}.tower`, text))).toMatchObject({ output: text });
});

it.each(texts)('%s has the parameters of its row, with its defaults', (name, text) => {
  const { output, diagnostics } = parse(makeSource(`${name}.tower`, text));
  expect(diagnostics).toEqual([]);
  for (const node of output.declarations) {
    if (node.kind !== 'Block' && node.kind !== 'Loss') throw new Error(`${name}.tower has blocks or losses only`);
    expect(node.name.name).toBe(name);
    for (const { name: parameter, default: value } of node.parameters) {
      const row = (losses[name] ?? blocks[name])!.parameters[parameter.name];
      expect(row, parameter.name).toBeDefined();
      if (value?.kind === 'Number') expect(row!.default, parameter.name).toBe(value.value);
    }
  }
});
