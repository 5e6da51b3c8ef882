import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boxesOf, partAt } from '../../../src/editor/drawing/file_drawing.ts';
import { factsOf, marked } from '../lsp/marked.ts';

const model = `model films
features { user_id: id(hash: 1_000, dim: 16), movie_id: id(dim: 16) }
/// Narrower.
block deep(w, n = 2 * w) = dense(n) -> dense(w)
tower user(user_id) keyed by user_id {
  wide = user_id -> flatten -> deep(8)
  alone = user_id -> flatten -> dense(2)
  channel main = wide -> deep(4)
  channel other = alone -> dense(4)
}
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> mlp(8, 4) }
task watch { score = cosine(user.main, item.main), loss = softmax(in_batch) }
`;

/** Ids of the boxes of the picture for a word. */
function boxes(words: string, text = model): readonly string[] | undefined {
  const { facts, offset } = marked(text.replace(words.replace('|', ''), words));
  const part = partAt(facts, offset);
  return part && boxesOf(part.drawing).map(({ id }) => id);
}

describe('the picture of a word', () => {
  it('is the whole model at its name, and at the word before it', () => {
    const whole = boxes('model fil|ms');
    expect(whole).toEqual([
      ...['user from user_id', 'user.wide', 'user.alone', 'user.main', 'user.other'],
      ...['item from movie_id', 'item.main', 'task watch'],
    ]);
    expect(boxes('mo|del films')).toEqual(whole);
  });

  it('is one tower, wherever it is named', () => {
    const item = ['item from movie_id', 'item.main'];
    expect(boxes('tower it|em')).toEqual(item);
    expect(boxes('tow|er item')).toEqual(item);
    expect(boxes('it|em.main)')).toEqual(item);
  });

  it('is what a channel or a task reads, and nothing that it does not', () => {
    expect(boxes('channel ma|in = wide')).toEqual(['user from user_id', 'user.wide', 'user.main']);
    expect(boxes('task wa|tch')).toEqual([
      ...['user from user_id', 'user.wide', 'user.main'],
      ...['item from movie_id', 'item.main', 'task watch'],
    ]);
  });

  it('is the steps of a block, with what each gives', () => {
    const { facts, offset } = marked(model.replace('deep(8)', 'de|ep(8)'));
    const [box, ...others] = boxesOf(partAt(facts, offset)!.drawing);
    expect(others).toEqual([]);
    // 16 × 16 + 16, and 16 × 8 + 8: of this use.
    expect(box).toMatchObject({ name: 'deep', weights: 408 });
    expect(box!.lines).toEqual([
      { text: 'dense(n)', gives: 'vector[16] or vector[8]' },
      { text: 'dense(w)', gives: 'vector[8] or vector[4]' },
    ]);
    const declared = marked(model.replace('block deep', 'block de|ep'));
    expect(boxesOf(partAt(declared.facts, declared.offset)!.drawing)[0]!.weights).toBeUndefined();
  });

  it('has none of a word of the library, of a feature, and of what is broken', () => {
    expect(boxes('ml|p(8, 4)')).toBeUndefined();
    expect(boxes('user_|id: id')).toBeUndefined();
    expect(boxes('tower it|em', model.replace('tower item(movie_id)', 'tower item(nothing)'))).toBeUndefined();
    expect(boxes('tower us|er', model.replace('tower item(movie_id)', 'tower item(nothing)'))).toContain('user.main');
  });

  it('has no arrow from outside, in any model', () => {
    for (const file of readdirSync('models').filter((name) => name.endsWith('.tower'))) {
      const facts = factsOf(readFileSync(`models/${file}`, 'utf8'));
      for (const { span } of facts.occurrences) {
        const part = partAt(facts, span.start);
        if (!part) continue;
        const all = boxesOf(part.drawing);
        const ids = new Set(all.map(({ id }) => id));
        expect(ids.size, part.title).toBe(all.length);
        expect(all.flatMap(({ reads }) => reads).filter((id) => !ids.has(id))).toEqual([]);
      }
    }
  });
});
