/**
 * Lays out what commands print: prose, headings, pairs and tables. Every command uses these, so that all look alike. They have the same words at every
 * width, with and without colours. They draw no lines: a screen reader would read each of them, and a narrow terminal has no room for them.
 */
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { toPrintable } from '../../base/text/display.ts';

/** What a stream can show. */
export interface Page {
  /** Cells of a line; undefined where nothing breaks lines, as in a file. */
  readonly columns: number | undefined;
  readonly colour: boolean;
}

/** @param env `NO_COLOR` wins over `FORCE_COLOR`; a terminal of `TERM=dumb` has no colours; `COLUMNS` wins over the width of a terminal */
export function pageOf(
  { isTTY = false, columns }: Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>>,
  env: NodeJS.ProcessEnv = process.env,
): Page {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM, COLUMNS } = env;
  const forced = FORCE_COLOR === '' ? undefined : !['0', 'false'].includes(FORCE_COLOR);
  return {
    // A terminal that does not know its width says 0.
    columns: isTTY ? Math.max(20, Number(COLUMNS) || columns || 80) : undefined,
    // Never undefined: picocolors would then look at `CI`.
    colour: NO_COLOR === '' && (forced ?? (isTTY && TERM !== 'dumb')),
  };
}

const stdoutPage = (): Page => pageOf(process.stdout);

/** The cells that a text takes, which may have colours. */
export const widthOf = (text: string): number => toPrintable(stripVTControlCharacters(text)).width;

/** Lines that must not be wrapped: commands, which a reader copies. */
const command = /^\s*(npx|tower|curl|cp) /;

