/** Folders on which strangers saw `tower init` fail. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookAt, proposalFor, proposeProject, writeProject } from '../../../src/app/api/init.ts';
import { train } from '../../../src/app/api/train.ts';
import { makeRandom } from '../../../src/base/random/random.ts';
import type { InitAnswers, Proposal } from '../../../src/data/init/proposal.ts';
import { temporaryFolder } from '../../temporary_folder.ts';

const random = makeRandom(29);
const pick = (below: number): number => random.integer(below);
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const lines = (rows: readonly (readonly unknown[])[], separator = ','): string =>
  `${rows.map((row) => row.join(separator)).join('\n')}\n`;

function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder('tower-found-');
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function found(files: Readonly<Record<string, string | Uint8Array>>, answers: InitAnswers = {}) {
  const folder = folderOf(files);
  return proposalFor(await lookAt([folder]), folder, answers);
}

const proposed = async (...asked: Parameters<typeof found>): Promise<Proposal> => {
  const proposal = await found(...asked);
  if ('problem' in proposal) throw new Error(proposal.problem);
  return proposal;
};

const taken = ({ reasons }: Proposal): Record<string, string> =>
  Object.fromEntries(reasons.map(({ file, column, taken: as }) => [`${file} ${column}`, as]));

/** A line for each step that training makes, and what it warns of. */
async function trained(folder: string): Promise<string[]> {
  const project = proposeProject(await lookAt([folder]), folder);
  const { model } = await writeProject(project);
  const codes: string[] = [];
  await train(model, {
    out: join(folder, 'run'),
    engine: 'javascript',
    set: { epochs: 1 },
    onReady: ({ warnings }) => codes.push(...warnings.map(({ code }) => code)),
  });
  return codes;
}

const [users, films] = [120, 200];
const hundredThousand = {
  'u.data': lines(
    times(3000, () => [
      1 + pick(users),
      1 + Math.floor(films * random.next() ** 2),
      1 + pick(5),
      874_724_710 + pick(9e6),
    ]),
    '\t',
  ),
  'u.user': lines(
    times(users, (at) => [
      at + 1,
      7 + pick(60),
      'MF'[pick(2)],
      ['artist', 'doctor', 'other'][pick(3)],
      10_000 + pick(80_000),
    ]),
    '|',
  ),
  'u.item': Buffer.from(
    lines(
      times(films, (at) => [
        ...[at + 1, `Cérémonie number ${at} (1995)`, '01-Jan-1995', '', `http://us.imdb.com/M/title-exact?${at}`],
        ...times(19, () => Number(pick(9) === 0)),
      ]),
      '|',
    ),
    'latin1',
  ),
};

const baskets = {
  'orders.csv': lines([
    ['order_id', 'product_id', 'ordered_at'],
    ...times(300, (order) => {
      const at = `2024-03-${String(1 + (order % 28)).padStart(2, '0')} 10:${String(order % 60).padStart(2, '0')}:00`;
      return [...new Set(times(2 + pick(6), () => pick(60)))].map((product) => [5000 + order, product, at]);
    }).flat(),
  ]),
};

const withoutRows = {
  'plays.csv': lines([
    ['user_id', 'song_id', 'timestamp'],
    ...times(2000, (at) => [pick(90), pick(100), 1_600_000_000 + at * 60]),
  ]),
  'songs.csv': lines([
    ['song_id', 'genre', 'price'],
    ...times(100, (at) => [at, 'abc'[pick(3)], pick(4)]).filter((_, at) => at % 50 >= 9),
  ]),
};

describe('three files without headers that all count from 1', () => {
  it('joins the users to the users and the items to the items', async () => {
    const proposal = await proposed(hundredThousand);
    expect(taken(proposal)).toMatchObject({
      'u.data column1': 'key of the user',
      'u.data column2': 'key of the item',
      'u.data column4': 'time',
      'u.user column1': 'joins',
      'u.item column1': 'joins',
    });
    expect(proposal.users?.sources[0]).toMatch(/u\.user$/);
    expect(proposal.items?.sources[0]).toMatch(/u\.item$/);
    const asked = proposal.features.filter(({ side }) => side === 'query');
    expect(asked.map(({ name }) => name)).toEqual(['user_2', 'user_3', 'user_4', 'user_5']);
    expect(new Set([proposal.events, proposal.users!, proposal.items!].map(({ path }) => path)).size).toBe(3);
  });

  it('writes a project that trains', async () => {
    expect(await trained(folderOf(hundredThousand))).toEqual([]);
  });
});

