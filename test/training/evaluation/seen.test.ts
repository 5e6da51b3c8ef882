/** What a user had before an event leaves its ranking: exactly that, for every event, whatever the model reads. */
import { expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource, compileSource } from '../../../src/compiler/pipeline.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { makeTask } from '../../../src/training/evaluation/contestants.ts';
import { evaluateModel } from '../../../src/training/evaluation/evaluate_model.ts';
import { makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { rankEvents } from '../../../src/training/evaluation/ranks.ts';
import { folderWith } from '../../data/fixture.ts';

// The history is short, and half of the items come after training: neither is a reason to rank what was seen.
const model = `
model watching
features {
  user_id  : id(dim: 4)
  history  : list(movie_id, max: 2)
  shelf    : list(movie_id, max: 2)
  movie_id : id(dim: 4)
}
group profile = user_id, history, shelf
tower user(profile) keyed by user_id { channel main = profile -> flatten -> dense(4) }
tower item(movie_id) keyed by movie_id { channel main = movie_id }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;
const { plan } = compileSource(makeSource('model.tower', model)).lowered!;

interface Event {
  readonly user: string;
  readonly movie: string;
  readonly time: number;
  readonly shelf: readonly string[];
}

const random = makeRandom(8, 1);
const events: readonly Event[] = Array.from({ length: 160 }, (_, at) => ({
  user: `u${random.integer(6)}`,
  movie: `m${random.integer(10 + Math.floor(at / 4))}`,
  // Three of a time: they do not see one another.
  time: Math.floor(at / 3),
  shelf: Array.from({ length: random.integer(5) }, () => `m${random.integer(60)}`),
}));

const measures = makeMeasures([{ metric: 'recall', k: 5 }]);

async function read(entries: string) {
  const lines = events.map(({ user, movie, time, shelf }) => [user, movie, time, shelf.join('|')].join());
  const folder = folderWith({ 'events.csv': `${['user_id,movie_id,seen_at,shelf', ...lines].join('\n')}\n` });
  const block = `data watching {
    events = "events.csv"
    time = "seen_at"
    columns { shelf = "string_split(shelf, '|')" }
    history = past(movie_id, 2)
    ${entries}
  }`;
  const [description] = checkSource(makeSource('data.tower', block), { folder }).dataDescriptions;
  return readDataset(description!, plan);
}

/** Distinct items of the corpus that the user of an event had in training, before it, or on its shelf, besides its own. */
function seenBy(event: Event, training: number, corpus: ReadonlySet<string>): Set<string> {
  const seen = new Set(event.shelf);
  events.forEach((other, at) => {
    if (other.user === event.user && (at < training || other.time < event.time)) seen.add(other.movie);
  });
  seen.delete(event.movie);
  return new Set([...seen].filter((movie) => corpus.has(movie)));
}

it.each(['validation', 'test'] as const)(
  'before each %s event, also where training never had the item',
  async (part) => {
    const dataset = await read('split = by_time(validation: 20%, test: 30%)');
    const { corpus, parts } = dataset;
    const task = makeTask({ dataset, part, plan });
    const scorer = { name: '', doc: '', score: (rows: Int32Array) => new Float32Array(rows.length * corpus.rows) };
    const ranks = await rankEvents(task, scorer, true);
    const first = parts.train.rows + (part === 'test' ? parts.validation.rows : 0);
    const movies = new Set(corpus.keys);
    let cold = 0;
    for (let row = 0; row < parts[part].rows; row++) {
      const event = events[first + row]!;
      const seen = seenBy(event, parts.train.rows, movies);
      expect(ranks.corpus[row], `event ${row}`).toBe(corpus.rows - seen.size);
      cold += [...seen].filter((movie) => corpus.trainingCounts[[...corpus.keys].indexOf(movie)] === 0).length;
    }
    expect(cold).toBeGreaterThan(5);
  },
);

it('per user only in training: what came between its held-out items stays', async () => {
  const dataset = await read('split = by_time(validation: 20%, test: 30%)');
  expect(makeTask({ dataset, part: 'test', plan }).seen!.length).toBeGreaterThan(0);
  expect(makeTask({ dataset, part: 'test', plan, per: 'user' }).seen).toEqual([]);
});

it('follows the data block, and says so; a request is an exception that is said too', async () => {
  const zeros = (rows: number) => ({
    name: 'zeros',
    doc: '',
    score: (asked: Int32Array) => new Float32Array(asked.length * rows),
  });
  const sentences = async (entries: string, asked: { readonly removeSeen?: boolean } = {}) => {
    const dataset = await read(`split = by_time(test: 20%)\n${entries}`);
    const scorer = zeros(dataset.corpus.rows);
    const { protocol, rows } = await evaluateModel({ dataset, part: 'test', plan, scorer, measures, ...asked });
    return { said: protocol.filter((sentence) => /had/.test(sentence)), random: rows[0]!.all['recall@5']! };
  };
  const kept = await sentences('seen = kept');
  const excluded = await sentences('seen = excluded');
  expect(kept.said).toEqual([
    'The ranking of an event keeps items that the user had before: the data block says `seen = kept`.',
  ]);
  expect(excluded.said).toEqual([
    'The ranking of an event excludes items that the user had in training or before the event, except the event’s own item: the data block says `seen = excluded`.',
    expect.stringMatching(
      /^\d+ events \(\d+\.\d %\) are of items that the user had before; if users often return to items, use `seen = kept`\.$/,
    ),
  ]);
  expect(excluded.random).toBeGreaterThan(kept.random);
  // Where the block does not say, what was seen is left out.
  expect(await sentences('')).toEqual(excluded);
  const asked = await sentences('seen = kept', { removeSeen: true });
  expect(asked.random).toBe(excluded.random);
  expect(asked.said[0]).toBe(
    'The ranking of an event excludes items that the user had in training or before the event, except the event’s own item, as requested; the data block says `seen = kept`.',
  );
});
