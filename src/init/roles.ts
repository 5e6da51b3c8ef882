/** What each column of a table is, if its rows are events: one user, one item and one time, the files of their keys, and the best guess for every other column. */
import type { Guess } from './guess.ts';
import { byValues, isKeyLike, isNameless, keysByValues } from './guesses/keys.ts';
import { guessesOf } from './guesses/table.ts';
import { baseOf, type Join, personsOf } from './joins.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import { meansOf } from './words.ts';

export interface Taken {
  readonly column: ColumnProfile;
  readonly guess: Guess;
}

export interface Roles {
  readonly user?: Taken;
  readonly item?: Taken;
  readonly time?: Taken;
  /** The files that are joined by the user and by the item. */
  readonly users?: Join;
  readonly items?: Join;
  /** All others, with what they may be. */
  readonly others: readonly { readonly column: ColumnProfile; readonly guesses: readonly Guess[] }[];
  /** Sides for which another column has the same keys, as the two ends of a trip. */
  readonly tied: readonly Side[];
  /** Columns that could be the user or the item as well, the likeliest first. */
  readonly candidates: { readonly user: readonly ColumnProfile[]; readonly item: readonly ColumnProfile[] };
}

/** Names of columns that somebody chose, or `none`. */
export interface Chosen {
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
}

export type Side = 'user' | 'item';

/** A column as a user or an item, with a file of its keys or without. */
interface KeyOption extends Taken {
  readonly join?: Join;
  readonly value: number;
}

/** The pair of columns and the files of their keys that fit best together: each file and each column is taken once. */
export function rolesOf(table: TableProfile, chosen: Chosen = {}, joins: readonly Join[] = []): Roles {
  const all = table.columns.map((column) => ({ column, guesses: guessesOf(column) }));
  const said = (role: Side | 'time'): ColumnProfile | undefined =>
    table.columns.find(({ name }) => name === chosen[role]);
  const keys = new Set(keysByValues(table.columns).filter(mayBeKey));
  const time =
    chosen.time === undefined ? timeOf(all, [said('user'), said('item')]) : takenAsSaid('time', said('time'));

  const optionsOf = (side: Side): readonly KeyOption[] => {
    if (chosen[side] === 'none') return [];
    const own = said(side);
    const columns = all.filter(({ column }) => (own ? column === own : column !== time?.column && isKeyLike(column)));
    const found = columns.flatMap(({ column, guesses }): KeyOption[] => {
      const guess = own ? takenAsSaid(side, own)!.guess : guessOf(side, column, guesses, keys);
      const alone = guess ? [{ column, guess, value: guess.score }] : [];
      const joined = joins
        .filter((join) => join.column === column)
        .flatMap((join): KeyOption[] => {
          const persons = personsOf(join.table) * (side === 'user' ? 1 : -1);
          // Numbers that count rows are in many files.
          if (column.kind === 'integer' && !join.isNamed && persons <= 0) return [];
          const told = linked(side, join, persons);
          const better = guess && guess.score >= told.score ? guess : told;
          return [{ column, join, guess: better, value: (guess?.score ?? 0.1) + join.score + 0.5 * persons }];
        });
      return [...alone, ...joined];
    });
    return found.sort((a, b) => b.value - a.value);
  };
  const [users, items] = [optionsOf('user'), optionsOf('item')];
  const best = bestPair(users, items);
  const own = [best.user?.column, best.item?.column, time?.column];
  const isTied = (taken: KeyOption | undefined, options: readonly KeyOption[]): boolean =>
    taken?.join !== undefined &&
    options.some(
      ({ column, join, value }) =>
        !own.includes(column) && join?.table === taken.join?.table && value > taken.value - 0.1,
    );
  const keyLike = table.columns.filter((each) => isKeyLike(each) && each.time === undefined && each.distinct > 2);
  const candidates = (options: readonly KeyOption[], but: KeyOption | undefined): readonly ColumnProfile[] =>
    [...new Set([...options.map(({ column }) => column), ...keyLike])].filter((column) => column !== but?.column);
  return {
    ...(best.user ? { user: best.user } : {}),
    ...(best.item ? { item: best.item } : {}),
    ...(time ? { time } : {}),
    ...(best.user?.join ? { users: best.user.join } : {}),
    ...(best.item?.join ? { items: best.item.join } : {}),
    others: all.filter(({ column }) => !own.includes(column)),
    tied: [
      ...(isTied(best.user, users) ? ['user' as const] : []),
      ...(isTied(best.item, items) ? ['item' as const] : []),
    ],
    candidates: { user: candidates(users, best.item), item: candidates(items, best.user) },
  };
}

