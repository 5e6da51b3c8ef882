/** Prints the content of braces: on one line if it was written so and fits, otherwise one line for each entry. */
import { builders } from 'prettier/doc';
import { appendToList } from '../../base/util/objects.ts';
import type * as Ast from '../syntax/ast.ts';
import { beforeComment, hasComments, hasDescription, saysIgnore, type TokenCursor, type TokenGap } from './cursor.ts';
import { type Doc, flatDoc, widthOf } from './doc.ts';
import {
  expression,
  formulaLine,
  type PrintedBinding,
  printEntry,
  searchEntry,
  towerEntry,
  typedEntry,
} from './entries.ts';
import type { FormatLayout } from './layout.ts';

// Joins the lines of a file with the comments between and after them, and aligns signs and comments of adjacent lines. Widths are computed beforehand, because
// prettier's printer has no columns.

/** Signs after longer names are not aligned, so that they do not move the others. */
const longestName = 40;

/** Comments are aligned up to this column; those of longer lines directly follow their line. */
const lastColumn = 90;

/** Returns the width of each binding's head: that of the widest in its run. */
export function headWidths(
  bindings: readonly (PrintedBinding | undefined)[],
  isApart: (index: number) => boolean,
): readonly number[] {
  const widths: number[] = [];
  for (const run of alignedRuns(
    bindings.length,
    (at) => isApart(at) || bindings[at]?.form !== bindings[at - 1]?.form,
  )) {
    const headLengths = run.map((at) => bindings[at]?.head?.length ?? 0).filter((length) => length <= longestName);
    const widestHead = headLengths.reduce((most, length) => Math.max(most, length), 0);
    for (const at of run) widths[at] = widestHead;
  }
  return widths;
}

/** Returns the column of each line's comment. `widths` has undefined for lines without a comment and for broken lines. */
function commentColumns(widths: readonly (number | undefined)[], gap: number): readonly (number | undefined)[] {
  const alignedWidths = widths.filter((width) => width !== undefined && width <= lastColumn);
  const column = (alignedWidths as number[]).reduce((most, width) => Math.max(most, width), 0) + gap;
  return widths.map((width) => (width === undefined ? undefined : width <= lastColumn ? column : width + gap));
}

/** Groups adjacent lines; a new group starts at each index that is separated from the previous one. */
export function alignedRuns(length: number, isApart: (index: number) => boolean): number[][] {
  const foundRuns: number[][] = [];
  for (let index = 0; index < length; index++) {
    if (index === 0 || isApart(index)) foundRuns.push([]);
    foundRuns.at(-1)!.push(index);
  }
  return foundRuns;
}

/** A line, or an item that was too long for one. */
export interface PrintedLine {
  readonly level: number;
  /** Comments above it, and the one at the end of the previous line. */
  readonly before: TokenGap;
  readonly doc: Doc;
  /** Width in cells including indentation. Absent if it takes several lines. */
  readonly width?: number;
  /** Set if the line ends with an opening brace or starts with a closing one: there is no empty line inside of a brace. */
  readonly brace?: 'opens' | 'closes';
  /** Comments of lines in the same section share a column. */
  readonly section: number;
}

/** Returns the lines one below the other, with the comments `end` before the end of the file. */
export function stackLines(lines: readonly PrintedLine[], end: TokenGap, { tabWidth }: FormatLayout): Doc {
  const columns = columnsOf(lines, end);
  const lineDocs: Doc[] = [];
  const addDoc = (level: number, blank: boolean, doc: Doc): void => {
    const isFirst = lineDocs.length === 0;
    lineDocs.push(atLevel(level, [isFirst ? '' : blank ? [hardline, hardline] : hardline, doc]));
  };
  /** Adds the comments before line `index`, or before the end of the file. Returns true if an empty line may follow. */
  const addComments = (index: number, { trailing, own }: TokenGap): boolean => {
    const line = lines[index];
    const column = columns[index - 1];
    if (trailing !== undefined) {
      const lineWidth = lines[index - 1]?.width;
      const space = column === undefined || lineWidth === undefined ? beforeComment : ' '.repeat(column - lineWidth);
      lineDocs.push(lineSuffix(space + trailing));
    }
    const level = line?.brace === 'closes' ? line.level + 1 : (line?.level ?? 0);
    let followsBrace = lines[index - 1]?.brace === 'opens';
    for (const { text, blank, continues } of own) {
      const indentation = continues && column !== undefined ? ' '.repeat(Math.max(0, column - level * tabWidth)) : '';
      addDoc(level, blank && !followsBrace, indentation + text);
      followsBrace = false;
    }
    return !followsBrace;
  };
  for (const [index, line] of lines.entries()) {
    const mayBlank = addComments(index, line.before);
    addDoc(line.level, line.before.blank && mayBlank && line.brace !== 'closes', line.doc);
  }
  addComments(lines.length, end);
  return lineDocs.length === 0 ? '' : [...lineDocs, hardline];
}

