/** Explains why nothing can be learned from tables, in a sentence that says what is missing. */
import { isKeyLike, isNameless, rowsPerValue } from './guesses/keys.ts';
import { baseOf } from './joins.ts';
import type { ColumnProfile, TableProfile } from './profile.ts';
import type { StarterFeature } from './proposal.ts';
import type { ColumnChoice, EventRoles } from './roles.ts';
import { meansOf } from './words.ts';

/** With fewer events there is no part to train on. */
const minEvents = 3;

const nameOf = ({ path }: TableProfile): string => `\`${baseOf(path)}\``;

/** Finds problems that no guess can repair, before pairs are guessed. */
export function problemOfRows(events: TableProfile): string | undefined {
  if (events.count < minEvents && events.isWhole)
    return `${nameOf(events)} has ${events.count === 1 ? 'one row' : `${events.count} rows`}: a model learns from many events`;
  const refusedColumn = events.columns.find(isAlwaysNo);
  if (refusedColumn)
    return `\`${refusedColumn.name}\` is ${refusedColumn.top[0]![0]} in all rows of ${nameOf(events)}, so no row says what somebody chose. Remove the column if it means nothing`;
  return undefined;
}

/** True for a column such as `clicked` that says no in all rows. */
function isAlwaysNo({ name, distinct, top, present, rows }: ColumnProfile): boolean {
  const isActionName = meansOf(name, 'action') !== undefined && meansOf(name, 'title') === undefined;
  return isActionName && distinct === 1 && present === rows && /^(0|false|f|no|n|nein)$/i.test(top[0]![0]);
}

export function problemOfPairs(events: TableProfile, { user, item }: EventRoles): string | undefined {
  const isGivenByUser = [user, item].every((taken) => taken?.guess.because === 'you said so');
  if (isGivenByUser) return undefined;
  const constantColumn = events.columns.find(
    ({ name, distinct }) => distinct === 1 && (meansOf(name, 'item') ?? meansOf(name, 'user')) !== undefined,
  );
  if (constantColumn && !item) return problemOfOne(events, constantColumn);
  const isKnown = (taken: ColumnChoice | undefined): boolean =>
    taken !== undefined && (taken.guess.score >= 0.5 || isNameless(taken.column));
  const isOnce = ({ column }: ColumnChoice): boolean => rowsPerValue(column) < 1.1;
  const areUnknown = !isKnown(user) && !isKnown(item);
  const describes = !item || areUnknown || (user ? isOnce(user) && !isKnown(item) : isOnce(item));
  const description = describes ? problemOfDescription(events) : undefined;
  return description ?? (item ? undefined : `no column of ${nameOf(events)} seems to name an item`);
}

function problemOfDescription(events: TableProfile): string | undefined {
  const key = describedKey(events);
  if (key === undefined) return undefined;
  const others = events.columns.filter((column) => column !== key).slice(0, 3);
  const shownNames = others.map(({ name }) => `\`${name}\``).join(', ');
  return `${nameOf(events)} has a row for each \`${key.name}\`, with ${shownNames}: it seems to describe items or users, and a model learns from events, with a user and an item in each row`;
}

/** Finds a column whose values name the rows, one each: not a moment and not a measure. */
const describedKey = ({ columns }: TableProfile): ColumnProfile | undefined =>
  columns.find((column) => {
    const { present, distinct, rows, time, kind } = column;
    const isName = kind === 'text' || column.place === 0 || meansOf(column.name, 'id') !== undefined;
    return isName && isKeyLike(column) && time === undefined && distinct > present * 0.95 && present > rows * 0.9;
  });

const problemOfOne = (events: TableProfile, { name, top }: ColumnProfile): string =>
  `\`${name}\` is \`${top[0]![0].slice(0, 40)}\` in all rows of ${nameOf(events)}: a model learns from several users and several items`;

export function problemOfQuery(events: TableProfile): string {
  const constantColumn = events.columns.find(
    ({ name, distinct }) => distinct === 1 && meansOf(name, 'user') !== undefined,
  );
  return constantColumn
    ? problemOfOne(events, constantColumn)
    : (problemOfDescription(events) ??
        `${nameOf(events)} has no column of a user, a question or a situation, so nothing asks for an item`);
}

/** Reports keys that come up once each, where nothing else says what two of them share. */
export function problemOfKeys(
  events: TableProfile,
  keys: { readonly user: ColumnProfile | undefined; readonly item: ColumnProfile },
  features: readonly StarterFeature[],
): string | undefined {
  const isOnce = (column: ColumnProfile): boolean => column.distinct * 1.02 >= column.present;
  if (!events.isWhole || keys.user === undefined || !isOnce(keys.user) || !isOnce(keys.item)) return undefined;
  const hasFeature = (side: StarterFeature['side']): boolean =>
    features.some((each) => each.side === side && !each.isIdea);
  if (hasFeature('query') || hasFeature('item')) return undefined;
  return `each \`${keys.user.name}\` and each \`${keys.item.name}\` of ${nameOf(events)} comes up once, and no column describes them: no event says anything about another`;
}