/** Code, such as `tower train … --resume`, is not broken across lines. */
const wordOrCode = /(?:`[^`]*`|[^\s`])+|`/g;

/** Wraps lines between words, because a terminal breaks them anywhere. Continuation lines are indented to the first word, after a list marker. */
export function wrapWords(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns || command.test(line) ? line : wrapLine(line, columns)))
    .join('\n');
}

function wrapLine(line: string, columns: number): string {
  const [head] = /^\s*((\u00b7|\d+\.) )?/.exec(line)!;
  const room = columns - head.length;
  const lineWords = line.slice(head.length).match(wordOrCode) ?? [];
  const lines: string[] = [];
  for (const word of lineWords.flatMap((spacedWord) =>
    widthOf(spacedWord) <= room ? [spacedWord] : spacedWord.split(' '),
  )) {
    const lastLine = lines.at(-1);
    if (lastLine !== undefined && widthOf(lastLine) + 1 + widthOf(word) <= room)
      lines[lines.length - 1] = `${lastLine} ${word}`;
    else lines.push(word);
  }
  return head + lines.join(`\n${' '.repeat(head.length)}`);
}

/** `Next:` */
export const heading = (text: string, { colour } = stdoutPage()): string => bold(`${text}:`, colour);

const bold = (text: string, colour: boolean): string => pc.createColors(colour).bold(text);

/** Cells between two columns, and before a line that belongs to the one above. */
const gap = '  ';
/** The fewest cells in which prose is wrapped beside something else. */
const minRoom = 24;

const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Puts a text beside a name, or below it where there is too little room. @param width cells of the longest name */
export function pairOf(name: string, text: string, width: number, columns: number | undefined): string {
  if (text === '') return `${gap}${name}`;
  const room = (columns ?? Number.POSITIVE_INFINITY) - width - 2 * gap.length;
  if (room < Math.min(minRoom, widthOf(text))) return wrapWords(`${gap}${name}\n${gap}${gap}${text}`, columns);
  const [first, ...rest] = wrapWords(text, columns && room).split('\n');
  return [`${gap}${padded(name, width)}${gap}${first}`, ...rest.map((line) => ' '.repeat(width + 4) + line)].join('\n');
}

/** Lines of a name and what it means: all beside each other, or all below. */
export function pairsOf(
  namedTexts: readonly (readonly [name: string, text: string])[],
  { columns } = stdoutPage(),
): string {
  const pairs = namedTexts.map(([name, text]) => [toPrintable(name).text, toPrintable(text).text] as const);
  const width = Math.max(...pairs.map(([name]) => widthOf(name)));
  const isBelow =
    columns !== undefined && pairs.some(([, text]) => columns - width - 4 < Math.min(minRoom, widthOf(text)));
  return pairs.map(([name, text]) => pairOf(name, text, isBelow ? columns : width, columns)).join('\n');
}

/** Commands to go on with. Under npx they begin with it. */
export function nextOf(steps: readonly (readonly [command: string, what: string])[], page = stdoutPage()): string {
  const commands = steps.map(([line, what]) => [asCalled(line), what] as const);
  return `${heading('Next', page)}\n${pairsOf(commands, page)}`;
}

/** A command, as it has to be typed where this one was. npm tells a program how it was called. */
export function asCalled(line: string): string {
  const { npm_lifecycle_event: event, npm_lifecycle_script: script = '' } = process.env;
  return event === 'npx' && /^['"]?tower\b/.test(script) ? `npx ${line}` : line;
}

/** A number with its unit or its interval. Columns of these are aligned to the right. */
const numeric = /^([-+\u2212±]?\d[^A-Za-z]*( ?([kMG]?B|ms))?|\u2013)?$/;

/**
 * Lays out a table. Where it is wider than the page, its last column of texts is wrapped; then its columns follow each other in parts, each with the first
 * column; then each row has its cells below each other.
 */
export function tableOf(
  head: readonly string[],
  bodyRows: readonly (readonly string[])[],
  page = stdoutPage(),
): string {
  const { columns = Number.POSITIVE_INFINITY } = page;
  const rows = bodyRows.map((row) => row.map((cell) => toPrintable(cell.replaceAll(/\s*\n\s*/g, ' ')).text));
  const isNumber = head.map((_, index) => index > 0 && rows.every((row) => numeric.test(row[index]!)));
  const widths = head.map((name, index) => Math.max(...[name, ...rows.map((row) => row[index]!)].map(widthOf)));
  const columnIndexes = head.map((_, index) => index);
  const widthWith = (shown: readonly number[]): number =>
    shown.reduce((sum, index) => sum + widths[index]!, gap.length * (shown.length - 1));
  const over = widthWith(columnIndexes) - columns;
  if (over <= 0) return tablePart(columnIndexes);
  const lastText = isNumber.lastIndexOf(false);
  const textWidth = widths[lastText]! - over;
  if (lastText > 0 && textWidth >= minRoom) {
    widths[lastText] = textWidth;
    return tablePart(columnIndexes);
  }
  if (columnIndexes.slice(1).some((index) => widthWith([0, index]) > columns)) {
    return rows.map((row) => [row[0], below(row)].filter(Boolean).join('\n')).join('\n');
  }
  const parts: number[][] = [[0]];
  for (const index of columnIndexes.slice(1)) {
    if (widthWith([...parts.at(-1)!, index]) <= columns) parts.at(-1)!.push(index);
    else parts.push([0, index]);
  }
  return parts.map(tablePart).join('\n\n');

  function below(row: readonly string[]): string {
    return pairsOf(
      columnIndexes.slice(1).flatMap((index) => (row[index] === '' ? [] : [[head[index]!, row[index]!] as const])),
      page,
    );
  }

  function tablePart(shown: readonly number[]): string {
    const [first, ...others] = [head, ...rows].map((row) => line(row, shown));
    return [bold(first!, page.colour), ...others].join('\n');
  }

  function line(row: readonly string[], shown: readonly number[]): string {
    const cells = shown.map((index) => wrapWords(row[index]!, widths[index]!).split('\n'));
    const height = Math.max(...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, index) =>
      shown
        .map((columnIndex, cellIndex) => {
          const text = cells[cellIndex]![index] ?? '';
          return isNumber[columnIndex]
            ? ' '.repeat(widths[columnIndex]! - widthOf(text)) + text
            : padded(text, widths[columnIndex]!);
        })
        .join(gap)
        .trimEnd(),
    ).join('\n');
  }
}