const takenAsSaid = (role: Side | 'time', column: ColumnProfile | undefined): Taken | undefined =>
  column && { column, guess: { role, score: 1, because: 'you said so' } };

function timeOf(all: Roles['others'], but: readonly (ColumnProfile | undefined)[]): Taken | undefined {
  const found = all.flatMap(({ column, guesses }) => {
    const guess = guesses.find(({ role }) => role === 'time');
    return guess && !but.includes(column) ? [{ column, guess }] : [];
  });
  return found.reduce<Taken | undefined>(
    (first, one) => (!first || one.guess.score > first.guess.score ? one : first),
    undefined,
  );
}

/** A number that is no code is no key, unless its table has no names. */
const mayBeKey = (column: ColumnProfile): boolean =>
  isNameless(column) ||
  (meansOf(column.name, 'context') === undefined &&
    (column.kind === 'text' || meansOf(column.name, 'id') !== undefined));

/** What says that a column names a user or an item, without other files. */
function guessOf(
  side: Side,
  column: ColumnProfile,
  guesses: readonly Guess[],
  keys: ReadonlySet<ColumnProfile>,
): Guess | undefined {
  const named = guesses.find(({ role }) => role === side);
  if (named) return named;
  // The id of a question, which asks as a user does.
  if (side === 'user' && meansOf(column.name, 'query') !== undefined && meansOf(column.name, 'id') !== undefined)
    return { role: 'user', score: 0.5, because: 'its name says that it is the key of a question' };
  if (!keys.has(column)) return undefined;
  const isOther = guesses.some(({ role }) => role === (side === 'user' ? 'item' : 'user'));
  const isOutcome = ['rating', 'count', 'action', 'kind', 'fold'].includes(guesses[0]!.role);
  if (isOutcome && !isNameless(column)) return undefined;
  const guess = byValues(side, column);
  return isOther ? { ...guess, score: 0.1 } : guess;
}

/** @param persons whether the file describes what the side says: from -1 to 1 */
function linked(role: Side, { table, overlap }: Join, persons: number): Guess {
  const because = `${Math.round(overlap * 100)} % of its values are keys of ${baseOf(table.path)}`;
  return { role, score: persons > 0 ? 0.6 : persons < 0 ? 0.2 : 0.45, because };
}

/** Two columns that only their values show are taken where no name says anything: where one side is known, somebody has to say the other. */
function bestPair(
  users: readonly KeyOption[],
  items: readonly KeyOption[],
): { readonly user?: KeyOption; readonly item?: KeyOption } {
  let [best, most]: [{ user?: KeyOption; item?: KeyOption }, number] = [{}, Number.NEGATIVE_INFINITY];
  for (const item of [undefined, ...items])
    for (const user of [undefined, ...users]) {
      if (user && item && (user.column === item.column || (user.join && user.join.table === item.join?.table)))
        continue;
      if (user && isGuessed(user) && item && !isGuessed(item) && !isNameless(user.column)) continue;
      if (!user && item && isGuessed(item)) continue;
      // People write the user first.
      const order = user && item && user.column.place < item.column.place ? 0.05 : 0;
      const total = (user?.value ?? 0) + (item?.value ?? 0) + order;
      if (total > most) [best, most] = [{ ...(user ? { user } : {}), ...(item ? { item } : {}) }, total];
    }
  return best;
}

const isGuessed = ({ guess, join }: KeyOption): boolean => guess.score <= 0.4 && join === undefined;

const named =
  /event|rating|interact|click|view|order|purchase|log|train|visit|transaction|review|play|judg|qrel|pair|behav|history|stream/i;

/** How much a table looks like events: pairs of a user and an item that come up again, with a time or an outcome, and files of their keys. */
export function eventScore(table: TableProfile, { user, item, time, users, items, others }: Roles): number {
  const outcomes = others.some(({ guesses }) => ['rating', 'action', 'count', 'kind'].includes(guesses[0]?.role ?? ''));
  const again = [user, item].filter((each) => each && each.column.present / each.column.distinct > 1.1).length;
  const queries = others.some(({ guesses }) => guesses[0]?.role === 'query');
  const sure = (taken: Taken | undefined): number => (taken ? (taken.guess.score < 0.5 ? 1.2 : 2) : 0);
  return (
    sure(item) +
    (sure(user) || (queries ? 2 : 0)) +
    (time ? 1 : 0) +
    (outcomes ? 1 : 0) +
    again * 0.75 +
    0.5 * ((users?.score ?? 0) + (items?.score ?? 0)) +
    Math.log10(table.count + 1) * 0.3 +
    (table.kind === 'lines' ? 3 : 0) +
    (named.test(baseOf(table.path)) ? 1 : 0)
  );
}
