import { describe, expect, it } from 'vitest';
import { spanText } from '../../../src/base/text/source.ts';
import { selectionsAt } from '../../../src/editor/lsp/providers/ranges_provider.ts';
import { marked } from '../lsp/marked.ts';

const grows = (text: string): string[] => {
  const { facts, offset } = marked(text);
  return selectionsAt(facts.checked.file, offset).map(spanText);
};

describe('a selection', () => {
  it('grows from a word over its call and its flow to the whole file', () => {
    const flow = 'user_id -> mlp(8, last: relu)';
    const tower = `tower user(user_id) { channel main = ${flow} }`;
    expect(grows(`model m\n${tower.replace('relu', 're|lu')}\n`)).toEqual([
      'relu',
      'last: relu',
      'mlp(8, last: relu)',
      flow,
      `channel main = ${flow}`,
      tower,
      `model m\n${tower}\n`,
    ]);
  });
  it('is the file between declarations', () => {
    expect(grows('model m\n|\nlet a = 1\n')).toEqual(['model m\n\nlet a = 1\n']);
    expect(grows('|')).toEqual(['']);
  });
});
