/** Writes `data.tower`, which describes the rows. Comments explain each line. */
import { baseOf } from './joins.ts';
import { historyLists } from './model_text.ts';
import type { NamedFile, Proposal } from './proposal.ts';
import { braces, inQuotes, line, oneLine } from './tower_lines.ts';

export function dataText(proposal: Proposal): string {
  const { name, case: kind, events, items, users, user, item, time, where, split, seen, reject, perUser } = proposal;
  const columns = columnLines(proposal);
  const eventsWhy = events.isLines ? 'a line for each user: the user, then its items' : 'one row for each event';
  const itemsWhy = 'one row for each item; all of them are ranked, also those without an event';
  const lines = [
    line(`events = ${pathOf(events)}`, eventsWhy),
    items && line(`items = ${pathOf(items)} by ${item.name}`, itemsWhy),
    users && user && line(`users = ${pathOf(users)} by ${user.name}`, 'one row for each user'),
    ...(columns.length > 0 ? ['', braces('columns', columns)] : []),
    where && line(`where = ${inQuotes(where.value)}`, where.why),
    time && line(`time = ${inQuotes(time.value)}`, time.why),
    ...historyLists[kind].map(
      ({ name, max, dataWhy }) => dataWhy && line(`${name} = ${kind}(${item.name}, ${max})`, dataWhy),
    ),
    line(`split = ${split.value}`, split.why),
    perUser && line('evaluate = per_user', 'a user has several held-out items, and ranks once for all of them'),
    line(`seen = ${seen.value}`, seen.why),
    reject && line(`reject = ${reject.value}`, reject.why),
  ];
  const names = [events, items, users].flatMap((file) => file?.sources ?? []).map(baseOf);
  const header = `/// Where the rows are. \`tower init\` guessed it from ${oneLine(names.slice(0, 5).join(', '))}: read each line, and change what is wrong.`;
  return `${header}\n${braces(`data ${name}`, lines)}\n`;
}

const pathOf = ({ path, isLines }: NamedFile): string => (isLines ? `lines(${inQuotes(path)})` : inQuotes(path));

function columnLines({ user, item, history, features, labels, weight, title }: Proposal): string[] {
  const lines: string[] = [];
  const add = (name: string, sql: string | undefined, why?: string): void => {
    if (sql !== undefined) lines.push(line(`${name} = ${inQuotes(sql)}`, why));
  };
  if (user) add(user.name, user.sql);
  add(item.name, item.sql);
  add('history', history, 'the column holds other items of the user');
  // An idea needs an entry too, so that trying it takes only one line of the model.
  for (const { name, sql } of features) add(name, sql);
  for (const { name, sql, why } of labels) add(name, sql, why);
  if (weight) add(weight.name, weight.sql, weight.why);
  if (title !== undefined) add('title', title, 'what `tower recommend` shows of an item');
  return lines;
}
