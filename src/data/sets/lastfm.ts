import { dataSet, readOriginals, refuseDamaged, termsIfPublished } from './set.ts';

const originals = ['train.txt', 'valid.txt', 'test.txt'] as const;
const home = 'https://grouplens.org/datasets/hetrec-2011/';

/** Artists that users listened to, in the format of LightGCN: one line for each user in each of three files, without time. A user may have no held-out items. */
export const lastfm = dataSet({
  doc: 'Last.fm (HetRec 2011): the artists that 1,885 people listened to, split into training, validation and test',
  originals,
  home,
  isForm: true,
  async make(options) {
    const texts = readOriginals('lastfm', originals, home, options);
    const originalParts = originals.map((name) => {
      const wrong = (reason: string): never => refuseDamaged(options.from, name, reason);
      return { name, wrong, lines: readUserLines(texts[name], wrong, { isEmptyAllowed: true }) };
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
  readonly lines: ReturnType<typeof readUserLines>;
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

export interface UserLine {
  readonly user: string;
  readonly items: readonly string[];
}

/**
 * Returns the lines, each with a user and at least one item. A user may have only one line, because the order across lines would be unknown.
 * @param isEmptyAllowed skips lines of users without items
 * @param wrong called with the error of a line
 */
export function readUserLines(
  text: string,
  wrong: (reason: string) => never,
  { isEmptyAllowed = false }: { readonly isEmptyAllowed?: boolean } = {},
): readonly UserLine[] {
  const lines: UserLine[] = [];
  const lineOf = new Map<string, number>();
  for (const [at, line] of text.split('\n').entries()) {
    if (line.includes('\0')) wrong(`line ${at + 1} holds a zero byte`);
    if (line.includes('\uFFFD')) wrong(`line ${at + 1} is not UTF-8`);
    const [user = '', ...items] = line.trim().split(/[ \t]+/);
    if (user === '') continue;
    const earlierLine = lineOf.get(user);
    if (earlierLine !== undefined) wrong(`lines ${earlierLine} and ${at + 1} are of the same user, ${short(user)}`);
    lineOf.set(user, at + 1);
    if (items.length > 0) lines.push({ user, items });
    else if (!isEmptyAllowed) wrong(`line ${at + 1} has a user, ${short(user)}, and no item`);
  }
  if (lines.length === 0) wrong('it has no lines of a user and items');
  return lines;
}

export const writeUserLines = (lines: readonly UserLine[]): string =>
  lines.map(({ user, items }) => `${user} ${items.join(' ')}\n`).join('');

export const eventsIn = (lines: readonly UserLine[]): number => lines.reduce((sum, { items }) => sum + items.length, 0);

export const short = (word: string): string => (word.length <= 40 ? word : `${word.slice(0, 40)}…`);
