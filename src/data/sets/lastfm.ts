import { damaged, readOriginals, termsIfPublished } from './originals.ts';
import { dataSet } from './set.ts';
import { eventsIn, readUserLines, writeUserLines } from './user_lines.ts';

const originals = ['train.txt', 'valid.txt', 'test.txt'] as const;
const home = 'https://grouplens.org/datasets/hetrec-2011/';

/** Artists that people listened to, in the form of LightGCN: a line a user in each of three files, without time. A user may hold out nothing. */
export const lastfm = dataSet({
  doc: 'Last.fm (HetRec 2011): the artists that 1,885 people listened to, split into training, validation and test',
  originals,
  home,
  isForm: true,
  async make(options) {
    const texts = readOriginals('lastfm', originals, home, options);
    const parts = originals.map((name) => {
      const wrong = (reason: string): never => damaged(options.from, name, reason);
      return { name, wrong, lines: readUserLines(texts[name], wrong, { isEmptyAllowed: true }) };
    });
    refuseTwice(parts);
    const allLines = parts.flatMap(({ lines }) => lines);
    const people = new Set(allLines.map(({ user }) => user)).size;
    const artists = new Set(allLines.flatMap(({ items }) => items)).size;
    return {
      from: options.from!,
      holds: `${count(eventsIn(allLines))} pairs of ${count(people)} people and ${count(artists)} artists (${parts
        .map(({ name, lines }) => `${name} ${count(eventsIn(lines))}`)
        .join(', ')})`,
      terms: termsIfPublished(
        texts['train.txt'],
        '1845769cb1a9834692d3cf884de523d23aa126fa6b58eb5f49e9628e8c317705',
        'Last.fm, for non-commercial use: Cantador, Brusilovsky & Kuflik, "2nd workshop on information heterogeneity and fusion in recommender systems", RecSys 2011',
      ),
      files: Object.fromEntries(parts.map(({ name, lines }) => [name, writeUserLines(lines)])),
    };
  },
});

interface PartLines {
  readonly name: string;
  readonly lines: ReturnType<typeof readUserLines>;
  wrong(reason: string): never;
}

/** Refuses a pair in two files, which would be known before it is predicted. */
function refuseTwice(parts: readonly PartLines[]): void {
  const filesByUser = new Map<string, Map<string, string>>();
  for (const { name, lines, wrong } of parts) {
    for (const { user, items } of lines) {
      const fileOfItem = filesByUser.get(user) ?? new Map<string, string>();
      filesByUser.set(user, fileOfItem);
      for (const item of items) {
        const earlierFile = fileOfItem.get(item);
        if (earlierFile !== undefined && earlierFile !== name)
          wrong(`user ${user} has item ${item} in ${earlierFile} too`);
        fileOfItem.set(item, name);
      }
    }
  }
}

const count = (number: number): string => number.toLocaleString('en');