it('a file whose small numbers are those of users by chance is not joined to them', async () => {
  const { users: file, notes } = await proposed({
    'ratings.csv': lines([
      ['user_id', 'item_id', 'rating'],
      ...times(900, () => [1 + pick(60), 1 + pick(90), 1 + pick(5)]),
    ]),
    'shelves.csv': lines([['shelf_no', 'floor'], ...times(70, (at) => [at + 1, pick(4)])]),
  });
  expect(file).toBeUndefined();
  expect(notes.join()).toMatch(/shelves.csv is not used/);
});

describe('baskets', () => {
  it('are described by their other items, and their time splits nothing', async () => {
    const { case: kind, time, split, reasons } = await proposed(baskets);
    expect({ kind, time, split: split.value.slice(0, 7) }).toEqual({
      kind: 'others',
      time: undefined,
      split: 'random(',
    });
    expect(reasons.find(({ column }) => column === 'ordered_at')?.because).toMatch(/have one time/);
  });

  it('train without a warning, and with one where the history is what came before', async () => {
    const folder = folderOf(baskets);
    expect(await trained(folder)).toEqual([]);
    writeFileSync(
      join(folder, 'data.tower'),
      'data orders {\n  events = "orders.csv"\n  time = "ordered_at"\n  history = past(product_id, 200)\n  split = by_time(validation: 10%, test: 10%)\n}\n',
    );
    // Rows in shards do not go with a row for each user.
    const model = join(folder, 'model.tower');
    writeFileSync(
      join(folder, 'by_event.tower'),
      readFileSync(model, 'utf8').replace(', targets = users', '').replace(', elements', ''),
    );
    const inShards = {
      shards: join(folder, 'shards'),
      shardSizes: { atOnce: 400, buckets: 2, piles: 2, held: 2, room: 0 },
    };
    const cases = {
      users: ['validation', model, {}],
      memory: ['training', 'by_event.tower', {}],
      shards: ['training', 'by_event.tower', inShards],
    } as const;
    for (const [name, [part, file, sizes]] of Object.entries(cases)) {
      const codes: string[] = [];
      await train(resolve(folder, file), {
        out: join(folder, name),
        engine: 'javascript',
        set: { epochs: 1 },
        onReady: ({ warnings }) => codes.push(...warnings.map(({ code, message }) => `${code}: ${message}`)),
        ...sizes,
      });
      expect(codes, name).toEqual([`empty-histories: \`history\` is empty for 100 % of the ${part} events`]);
    }
  });
});

describe('a table that holds no events', () => {
  const movies = {
    'movies.json': JSON.stringify(
      times(400, (at) => ({
        ...{
          Title: `The ${at} of it`,
          'US Gross': pick(1e6),
          'Production Budget': 1000 * pick(60),
          'MPAA Rating': 'PGR'[pick(3)],
        },
        ...{ Distributor: `Studio ${pick(20)}`, Director: `Person ${pick(80)}`, 'IMDB Rating': pick(100) / 10 },
      })),
    ),
  };

  it('is named as what it looks like, and asked for before anything is written', async () => {
    const answer = await found(movies);
    expect(answer).toMatchObject({
      problem: expect.stringMatching(/has a row for each `Title`.*describe items or users/),
    });
    expect(answer.questions.map(({ id, choices }) => [id, choices[0]?.value])).toEqual([['user', 'none']]);
  });

  it('is none also where somebody says that no column is a user, and one where somebody names both', async () => {
    expect(await found(movies, { user: 'none' })).toMatchObject({ problem: expect.anything(), questions: [] });
    const [question] = (await found(movies, { user: 'Director' })).questions;
    expect(question?.id).toBe('item');
    const { user, item } = await proposed(movies, { user: 'Director', item: 'Distributor' });
    expect([user?.name, item.name]).toEqual(['Director', 'Distributor']);
  });
});