function atLevel(level: number, doc: Doc): Doc {
  let indentedDoc = doc;
  for (let depth = 0; depth < level; depth++) indentedDoc = indent(indentedDoc);
  return indentedDoc;
}

/** Returns the column of the comment at the end of each line. */
function columnsOf(lines: readonly PrintedLine[], end: TokenGap): (number | undefined)[] {
  const columns: (number | undefined)[] = [];
  const sections = new Map<number, number[]>();
  for (const [index, { section }] of lines.entries()) {
    const trailing = (lines[index + 1]?.before ?? end).trailing;
    if (trailing !== undefined) appendToList(sections, section, index);
  }
  for (const indices of sections.values()) {
    const foundColumns = commentColumns(
      indices.map((index) => lines[index]!.width),
      beforeComment.length,
    );
    for (const [at, index] of indices.entries()) columns[index] = foundColumns[at];
  }
  return columns;
}

const { hardline, indent, join, lineSuffix } = builders;

/** A comma that keeps its position, because a description in front of it would otherwise pass to the next entry. */
interface RetainedComma {
  readonly kind: 'comma';
}

interface PrintedColumns {
  readonly kind: 'columns';
  readonly head: Doc;
  readonly body: PrintedBody;
}

interface BodyItem {
  readonly before: TokenGap;
  readonly what: PrintedBinding | PrintedColumns | RetainedComma;
  /** True if the item begins on the line on which the previous one ends. */
  readonly joined: boolean;
}

export interface PrintedBody {
  readonly items: readonly BodyItem[];
  readonly close: TokenGap;
  /** The text on one line, including braces. Absent if it was not written on one line. */
  readonly oneLine?: string;
}

/** Reads from the opening brace to the closing one. The caller has taken the gap before the first. */
export function readBody(nodes: readonly Ast.BodyEntryNode[], cursor: TokenCursor): PrintedBody {
  const openingLine = cursor.line;
  cursor.word();
  const items: BodyItem[] = [];
  for (const node of nodes) {
    const previousLine = cursor.lastLine;
    const gapBefore = cursor.takeGap();
    const isJoined =
      items.length > 0 && cursor.line === previousLine && !hasComments(gapBefore) && !isFormulaLine(node);
    const printedEntry = saysIgnore(gapBefore) ? verbatim(node, cursor) : readEntry(node, cursor);
    items.push({ before: gapBefore, what: printedEntry, joined: isJoined });
    if (cursor.image === ',' && hasDescription(cursor.peek())) {
      items.push({ before: cursor.takeGap(), what: { kind: 'comma' }, joined: false });
      cursor.word();
    } else cursor.passComma();
  }
  const close = cursor.takeGap();
  // An empty body is always printed on one line.
  const onOneLine =
    (cursor.line === openingLine && !nodes.some(isFormulaLine)) || (items.length === 0 && !hasComments(close));
  cursor.word();
  const oneLine = onOneLine ? textOfItems(items) : undefined;
  return { items, close, oneLine };
}

/** Reads an entry without a head, so that it is not aligned. */
function verbatim({ span }: Ast.BodyEntryNode, cursor: TokenCursor): PrintedBinding {
  return { kind: 'binding', doc: cursor.verbatim(span.end), sign: '=', value: '', form: 'verbatim' };
}

/** True for a line of a formula: commas do not separate them, so each stands on a line of its own. */
const isFormulaLine = ({ kind }: Ast.BodyEntryNode): boolean =>
  ['Weights', 'Definition', 'Give', 'Scan', 'Repeat', 'Carry'].includes(kind);

function readEntry(node: Ast.BodyEntryNode, cursor: TokenCursor): PrintedBinding | PrintedColumns {
  switch (node.kind) {
    case 'TypedEntry':
      return typedEntry(node, cursor);
    case 'TowerEntry':
      return towerEntry(node, cursor);
    case 'SearchEntry':
      return searchEntry(node, cursor);
    case 'Entry':
      return printEntry(node, cursor);
    case 'Weights':
    case 'Definition':
    case 'Give':
    case 'Carry':
      return formulaLine(node, cursor);
    case 'LostLine':
      return verbatim(node, cursor);
    case 'Columns': {
      const head = [cursor.word(), indent(cursor.gap(' '))];
      return { kind: 'columns', head, body: readBody(node.entries, cursor) };
    }
    case 'Scan': {
      const head = [cursor.word(), cursor.take(' '), cursor.take(' '), cursor.gap(' ')];
      return { kind: 'columns', head, body: readBody(node.entries, cursor) };
    }
    case 'Repeat': {
      const head = [cursor.word(), indent(cursor.gap(' ')), expression(node.times, cursor), cursor.gap(' ')];
      return { kind: 'columns', head, body: readBody(node.entries, cursor) };
    }
  }
}

