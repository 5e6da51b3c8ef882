/** What nothing reads is a warning: the model trains as it would without it. */
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { lower } from '../../../src/compiler/lower/lower.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';

interface Parts {
  readonly features?: string;
  readonly groups?: string;
  readonly inputs?: string;
  readonly user?: string;
  readonly item?: string;
  readonly score?: string;
  readonly rest?: string;
}

const model = (parts: Parts = {}): string => `model m
features { user_id: id(dim: 8), movie_id: id(dim: 8) ${parts.features ?? ''} }
${parts.groups ?? ''}
tower user(${parts.inputs ?? 'user_id'}) keyed by user_id { ${parts.user ?? 'channel main = user_id -> mlp(8)'} }
tower item(movie_id) keyed by movie_id { ${parts.item ?? 'channel main = movie_id -> mlp(8)'} }
task view { score = ${parts.score ?? 'cosine(user, item)'}, loss = softmax(in_batch, temperature: 0.05) }
${parts.rest ?? ''}
`;

function compiled(parts: Parts) {
  const { diagnostics, lowered, shapes, model: whole } = compileSource(makeSource('m.tower', model(parts)));
  return { diagnostics, lowered, shapes, whole };
}

const age = ', age: number(standardize), city: id(dim: 4)';

describe('an ablation', () => {
  const bare = compiled({}).lowered!.plan;

  it.each<[string, Parts, string[]]>([
    ['a feature', { features: age }, ['unread-feature', 'unread-feature']],
    ['a group', { features: age, groups: 'group g = age, city' }, ['unused-group']],
    ['a block', { groups: 'block deep = mlp(8)' }, ['unused-block']],
    ['an input', { features: age, inputs: 'user_id, age, city' }, ['unread-input', 'unread-input']],
    [
      'features of a group that is read in part',
      { features: age, groups: 'group g = user_id, age, city', inputs: 'g' },
      ['unread-input', 'unread-input'],
    ],
    [
      'a step, and what only it reads',
      {
        features: age,
        inputs: 'user_id, age, city',
        user: 's = city -> dense(4)\nt = age -> dense(4)\nchannel main = user_id -> mlp(8)',
      },
      ['unread-step', 'unread-step'],
    ],
    [
      'a channel, and the steps that only it reads',
      {
        features: age,
        inputs: 'user_id, age, city',
        user: 's = city -> dense(4)\nchannel main = user_id -> mlp(8)\nchannel wide = concat(s, age) -> dense(4)',
        score: 'cosine(user.main, item)',
      },
      ['unread-channel'],
    ],
    [
      'a channel of one tower alone',
      {
        features: age,
        inputs: 'user_id, age, city',
        user: 'channel main = user_id -> mlp(8)\nchannel wide = concat(city, age) -> dense(4)',
      },
      ['lone-channel'],
    ],
    ['a label', { rest: 'labels { liked: binary }' }, ['unread-label']],
  ])('%s: a warning, and the plan is that of the model without it', (_, parts, codes) => {
    const { diagnostics, lowered, shapes } = compiled(parts);
    expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
      codes.map((code) => `warning ${code}`),
    );
    expect(lowered!.plan).toEqual(bare);
    // The data needs no column for it.
    expect(shapes!.features).toEqual(bare.features);
    expect(shapes!.labels).toEqual([]);
  });

  it('leaves mistakes in what nothing reads where they are', () => {
    const { diagnostics } = compiled({ user: 's = user_id -> reshape(3)\nchannel main = user_id -> mlp(8)' });
    expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  });

  it('of what is read gives the same model', () => {
    const { whole } = compiled({
      features: age,
      inputs: 'user_id, age, city',
      user: 'channel main = concat(user_id, age, city) -> mlp(8)',
    });
    expect(lower(whole!).output!.plan.features.map(({ name }) => name)).toEqual(['user_id', 'movie_id', 'age', 'city']);
  });

  it('of one output of mmoe and ple trains on', () => {
    for (const kind of ['mmoe', 'ple']) {
      const shared = kind === 'ple' ? ', shared: 1' : '';
      const { diagnostics, lowered } = compiled({
        user: `e = user_id -> ${kind}(view, like, experts: 2${shared}, units: 8)\nchannel main = e.view -> dense(8)`,
        rest: 'labels { liked: binary }\ntask like { score = cosine(user, item) / 0.1, loss = bce, label = liked }\nretrieve = view',
      });
      expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning unread-output']);
      expect(lowered).toBeDefined();
    }
  });

  it('with a left-over channel on each side is still refused: it may be one pair under two names', () => {
    const { diagnostics } = compiled({
      user: 'channel main = user_id -> mlp(8)\nchannel wide = user_id -> mlp(8)',
      item: 'channel main = movie_id -> mlp(8)\nchannel wider = movie_id -> mlp(8)',
    });
    expect(diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toContain('error unpaired-channel');
  });
});

describe('several tasks without `retrieve`', () => {
  const codes = (first: string, second: string, rest = '') =>
    compiled({
      user: 'channel main = user_id -> mlp(8)\nchannel like = user_id -> mlp(8)',
      item: 'channel main = movie_id -> mlp(8)\nchannel like = movie_id -> mlp(8)',
      score: first,
      rest: `labels { liked: binary }\ntask like { score = ${second}, loss = bce, label = liked }\n${rest}`,
    })
      .diagnostics.filter(({ code }) => code === 'retrieve-scales')
      .map(({ message }) => message);

  it.each([
    ['cosine(user.main, item.main)', 'cosine(user.like, item.like) / 0.1', '`view` is at most 1, `like` is at most 10'],
    ['cosine(user.main, item.main)', 'dot(user.main, item.main)', '`view` is at most 1, `like` has no limit'],
    ['dot(user.main, item.main)', 'dot(user.like, item.like)', '`view` has no limit, `like` has no limit'],
  ])('warns of %s next to %s', (first, second, said) => {
    expect(codes(first, second)).toEqual([expect.stringContaining(said)]);
    // Weights make scores with limits alike. No weight does that for one without a limit beside one with a limit.
    const weighted = codes(first, second, 'retrieve = 0.5 * view + 0.5 * like');
    expect(weighted).toEqual(
      said.startsWith('`view` is at most 1, `like` has no limit') ? [expect.stringContaining(said)] : [],
    );
  });

  it.each([
    ['cosine(user.main, item.main) / 0.1', 'cosine(user.like, item.like) / 0.1'],
    ['dot(user.main, item.main)', 'dot(user.main, item.main)'],
  ])('accepts %s next to %s', (first, second) => {
    expect(codes(first, second)).toEqual([]);
  });
});