describe('events of items without a row', () => {
  it('are counted, and somebody is asked what to do with them', async () => {
    const { reject, questions } = await proposed(withoutRows);
    expect(reject?.value).toBe('50%');
    expect(questions.map(({ id, choices }) => [id, ...choices.map(({ value }) => value)])).toEqual([
      ['missing', 'leave', 'keep'],
    ]);
    const kept = await proposed(withoutRows, { missing: 'keep' });
    expect([kept.items, kept.reject]).toEqual([undefined, undefined]);
    expect(kept.notes.join()).toMatch(/songs.csv is not used: it has no row of 1\d % of the events/);
  });

  it('do not keep the project from training', async () => {
    expect(await trained(folderOf(withoutRows))).toEqual([]);
  });
});

describe('times and numbers that are none', () => {
  const odd = ['inf', '-5', '99999999999999', '-inf', 'nan'];
  const files = {
    'visits.csv': lines([
      ['user', 'place', 'time', 'price'],
      ...times(1500, (at) => [
        `u${pick(60)}`,
        `p${pick(50)}`,
        at % 12 === 0 ? odd[pick(5)] : 1_700_000_000 + at * 50,
        1,
      ]),
    ]),
    'places.csv': lines([
      ['place', 'price'],
      ...times(50, (at) => [`p${at}`, at % 25 === 0 ? 'inf' : at % 25 === 1 ? '-inf' : pick(90) / 10]),
    ]),
  };

  it('leave the others what they are', async () => {
    const { time, reject } = await proposed(files);
    expect(time?.value).toMatch(/BETWEEN 470000000 AND 4100000000/);
    expect(reject?.value).toBe('20%');
    expect(await trained(folderOf(files))).toEqual([]);
  });
});

describe('lines of a user and items', () => {
  it('take attributes of items, and a file of users', async () => {
    const folder = folderOf({
      'log.txt': lines(
        times(90, (at) => [at + 1, ...times(4 + pick(6), () => 1 + pick(40))]),
        ' ',
      ),
      'attributes.json': JSON.stringify(
        Object.fromEntries(times(40, (at) => [at + 1, times(1 + (at % 3), () => pick(9))])),
      ),
      'log_users.csv': lines([['id', 'age'], ...times(90, (at) => [at + 1, 18 + pick(50)])]),
    });
    const { proposal } = proposeProject(await lookAt([folder]), folder);
    expect([proposal.items?.sources[0], proposal.users?.sources[0]]).toEqual([
      join(folder, 'attributes.json'),
      join(folder, 'log_users.csv'),
    ]);
    expect(await trained(folder)).toEqual([]);
  });
});

describe('ids of many digits', () => {
  const id = (length: number): string => String(1 + pick(8)) + times(length - 1, () => pick(10)).join('');
  it.each([
    ['nineteen, as a tweet has', 19],
    ['twenty', 20],
  ])('%s', async (_, length) => {
    const [people, tweets] = [times(50, () => `17${id(length - 2)}`), times(80, () => `17${id(length - 2)}`)];
    const row = (): string => `{"user_id": ${people[pick(50)]}, "item_id": ${tweets[pick(80)]}}\n`;
    const proposal = await proposed({
      'likes.jsonl': times(900, row).join(''),
      'authors.csv': lines([['user_id', 'age'], ...people.map((each) => [each, 20 + pick(40)])]),
    });
    expect(taken(proposal)).toMatchObject({
      'likes.jsonl user_id': 'key of the user',
      'likes.jsonl item_id': 'key of the item',
      'authors.csv user_id': 'joins',
    });
    expect(proposal.time).toBeUndefined();
  });

  it('that are told apart by their last digit alone', async () => {
    const row = (at: number): string => `{"user_id": 12345678901234560${10 + (at % 40)}, "item_id": "i${pick(30)}"}\n`;
    const folder = folderOf({ 'likes.jsonl': times(900, row).join('') });
    const { tables } = await lookAt([folder]);
    expect(tables[0]!.columns[0]!.distinct).toBe(40);
  });
});
