/** Why nothing can be learned from files that are tables: a sentence that says what is missing. */
import { isKeyLike, isNameless, repeats } from './guesses/keys.ts';
import { baseOf } from './joins.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { Feature } from './proposal.ts';
import type { Roles, Taken } from './roles.ts';
import { meansOf } from './words.ts';

/** With fewer there is no part to train on. */
const FEWEST = 3;

const nameOf = ({ path }: TableProfile): string => `\`${baseOf(path)}\``;

/** What no guess can repair, seen before anything is guessed of the pairs. */
export function problemOfRows(events: TableProfile): string | undefined {
  if (events.count < FEWEST && events.isWhole)
    return `${nameOf(events)} has ${events.count === 1 ? 'one row' : `${events.count} rows`}: a model learns from many events`;
  const refused = events.columns.find(isAlwaysNo);
  if (refused)
    return `\`${refused.name}\` is ${refused.top[0]![0]} in all rows of ${nameOf(events)}, so no row says what somebody chose. Remove the column if it means nothing`;
  return undefined;
}

/** A column such as `clicked`, which says no in all rows. */
function isAlwaysNo({ name, distinct, top, present, rows }: ColumnProfile): boolean {
  const says = meansOf(name, 'action') !== undefined && meansOf(name, 'title') === undefined;
  return says && distinct === 1 && present === rows && /^(0|false|f|no|n|nein)$/i.test(top[0]![0]);
}

/** Why rows are no pairs: nothing names an item, or each row describes something. */
export function problemOfPairs(events: TableProfile, { user, item }: Roles): string | undefined {
  const isSaid = [user, item].every((taken) => taken?.guess.because === 'you said so');
  if (isSaid) return undefined;
  const same = events.columns.find(
    ({ name, distinct }) => distinct === 1 && (meansOf(name, 'item') ?? meansOf(name, 'user')) !== undefined,
  );
  if (same && !item) return problemOfOne(events, same);
  const isKnown = (taken: Taken | undefined): boolean =>
    taken !== undefined && (taken.guess.score >= 0.5 || isNameless(taken.column));
  const isOnce = ({ column }: Taken): boolean => repeats(column) < 1.1;
  const areUnknown = !isKnown(user) && !isKnown(item);
  const describes = !item || areUnknown || (user ? isOnce(user) && !isKnown(item) : isOnce(item));
  const description = describes ? problemOfDescription(events) : undefined;
  return description ?? (item ? undefined : `no column of ${nameOf(events)} seems to name an item`);
}

/** Each row describes something. */
function problemOfDescription(events: TableProfile): string | undefined {
  const key = describedKey(events);
  if (key === undefined) return undefined;
  const others = events.columns.filter((column) => column !== key).slice(0, 3);
  const shown = others.map(({ name }) => `\`${name}\``).join(', ');
  return `${nameOf(events)} has a row for each \`${key.name}\`, with ${shown}: it seems to describe items or users, and a model learns from events, with a user and an item in each row`;
}

/** A column whose values name the rows, one each: not a moment and not a measure. */
const describedKey = ({ columns }: TableProfile): ColumnProfile | undefined =>
  columns.find((column) => {
    const { present, distinct, rows, time, kind } = column;
    const isName = kind === 'text' || column.place === 0 || meansOf(column.name, 'id') !== undefined;
    return isName && isKeyLike(column) && time === undefined && distinct > present * 0.95 && present > rows * 0.9;
  });

const problemOfOne = (events: TableProfile, { name, top }: ColumnProfile): string =>
  `\`${name}\` is \`${top[0]![0].slice(0, 40)}\` in all rows of ${nameOf(events)}: a model learns from several users and several items`;

/** Nothing asks for an item. */
export function problemOfQuery(events: TableProfile): string {
  const same = events.columns.find(({ name, distinct }) => distinct === 1 && meansOf(name, 'user') !== undefined);
  return same
    ? problemOfOne(events, same)
    : (problemOfDescription(events) ??
        `${nameOf(events)} has no column of a user, a question or a situation, so nothing asks for an item`);
}

/** Each key comes up once, and nothing else says what two of them share. */
export function problemOfKeys(
  events: TableProfile,
  keys: { readonly user: ColumnProfile | undefined; readonly item: ColumnProfile },
  features: readonly Feature[],
): string | undefined {
  const once = (column: ColumnProfile): boolean => column.distinct * 1.02 >= column.present;
  if (!events.isWhole || keys.user === undefined || !once(keys.user) || !once(keys.item)) return undefined;
  const known = (side: Feature['side']): boolean => features.some((each) => each.side === side && !each.isIdea);
  if (known('query') || known('item')) return undefined;
  return `each \`${keys.user.name}\` and each \`${keys.item.name}\` of ${nameOf(events)} comes up once, and no column describes them: no event says anything about another`;
}
