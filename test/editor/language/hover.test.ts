import { describe, expect, it } from 'vitest';
import { signatureAt } from '../../../src/editor/language/callee.ts';
import { hoverAt } from '../../../src/editor/language/hover.ts';
import { inlaysIn } from '../../../src/editor/lsp/providers/annotations_provider.ts';
import { factsOf, marked } from '../lsp/marked.ts';

const model = (user = 'channel main = user_id -> flatten -> mlp(8, 4)', more = ''): string => `
let width = 2 * 8
features { user_id: id(hash: 1_000, dim: 16), movie_id: id(dim: 16) }
tower user(user_id) keyed by user_id {
  ${user}
}
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten -> mlp(8, 4) }
task watch { score = cosine(user, item), loss = softmax(in_batch) }
${more}
`;

const hover = (text: string): string => {
  const { facts, offset } = marked(text);
  return hoverAt(facts, offset)?.text ?? '';
};

describe('hover', () => {
  it('shows what an arrow carries', () => {
    expect(hover(model('channel main = user_id -> flatten -|> mlp(8, 4)'))).toContain('vector[16]');
    expect(hover(model('channel main = user_id |-> flatten -> mlp(8, 4)'))).toContain('fields[1 × 16]');
  });

  it('counts the weights and FLOPs of a step by hand: 16 × 8 + 8 and 8 × 4 + 4', () => {
    expect(hover(model('channel main = user_id -> flatten -> m|lp(8, 4)'))).toContain('→ `vector[4]` · 172 weights');
  });

  it('shows that elements of a list go through a tower, and how wide they are then', () => {
    const text = model(undefined, 'features { hi|story: list(movie_id, max: 5, pool: none, through: item) }');
    expect(hover(text)).toContain('`sequence[5 × 4]` · each element is what `item.main` makes of its item');
    const used = model(
      'channel main = history -|> mean',
      'features { history: list(movie_id, max: 5, pool: none, through: item) }',
    );
    expect(hover(used.replace('tower user(user_id)', 'tower user(history)'))).toContain('sequence[5 × 4]');
  });

  it('shows of each of several names its own declaration, and the description of all', () => {
    const text = model(undefined, 'features {\n  /// What was asked.\n  hour, week|day: category(hash: 10, dim: 4)\n}');
    expect(hover(text)).toContain('feature weekday : category(hash: 10, dim: 4)');
    expect(hover(text)).toContain('What was asked.');
    expect(hover(text)).toContain('a table of 10 × 4 = 40 numbers');
  });

  it('shows the signature of a block, and what it makes of its value at this use', () => {
    const text = model(
      'channel main = user_id -> flatten -> de|ep(8) -> deep(4)',
      '/// Narrower.\nblock deep(w, n = 2 * w) = dense(n) -> dense(w)',
    );
    expect(hover(text)).toContain('block deep(w, n = 2 * w) = dense(n) -> dense(w)');
    expect(hover(text)).toContain('Narrower.');
    // 16 × 16 + 16, and 16 × 8 + 8.
    expect(hover(text)).toContain('`vector[16]` → `vector[8]` · 408 weights');
    expect(hover(text.replace('de|ep', 'deep').replace('(w, n', '(|w, n'))).toContain('parameter w');
  });

  it('counts a tower and a channel only where all of it can be counted', () => {
    const both = (deep: string): string =>
      model(`channel deep = ${deep}\n  channel wide = user_id -> flatten -> dense(4)`);
    const hoverTower = (text: string): string => hover(text.replace('tower user', 'tower us|er'));
    const hoverChannel = (text: string, name: string): string =>
      hover(text.replace(`channel ${name}`, `channel ${name.slice(0, 2)}|${name.slice(2)}`));
    // 172 as above, and 16 × 4 + 4.
    expect(hoverTower(both('user_id -> flatten -> mlp(8, 4)'))).toContain('240 weights');
    for (const wrong of [
      'user_id -> flatten -> mlpx(8, 4)',
      'user_id -> flatten -> mlp(8, 4) -> fm',
      'nobody -> mlp(8)',
    ]) {
      expect(hoverTower(both(wrong))).toContain('tower user');
      expect(hoverTower(both(wrong))).not.toContain('weights');
      expect(hoverChannel(both(wrong), 'deep')).not.toContain('weights');
      expect(hoverChannel(both(wrong), 'wide')).toContain('68 weights');
    }
  });

  it('counts the numbers of a table whose size the text shows', () => {
    expect(hover(model().replace('user_id:', 'user|_id:'))).toContain('1,000 × 16 = 16,000 numbers');
  });

  it('says what a word of the grammar means, and nothing of it where it is a name', () => {
    expect(hover(model().replace('tower user', 'to|wer user'))).toBe('One side: what it reads, its key, its channels.');
    expect(hover(model().replace('keyed by user_id', 'keyed b|y user_id'))).toBe(
      'The feature that identifies a user or an item.',
    );
    expect(hover('shared blo|ck a = mlp(8)')).toBe('Steps with a name; every use has the same weights.');
    expect(hover('data d { items = "a.csv" b|y item_id }')).toBe('The column that it is joined by.');
    expect(hover('features { tow|er: id(dim: 4) }')).toContain('feature tower : id(dim: 4)');
  });

  it('shows the value of a constant', () => {
    expect(hover(model().replace('let width', 'let wi|dth'))).toContain('= 16');
  });

  it("shows an argument's type, default and description", () => {
    const text = hover(model('channel main = user_id -> flatten -> mlp(8, acti|vation: tanh)'));
    expect(text).toContain('activation: ');
    expect(text).toContain('Follows every layer but the last.');
  });

  it('shows types where a tower is valid, whatever is wrong elsewhere', () => {
    const broken = model('channel main = user_id -> flaten -> mlp(8, 4)', 'task { nonsense (');
    const { facts } = { facts: factsOf(broken) };
    expect(facts.checked.model).toBeUndefined();
    expect(inlaysIn(facts, 0, broken.length).map(({ label }) => label)).toEqual(['vector[4]']);
    expect(hoverAt(facts, broken.indexOf('keyed by movie_id') + 10)?.text).toContain('feature movie_id');
  });

  it('shows types before the mistake of a flow, and none after it', () => {
    const wrong = model('first = user_id -> flatten -> mlpx(8) -> dense(2)\n  channel main = first -> dense(4)');
    const arrow = (words: string): string => hover(wrong.replace(words, `|${words}`));
    expect(arrow('-> flatten -> mlpx')).toContain('fields[1 × 16]');
    expect(arrow('-> mlpx')).toContain('vector[16]');
    expect(arrow('-> dense(2)')).toBe('');
    expect(arrow('-> dense(4)')).toBe('');
    expect(inlaysIn(factsOf(wrong), 0, wrong.length).map(({ label }) => label)).toEqual(['vector[4]']);
  });

  it('writes every type where flows of several go through one block', () => {
    const text = `block deep = dense(4) -> mean_of\n${model()}`.replace(' -> mean_of', '');
    const both = text
      .replace('user_id -> flatten -> mlp(8, 4)', 'user_id -> deep')
      .replace('block deep = dense(4)', 'block deep = normalize')
      .replace('movie_id: id(dim: 16)', 'movie_id: id(dim: 8)')
      .replace('movie_id -> flatten -> mlp(8, 4)', 'movie_id -> deep');
    expect(inlaysIn(factsOf(both), 0, both.length)[0]?.label).toBe('vector[16] or vector[8]');
  });
});

