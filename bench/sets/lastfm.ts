import { dataSet, readOriginals, refuseDamaged, termsIfPublished } from '../../src/plugins/sets/set.ts';
import { eventsIn, readUserLines, type UserLine, writeUserLines } from '../../src/plugins/sets/toys.ts';

const originals = ['train.txt', 'valid.txt', 'test.txt'] as const;
const home = 'https://grouplens.org/datasets/hetrec-2011/';
/** A line of a user without items. Its line end is no part of it, so that other lines keep their numbers. */
const userAlone = /^[ \t]*\S+[ \t]*$/gm;

/**
 * Last.fm (HetRec 2011): the artists that 1,885 people listened to, split into training, validation and test. Each of the three files has a line for each
 * user, without time; a user may have no held-out items.
 */
export const lastfm = dataSet({
  originals,
  async make(options) {
    const texts = readOriginals('lastfm', originals, home, options);
    const originalParts = originals.map((name) => {
      const wrong = (reason: string): never => refuseDamaged(options.from, name, reason);
      return { name, wrong, lines: readUserLines(texts[name].replace(userAlone, ''), wrong) };
    });
    refuseTwice(originalParts);
    const allLines = originalParts.flatMap(({ lines }) => lines);
    const people = new Set(allLines.map(({ user }) => user)).size;
    const artists = new Set(allLines.flatMap(({ items }) => items)).size;
    return {
      from: options.from!,
      holds: `${count(eventsIn(allLines))} pairs of ${count(people)} people and ${count(artists)} artists (${originalParts
        .map(({ name, lines }) => `${name} ${count(eventsIn(lines))}`)
        .join(', ')})`,
      terms: termsIfPublished(
        texts['train.txt'],
        '1845769cb1a9834692d3cf884de523d23aa126fa6b58eb5f49e9628e8c317705',
        'Last.fm, for non-commercial use: Cantador, Brusilovsky & Kuflik, "2nd workshop on information heterogeneity and fusion in recommender systems", RecSys 2011',
      ),
      files: Object.fromEntries(originalParts.map(({ name, lines }) => [name, writeUserLines(lines)])),
    };
  },
});

interface PartLines {
  readonly name: string;
  readonly lines: readonly UserLine[];
  wrong(reason: string): never;
}

/** Refuses a pair in two files, because its item would be known before it is predicted. */
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