function textOfItems(items: readonly BodyItem[]): string | undefined {
  if (items.length === 0) return '{}';
  if (items.some(({ what }) => what.kind === 'comma')) return undefined;
  return flatDoc(['{ ', join(', ', items.map(docOf)), ' }']);
}

/** A line of a body: entries that share it, or a single item that may take several lines. */
type BodyRow = readonly BodyItem[];

/** Returns the lines between the braces. `level` is their indentation. */
function linesOfBody({ items }: PrintedBody, level: number, layout: FormatLayout, section: number): PrintedLine[] {
  const room = layout.printWidth - level * layout.tabWidth;
  let bodyRows = rowsOf(items);
  // A row that is too long is split, which may widen the heads of its neighbours, so this repeats until all rows fit.
  for (;;) {
    const widths = widthsOf(bodyRows);
    const splitRows = bodyRows.flatMap((row, index) =>
      row.length > 1 && widthOf(rowText(row, widths[index]!) ?? '') > room ? row.map((item) => [item]) : [row],
    );
    if (splitRows.length === bodyRows.length) break;
    bodyRows = splitRows;
  }
  const widths = widthsOf(bodyRows);
  return bodyRows.flatMap((row, index): PrintedLine[] => {
    const { before, what } = row[0]!;
    const lineFields = { level, before, section };
    const lineText = rowText(row, widths[index]!);
    if (lineText !== undefined && widthOf(lineText) <= room)
      return [{ ...lineFields, ...oneLine(lineText, level, layout) }];
    if (what.kind !== 'columns')
      return [{ ...lineFields, doc: what.kind === 'comma' ? ',' : broken(what, widths[index]!, room) }];
    return bodied({ before, head: what.head, body: what.body }, level, layout, section);
  });
}

/** Returns a head and its body on several lines. Comments in the body share a column with those of section `within`. */
export function bodied(
  { before, head, body }: { readonly before: TokenGap; readonly head: Doc; readonly body: PrintedBody },
  level: number,
  layout: FormatLayout,
  section: number,
  within = section,
): PrintedLine[] {
  const lineFields = { level, section };
  const openingLine = (braces: string) => {
    const headText = flatDoc(head);
    const fits = headText !== undefined && widthOf(headText + braces) <= layout.printWidth - level * layout.tabWidth;
    return fits ? oneLine(headText + braces, level, layout) : { doc: [head, braces] };
  };
  if (body.items.length === 0 && !hasComments(body.close)) return [{ ...lineFields, before, ...openingLine('{}') }];
  return [
    { ...lineFields, before, brace: 'opens', ...openingLine('{') },
    ...linesOfBody(body, level + 1, layout, within),
    { level, section: within + 1, before: body.close, brace: 'closes', ...oneLine('}', level, layout) },
  ];
}

export function oneLine(
  text: string,
  level: number,
  layout: FormatLayout,
): { readonly doc: string; readonly width: number } {
  return { doc: text, width: widthOf(text) + level * layout.tabWidth };
}

function rowsOf(items: readonly BodyItem[]): BodyRow[] {
  const canShare = ({ what }: BodyItem): boolean => what.kind === 'binding' && flatDoc(what.doc) !== undefined;
  const bodyRows: BodyItem[][] = [];
  for (const item of items) {
    const lastRow = bodyRows.at(-1);
    if (lastRow && item.joined && canShare(item) && canShare(lastRow.at(-1)!)) lastRow.push(item);
    else bodyRows.push([item]);
  }
  return bodyRows;
}

function widthsOf(rows: readonly BodyRow[]): readonly number[] {
  const bindings = rows.map(([first]) => (first!.what.kind === 'binding' ? first!.what : undefined));
  // Features form one table across blank lines.
  return headWidths(bindings, (at) => rows[at]![0]!.before.blank && bindings[at]?.form !== 'typed');
}

/** Returns the text of a line whose first sign is aligned with those of its neighbours. */
function rowText([first, ...others]: BodyRow, width: number): string | undefined {
  const firstDoc = first!.what.kind === 'binding' ? aligned(first!.what, width) : docOf(first!);
  return flatDoc(join(', ', [firstDoc, ...others.map(docOf)]));
}

function docOf({ what }: BodyItem): Doc {
  if (what.kind === 'comma') return ',';
  return what.kind === 'binding' ? what.doc : [what.head, what.body.oneLine ?? hardline];
}

/** Returns a binding aligned with its neighbours, with a broken head if that alone fills the line. */
export function broken(what: PrintedBinding, width: number, room: number): Doc {
  const { head, breaking, sign, value } = what;
  if (head === undefined || breaking === undefined || widthOf(head) + 2 <= room) return aligned(what, width);
  return [indent(breaking), ` ${sign}`, value];
}

/** Returns a binding whose `=` or `:` is aligned with those of its neighbours. */
function aligned({ head, doc, sign, value }: PrintedBinding, width: number): Doc {
  return head === undefined ? doc : [head.padEnd(width), ` ${sign}`, value];
}
