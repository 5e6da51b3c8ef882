import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blocks } from '../../../src/compiler/library/blocks/table.ts';
import type { CompletionSurroundings } from '../../../src/editor/language/completion/context.ts';
import { completionsAt } from '../../../src/editor/language/completion.ts';
import { marked } from '../lsp/marked.ts';

/** A model with `|` somewhere, its parts to be varied. */
const model = ({
  before = '',
  features = 'user_id : id(dim: 4), age : number(standardize), movie_id : id(dim: 4)',
  groups = 'group person = user_id, age',
  user = 'channel main = person -> flatten -> mlp(8, 4)',
  header = 'tower user(person) keyed by user_id',
  task = 'score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1)',
  after = '',
} = {}): string => `${before}
model m
features { ${features} }
labels { clicked: binary }
${groups}
${header} {
  ${user}
}
tower item(movie_id) keyed by movie_id {
  channel main = movie_id -> flatten -> mlp(8, 4)
}
task watch { ${task} }
${after}
`;

function labels(text: string, around?: CompletionSurroundings): string[] {
  const { facts, offset } = marked(text);
  return completionsAt(facts, offset, around).items.map(({ label }) => label);
}

describe('completion', () => {
  it('offers declarations where one may begin, and nothing else', () => {
    expect(labels(model({ after: 'tr|' }))).toEqual(expect.arrayContaining(['train', 'tower', 'features', 'data']));
    expect(labels('|')).toContain('model');
    expect(labels(model({ after: '|' }))).not.toContain('mlp');
  });

  it('begins with what nearly every sequence goes through', () => {
    const features = 'user_id : id(dim: 4), movie_id : id(dim: 4), seen : list(movie_id, max: 5, pool: none)';
    const text = model({ features, groups: 'group person = user_id, seen', user: 'channel main = seen -> |' });
    expect(labels(text).slice(0, 4)).toEqual(['mean', 'last', 'positions', 'transformer']);
  });

  it('offers towers and their channels where a list goes through one', () => {
    const features = (through: string): string => `user_id : id, movie_id : id, seen : list(movie_id, ${through})`;
    expect(labels(model({ features: features('|') }))).toContain('through:');
    expect(labels(model({ features: features('through: |') }))).toEqual(['user', 'item']);
    expect(labels(model({ features: features('through: item.|') }))).toEqual(['main']);
  });

  it('offers the kinds of its place', () => {
    expect(labels(model({ features: 'user_id : |' }))).toEqual(expect.arrayContaining(['id', 'list', 'number']));
    expect(labels(model({ user: 'channel main = person -> fl|' }))).toEqual(expect.arrayContaining(['flatten', 'mlp']));
    expect(labels(model({ task: 'score = cosine(user, item), loss = |' }))).toEqual(
      expect.arrayContaining(['softmax', 'bce']),
    );
    expect(labels(model({ task: 'score = |' }))).toEqual(expect.arrayContaining(['cosine', 'dot']));
    expect(labels(model({ after: 'train { dense = | }' }))).toEqual(expect.arrayContaining(['adam', 'sgd']));
    expect(labels(model({ after: 'train { stop = | }' }))).toContain('recall');
    // After a comma the list may go on, or the next entry begin.
    const next = labels(model({ after: 'train { metrics = recall(20), | }' }));
    expect(next).toEqual(expect.arrayContaining(['ndcg', 'epochs']));
    expect(next).not.toContain('metrics');
    expect(labels(model({ after: 'train { epochs = 3, | }' }))).not.toContain('ndcg');
    expect(labels(model({ after: 'objective = |' }))).toEqual(expect.arrayContaining(['watch', 'uncertainty']));
    expect(labels('labels { clicked : | }')).toEqual(['binary', 'probability', 'number']);
    expect(labels('data d { split = | }')).toContain('by_time');
  });

  it('offers the parameters of a block: within it as numbers, and in its uses by their names', () => {
    const before = 'let size = 4\nblock deep(width, depth = 2) = dense(|)';
    expect(labels(model({ before }))).toEqual(expect.arrayContaining(['width', 'depth', 'size', 'units:']));
    const declared = 'block deep(width, depth = 2) = repeat(depth, dense(width))';
    const use = (text: string) =>
      labels(model({ before: declared, user: `channel main = person -> flatten -> ${text}` }));
    expect(use('deep(|)')).toEqual(['width:', 'depth:']);
    expect(use('deep(8, depth: |)')).not.toContain('width:');
    expect(labels(model({ before: 'let size = 4\nblock deep(width = |) = dense(width)' }))).toContain('size');
    const { facts, offset } = marked(model({ before: declared, user: 'channel main = person -> de|' }));
    expect(completionsAt(facts, offset).items.find(({ label }) => label === 'deep')).toMatchObject({
      insert: 'deep($1)',
    });
  });

  it('offers groups where a group lists its members, but not itself', () => {
    const groups = 'group person = user_id, age\ngroup whole = |';
    expect(labels(model({ groups }))).toEqual(expect.arrayContaining(['person', 'user_id']));
    expect(labels(model({ groups }))).not.toContain('whole');
  });

  it('offers what a flow may begin with: steps above, inputs, what is in them', () => {
    const user = 'first = person -> flatten\n  channel main = |\n  later = first -> dense(4)';
    const offered = labels(model({ user }));
    expect(offered.slice(0, 4)).toEqual(['first', 'person', 'user_id', 'age']);
    expect(offered).toContain('concat');
  });

  it.each(['concat', 'sum', 'product', 'attention'])(
    'offers the same within %s, where a flow begins with it',
    (block) => {
      const begun = (flow: string): string[] =>
        labels(model({ user: `first = person -> flatten\n  channel main = ${flow}` }));
      expect(begun(`${block}(|)`).slice(0, 4)).toEqual(['first', 'person', 'user_id', 'age']);
      expect(begun(`${block}(first, |) -> dense(4)`).slice(0, 3)).toEqual(['person', 'user_id', 'age']);
      expect(begun(`person -> ${block}(|)`)).not.toContain('person');
    },
  );

  it('offers what another tower reads last, and the words of choices after the names of arguments', () => {
    expect(labels(model({ header: 'tower user(|) keyed by user_id' })).at(-1)).toBe('movie_id');
    const groups = 'group film = |\ngroup person = user_id, age';
    const files = labels(model({ groups }).replace('item(movie_id)', 'item(film)'));
    expect(files).toEqual(['movie_id', 'user_id', 'age', 'person']);
    const loss = labels(model({ task: 'loss = softmax(in_batch, |)' }));
    expect(loss.indexOf('temperature:')).toBeLessThan(loss.indexOf('sampled'));
    expect(labels(model({ features: 'user_id : id(|)' }))[0]).toBe('dim:');
    expect(labels(model({ user: 'channel main = person -> flatten -> dense(8, |)' }))[0]).toBe('linear');
  });

  it('offers the arguments that a call does not have yet, with type and default', () => {
    const { facts, offset } = marked(model({ features: 'user_id : id(dim: 4, |)' }));
    const items = completionsAt(facts, offset).items.filter(({ kind }) => kind === 'argument');
    expect(items.map(({ label }) => label)).not.toContain('dim:');
    expect(items.find(({ label }) => label === 'hash:')).toMatchObject({ insert: 'hash: ', detail: 'hash?: integer' });
    expect(labels(model({ features: 'user_id : id(|)' }))).toContain('dim:');
  });

  it('offers the words of an argument, by its name and without it', () => {
    expect(labels(model({ user: 'channel main = person -> mlp(8, activation: |)' }))).toEqual(
      expect.arrayContaining(['relu', 'tanh']),
    );
    expect(labels(model({ task: 'loss = softmax(|)' }))).toEqual(
      expect.arrayContaining(['in_batch', 'sampled', 'temperature:']),
    );
    expect(labels(model({ task: 'loss = softmax(negatives: sampled(4, by: |))' }))).toEqual([
      'uniform',
      'frequency',
      'corpus',
    ]);
  });

  it('offers the other tasks in a score, as factors of a product', () => {
    const buy = (score: string): string[] => labels(model({ after: `task buy { score = ${score} }` }));
    for (const score of ['|', 'watch * |', 'wa|']) expect(buy(score), score).toContain('watch');
    expect(buy('watch * |')).not.toContain('buy');
    expect(buy('dot(user, item) + |')).not.toContain('watch');
  });

  it('offers towers and their channels in a score', () => {
    expect(labels(model({ task: 'score = cosine(|)' }))).toEqual(['user', 'item']);
    expect(labels(model({ task: 'score = cosine(user, item.|)' }))).toEqual(['main']);
  });

  it('offers labels and features where they are asked for', () => {
    expect(labels(model({ task: 'score = cosine(user, item), label = |' }))).toEqual(['clicked']);
    expect(labels(model({ groups: 'group person = user_id, |' }))).toEqual(['age', 'movie_id']);
    expect(labels(model({ header: 'tower user(|) keyed by user_id' }))).toEqual([
      'person',
      'user_id',
      'age',
      'movie_id',
    ]);
    expect(labels(model({ header: 'tower user(person) keyed by |' }))).toEqual(['user_id', 'age', 'movie_id']);
    expect(labels(model({ features: 'user_id : id(dim: 4), seen : list(|)' }))).toEqual(
      expect.arrayContaining(['user_id', 'category']),
    );
  });

  it('offers constants where numbers are, and blocks of the file among blocks', () => {
    expect(labels(model({ before: 'let width = 8', user: 'channel main = person -> mlp(|)' }))).toContain('width');
    expect(labels(model({ before: 'block deep = mlp(8)', user: 'channel main = person -> flatten -> |' }))[0]).toBe(
      'deep',
    );
    expect(labels('block deep = |')).not.toContain('deep');
  });

  it('offers blocks that take what the arrow carries first, then what does nothing there, then what does not take it', () => {
    const text = readFileSync('models/two_tower.tower', 'utf8');
    const offered = (flow: string): string[] => labels(text.replace('profile -> flatten -> mlp(128, 64)', flow));
    const vector = offered('profile -> flatten -> |');
    const places = (names: readonly string[]): number[] => names.map((name) => vector.indexOf(name));
    const [fitting, idle, refused] = [
      places(['mlp', 'dense', 'normalize', 'dropout', 'gate', 'cross']),
      places(['flatten', 'concat']),
      places(['senet', 'bilinear', 'mean', 'sum', 'fm']),
    ];
    expect(Math.min(...fitting)).toBe(0);
    expect(Math.max(...fitting)).toBeLessThan(Math.min(...idle));
    expect(Math.max(...idle)).toBeLessThan(Math.min(...refused));
    const fields = offered('profile -> |');
    expect(fields.indexOf('senet')).toBeLessThan(fields.indexOf('mlp'));
    // None is left out, and where no type is known they come as the library lists them.
    const unsorted = offered('nobody -> |');
    expect(unsorted).toEqual(Object.keys(blocks));
    expect(vector.toSorted()).toEqual(unsorted.toSorted());
  });

  it('knows whether a block of the file fits by what it begins with', () => {
    const before = 'block first = flatten -> mlp(8)\nblock second = weighed\nblock weighed = senet -> flatten';
    const offered = labels(model({ before, user: 'channel main = person -> flatten -> |' }));
    expect(offered[0]).toBe('first');
    expect(offered.indexOf('second')).toBeGreaterThan(offered.indexOf('flatten'));
    expect(offered.indexOf('weighed')).toBeGreaterThan(offered.indexOf('flatten'));
    expect(labels(`block one = two\nblock two = one\n${model({ user: 'channel main = person -> |' })}`)).toContain(
      'one',
    );
  });

  it('offers in a block that several types go through only what takes all of them before the others', () => {
    const before = 'block deep = dropout(0.1) -> |';
    const two = (user: string): string[] => labels(model({ before, user }));
    const [both, fields] = [
      two('other = person -> flatten -> deep\n  channel main = person -> deep -> flatten'),
      two('channel main = person -> deep -> flatten'),
    ];
    expect(both.indexOf('senet')).toBeGreaterThan(both.indexOf('dropout'));
    expect(fields.indexOf('senet')).toBeLessThan(fields.indexOf('mlp'));
  });

  it('offers the entries that are not there yet', () => {
    expect(labels(model({ task: 'score = cosine(user, item)\n  |' }))).toEqual(
      expect.arrayContaining(['loss', 'label', 'weight']),
    );
    expect(labels(model({ task: 'score = cosine(user, item)\n  |' }))).not.toContain('score');
    expect(labels('data d {\n  events = "a.csv"\n  |\n}')).toEqual(expect.arrayContaining(['columns', 'split']));
  });

  it('offers the columns of weights that the data block or its host names', () => {
    const features = 'user_id : id(dim: 4), movie_id : id(dim: 4), seen : list(movie_id, weights: |)';
    const after = 'data d { events = "a.csv", columns { scores = "x" }, stars = past(rating, 5) }';
    expect(labels(model({ features, after }), { columns: ['rating'] })).toEqual(
      expect.arrayContaining(['scores', 'stars', 'rating']),
    );
  });

  it('offers files and columns that its host names', () => {
    const around = { columns: ['userId'], towerFiles: ['a.tower'], dataFiles: ['a.csv'] };
    expect(labels('use "|"', around)).toEqual(['a.tower']);
    expect(labels('data d { events = "|" }', around)).toEqual(['a.csv']);
    expect(labels('data d { columns { user_id = "|" } }', around)).toEqual(['userId']);
    expect(labels('features {\n  |\n}', around)).toEqual(['userId']);
  });

  it('offers blocks in the order of the arrow before it while their name is typed', () => {
    const blocks = (typed: string): string[] => labels(model({ user: `channel main = person -> flatten -> ${typed}` }));
    expect(blocks('de|')).toEqual(blocks('|'));
  });

  it('offers nothing that would be made of itself', () => {
    expect(labels('let a = 1\nlet b = 2 * a|')).toEqual(['a']);
    expect(labels('features { a: id, b: list(|) }')).not.toContain('b');
  });

  it('offers a channel that several towers have once', () => {
    const towers = ['a', 'b'].map((name) => `tower ${name}(x) { channel main = x -> dense(4) }\n`).join('');
    expect(labels(`features { x: id }\n${towers}tower c(x) { channel | }`)).toEqual(['main']);
  });

  it('offers files with their quotes where there are none yet', () => {
    const around = { towerFiles: ['a.tower'], dataFiles: ['a.csv'], columns: ['userId'] };
    expect(labels('use |', around)).toEqual(['"a.tower"']);
    expect(labels('use "|"', around)).toEqual(['a.tower']);
    expect(labels('use "a.tower" |', around)).toEqual([]);
    expect(labels('data d { events = | }', around)).toEqual(['"a.csv"']);
    expect(labels('data d { columns { a = | } }', around)).toEqual(['"userId"']);
  });

  it('offers the codes of warnings to a comment that silences one, those of the file first', () => {
    const offered = labels(`${model({ after: 'train { batch = 8 }' })}// tower-ignore fe|`);
    expect(offered.slice(0, 2)).toEqual(['unread-label', 'few-negatives']);
    expect(offered).toContain('unused-constant');
    expect(offered).not.toContain('unknown-kind');
    expect(labels('// tower-ignore few-negatives: so |')).toEqual([]);
  });

  it('offers nothing in a comment', () => {
    expect(labels(model({ after: '// tr|' }))).toEqual([]);
  });

  it('offers the same after a bracket that was left open above', () => {
    const user = 'first = person -> mlp(8\n  channel main = person -> |';
    expect(labels(model({ user }))).toContain('flatten');
  });
});
