/** What each column of the events is: one user, one item and one time, and the best guess for every other column. */
import type { Guess } from './guess.ts';
import { byValues, isKeyLike, isNameless, keysByValues } from './guesses/keys.ts';
import { guessesOf } from './guesses/table.ts';
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
  /** All others, with what they may be. */
  readonly others: readonly { readonly column: ColumnProfile; readonly guesses: readonly Guess[] }[];
  /** Columns that could be the user or the item as well, the likeliest first. */
  readonly candidates: { readonly user: readonly ColumnProfile[]; readonly item: readonly ColumnProfile[] };
}

/** Names of columns that somebody chose, or `none`. */
export interface Chosen {
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
}

export function rolesOf(table: TableProfile, chosen: Chosen = {}): Roles {
  const all = table.columns.map((column) => ({ column, guesses: guessesOf(column) }));
  const best = (role: Guess['role'], but: readonly (ColumnProfile | undefined)[]): Taken | undefined => {
    const found = all.flatMap(({ column, guesses }) => {
      const guess = guesses.find((each) => each.role === role);
      return guess && !but.includes(column) ? [{ column, guess }] : [];
    });
    return found.reduce<Taken | undefined>(
      (first, one) => (!first || one.guess.score > first.guess.score ? one : first),
      undefined,
    );
  };
  const said = (role: 'user' | 'item' | 'time'): Taken | 'none' | undefined => {
    const name = chosen[role];
    if (name === undefined || name === 'none') return name as 'none' | undefined;
    const column = table.columns.find((each) => each.name === name);
    return column && { column, guess: { role, score: 1, because: 'you said so' } };
  };
  const keys = keysByValues(table.columns);
  const nameless = keys.filter(isNameless);
  const taken = <T>(answer: T | 'none' | undefined, otherwise: () => T | undefined): T | undefined =>
    answer === 'none' ? undefined : (answer ?? otherwise());

  const [saidUser, saidItem, saidTime] = [said('user'), said('item'), said('time')];
  const time = taken(saidTime, () => best('time', [column(saidUser), column(saidItem)]));
  let user = taken(saidUser, () => best('user', [column(saidItem), time?.column]) ?? questionKey(all));
  // Two columns without names: people write the user first.
  const isFree = (each: ColumnProfile): boolean => each !== user?.column && each !== time?.column;
  let item = taken(saidItem, () => best('item', [user?.column, time?.column]));
  if (saidUser === undefined && user === undefined) {
    // Where no name says anything, two columns of ids are taken for the pair.
    const some = item === undefined && keys.length > 1 ? keys : nameless;
    const free = some.filter((each) => each !== item?.column && isFree(each));
    const first = free[0];
    if (first && (item || free.length > 1)) user = { column: first, guess: byValues('user', first, 'first') };
  }
  if (saidItem === undefined && item === undefined) {
    const free = keys.filter((each) => isFree(each) && meansOf(each.name, 'context') === undefined);
    const next = free.find(isNameless) ?? [...free].sort((a, b) => b.distinct - a.distinct)[0];
    if (next && user) item = { column: next, guess: byValues('item', next, isNameless(next) ? 'second' : 'other') };
  }
  const own = [user?.column, item?.column, time?.column];
  const candidates = table.columns.filter((each) => isKeyLike(each) && each.time === undefined && each.distinct > 2);
  return {
    ...(user ? { user } : {}),
    ...(item ? { item } : {}),
    ...(time ? { time } : {}),
    others: all.filter((each) => !own.includes(each.column)),
    candidates: {
      user: candidates.filter((each) => each !== item?.column),
      item: candidates.filter((each) => each !== user?.column),
    },
  };
}

function column(taken: Taken | 'none' | undefined): ColumnProfile | undefined {
  return typeof taken === 'object' ? taken.column : undefined;
}

/** The id of a question, which asks as a user does. */
function questionKey(all: Roles['others']): Taken | undefined {
  const found = all.find(
    ({ column }) =>
      meansOf(column.name, 'query') !== undefined && meansOf(column.name, 'id') !== undefined && isKeyLike(column),
  );
  return (
    found && {
      column: found.column,
      guess: { role: 'user', score: 0.6, because: 'its name says that it is the key of a question' },
    }
  );
}

/** How much a table looks like events: pairs of a user and an item that come up again, with a time or an outcome. */
export function eventScore(table: TableProfile): number {
  const { user, item, time, others } = rolesOf(table);
  const outcomes = others.some(({ guesses }) => ['rating', 'action', 'count', 'kind'].includes(guesses[0]?.role ?? ''));
  const again = [user, item].filter((each) => each && each.column.present / each.column.distinct > 1.1).length;
  const named =
    /event|rating|interact|click|view|order|purchase|log|train|visit|transaction|review|play|judg|qrel|pair|behav|history|stream/i;
  const queries = others.some(({ guesses }) => guesses[0]?.role === 'query');
  return (
    (item ? 2 : 0) +
    (user || queries ? 2 : 0) +
    (time ? 1 : 0) +
    (outcomes ? 1 : 0) +
    again * 0.75 +
    Math.log10(table.count + 1) * 0.3 +
    (table.kind === 'lines' ? 3 : 0) +
    (named.test(table.path.replace(/^.*[/\\]/, '')) ? 1 : 0)
  );
}
