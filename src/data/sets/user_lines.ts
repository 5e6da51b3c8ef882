/** Reads lines `user item item …` of a published set, checked as a whole before they are written. */

export interface UserLine {
  readonly user: string;
  readonly items: readonly string[];
}

/**
 * Returns lines, each of a user with one item or more. A user has one line: otherwise the order of the user's items would be unknown.
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
