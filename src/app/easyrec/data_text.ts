/** The text of `data.tower`. The formatter aligns it. */
import type { ModelDraft } from './draft.ts';

export interface DataFiles {
  readonly events: string;
  readonly test?: string;
  readonly items?: string;
}

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

export function dataText({ features, labels, keys }: ModelDraft, files: DataFiles, from: string): string {
  const columns = [
    ...features.flatMap(({ name, sql, list }) => [
      ...(sql === undefined ? [] : [`${name} = ${quoted(sql)}`]),
      ...(list?.weights === undefined ? [] : [`${name}_weights = ${quoted(list.weights)}`]),
    ]),
    ...labels.flatMap(({ name, column }) => (column === undefined ? [] : [`${name} = ${quoted(column)}`])),
  ];
  const { events, test, items } = files;
  return [
    `/// Where the rows are, after ${from.replaceAll(/[\r\n]+/g, ' ')}.`,
    'data rows {',
    `  events = ${quoted(events)}`,
    ...(items === undefined ? [] : [`  items = ${quoted(items)} by ${keys.item}`]),
    ...(columns.length > 0 ? ['  columns {', ...columns.map((line) => `    ${line}`), '  }'] : []),
    test === undefined
      ? '  split = random(validation: 10%, test: 10%)'
      : `  split = files(test: ${quoted(test)}) // the eval input of the config`,
    '  seen = kept // EasyRec ranks what a user had as well; write `excluded` where nobody wants it again',
    '}',
    '',
  ].join('\n');
}
