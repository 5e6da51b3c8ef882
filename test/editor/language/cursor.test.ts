import { describe, expect, it } from 'vitest';
import { cursorAt } from '../../../src/editor/language/cursor.ts';
import { marked } from '../lsp/marked.ts';

function place(text: string) {
  const { facts, offset } = marked(text);
  return cursorAt(facts, offset);
}

describe('the place of a cursor', () => {
  it('is nowhere in particular between declarations', () => {
    expect(place('model m\n|')).toMatchObject({ value: false, calls: [] });
    expect(place('model m\n|')?.declaration).toBeUndefined();
  });

  it('is in the declaration, the body and the entry around it', () => {
    expect(place('tower user(a) {\n  channel main = a -> b -> |\n}')).toMatchObject({
      declaration: { word: 'tower', name: 'user' },
      body: 'entries',
      entry: { name: 'main', channel: true },
      arrows: 2,
      value: true,
    });
  });

  it('is in the calls around it, outermost first, at an argument', () => {
    const { calls } = place('features { a : list(category("x", dim: |), max: 6) }')!;
    expect(calls.map(({ callee }) => callee.image)).toEqual(['list', 'category']);
    expect(calls[0]).toMatchObject({ index: 0, named: ['max'] });
    expect(calls[1]).toMatchObject({ index: 1, argument: 'dim' });
  });

  it('knows what is typed of a word', () => {
    expect(place('model m\ntr|ain { }')).toMatchObject({ word: 'tr', start: 8 });
  });

  it('takes a feature that is called like a word of the grammar for a feature', () => {
    expect(place('features {\n  model : id\n  train : |\n}')).toMatchObject({
      declaration: { word: 'features' },
      entry: { name: 'train' },
    });
  });

  it('is in the columns of a data block', () => {
    expect(place('data d {\n  columns {\n    user_id = "|"\n  }\n}')).toMatchObject({
      declaration: { word: 'data', name: 'd' },
      body: 'columns',
      entry: { name: 'user_id' },
      text: { start: 36, end: 36 },
    });
  });

  it('is not in a declaration above whose brace was left open', () => {
    expect(place('features {\n  a : id(\ntower user(a) keyed by |')).toMatchObject({
      declaration: { word: 'tower', name: 'user' },
    });
  });
});