describe('signature help', () => {
  const active = (text: string): string | undefined => {
    const { facts, offset } = marked(text);
    const found = signatureAt(facts, offset);
    const parameter = found?.active === undefined ? undefined : found.parameters[found.active];
    return parameter && found!.text.slice(parameter.start, parameter.end).split(/[:?…]/)[0];
  };

  it('says that a score takes towers', () => {
    const { facts, offset } = marked(model().replace('cosine(user, item)', 'cosine(|)'));
    expect(signatureAt(facts, offset)?.text).toBe(
      'cosine(query: tower | tower.channel, item: tower | tower.channel, power?: integer)',
    );
  });

  it('shows the parameters of a block of the file, also within the flow of an argument', () => {
    const declared = 'block deep(w, half = w / 2) = dense(w) -> dense(half)';
    const { facts, offset } = marked(model('channel main = user_id -> flatten -> repeat(2, deep(4, |))', declared));
    expect(signatureAt(facts, offset)).toMatchObject({ text: 'deep(w: number, half: number = w / 2)', active: 1 });
  });

  it('knows the argument at the cursor by its name, its place and its word', () => {
    expect(active(model('channel main = user_id -> mlp(8, |)'))).toBe('units');
    expect(active(model('channel main = user_id -> mlp(8, last: |)'))).toBe('last');
    expect(active(model().replace('cosine(user, item)', 'cosine(user, |)'))).toBe('item');
    expect(active(model().replace('softmax(in_batch)', 'softmax(negatives: sampled(|))'))).toBe('n');
  });
});
