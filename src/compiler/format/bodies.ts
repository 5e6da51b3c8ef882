/** What is between braces: entries on one line, or a line each, as they were written and as they fit. */
import { builders } from 'prettier/doc';
import { defined } from '../../base/util/defined.ts';
import type * as Ast from '../syntax/ast.ts';
import { headWidths } from './align.ts';
import type { Cursor } from './cursor.ts';
import { type Doc, flat, widthOf } from './doc.ts';
import { type Binding, entry, searchEntry, towerEntry, typedEntry } from './entries.ts';
import { type Gap, hasComments, hasDescription, saysIgnore } from './gap.ts';
import type { Layout } from './layout.ts';
import type { Line } from './lines.ts';

const { hardline, indent } = builders;

type Node = Ast.TypedEntryNode | Ast.TowerEntryNode | Ast.SearchEntryNode | Ast.EntryNode | Ast.ColumnsNode;

/** A comma that stays where it is: a description before it would otherwise pass to the entry after it. */
interface Comma {
  readonly kind: 'comma';
}

interface Columns {
  readonly kind: 'columns';
  readonly head: Doc;
  readonly body: Body;
}

interface Item {
  readonly before: Gap;
  readonly what: Binding | Columns | Comma;
  /** It is on the line that the item before it ends on. */
  readonly joined: boolean;
}

export interface Body {
  readonly items: readonly Item[];
  readonly close: Gap;
  /** Written on one line, it has this text, braces included. */
  readonly oneLine?: string;
}

/** Reads from the opening brace to the closing one. The gap before the first is the caller's. */
export function readBody(nodes: readonly Node[], cursor: Cursor): Body {
  const line = cursor.line;
  cursor.word();
  const items: Item[] = [];
  for (const node of nodes) {
    const after = cursor.lastLine;
    const before = cursor.takeGap();
    const joined = items.length > 0 && cursor.line === after && !hasComments(before);
    const what = saysIgnore(before) ? verbatim(node, cursor) : readEntry(node, cursor);
    items.push({ before, what, joined });
    if (cursor.image === ',' && hasDescription(cursor.peek())) {
      items.push({ before: cursor.takeGap(), what: { kind: 'comma' }, joined: false });
      cursor.word();
    } else cursor.passComma();
  }
  const close = cursor.takeGap();
  // Nothing between the braces is printed on one line, however it was written.
  const onOneLine = cursor.line === line || (items.length === 0 && !hasComments(close));
  cursor.word();
  const oneLine = onOneLine ? textOfItems(items) : undefined;
  return { items, close, ...defined({ oneLine }) };
}

/** Without a head of its own, so that it is aligned with nothing. */
function verbatim({ span }: Node, cursor: Cursor): Binding {
  return { kind: 'binding', doc: cursor.verbatim(span.end), sign: '=', value: '', form: 'verbatim' };
}

function readEntry(node: Node, cursor: Cursor): Binding | Columns {
  switch (node.kind) {
    case 'TypedEntry':
      return typedEntry(node, cursor);
    case 'TowerEntry':
      return towerEntry(node, cursor);
    case 'SearchEntry':
      return searchEntry(node, cursor);
    case 'Entry':
      return entry(node, cursor);
    case 'Columns': {
      const head = [cursor.word(), indent(cursor.gap(' '))];
      return { kind: 'columns', head, body: readBody(node.entries, cursor) };
    }
  }
}

function textOfItems(items: readonly Item[]): string | undefined {
  const texts: string[] = [];
  for (const { what } of items) {
    const text = what.kind === 'binding' ? flat(what.doc) : what.kind === 'columns' ? columnsText(what) : undefined;
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts.length === 0 ? '{}' : `{ ${texts.join(', ')} }`;
}

function columnsText({ head, body }: Columns): string | undefined {
  const text = flat(head);
  return text === undefined || body.oneLine === undefined ? undefined : text + body.oneLine;
}

/** A line of a body: entries that share it, or one thing that may take several. */
interface Row {
  readonly items: readonly Item[];
  readonly first: Item;
}

/** The lines between the braces. `level` is how deep they are indented. */
function linesOfBody({ items }: Body, level: number, layout: Layout, section: number): Line[] {
  const room = layout.printWidth - level * layout.tabWidth;
  let rows = rowsOf(items);
  // A row that is too long is split, which may widen the heads of its neighbours: until all fit.
  for (;;) {
    const widths = widthsOf(rows);
    const split = rows.flatMap((row, index) =>
      row.items.length > 1 && widthOf(rowText(row, widths[index]!) ?? '') > room
        ? row.items.map((item) => ({ items: [item], first: item }))
        : [row],
    );
    if (split.length === rows.length) break;
    rows = split;
  }
  const widths = widthsOf(rows);
  return rows.flatMap((row, index): Line[] => {
    const { before, what } = row.first;
    const at = { level, before, section };
    const text = rowText(row, widths[index]!);
    if (text !== undefined && widthOf(text) <= room) return [{ ...at, ...oneLine(text, level, layout) }];
    if (what.kind !== 'columns')
      return [{ ...at, doc: what.kind === 'comma' ? ',' : broken(what, widths[index]!, room) }];
    return bodied({ before, head: what.head, body: what.body }, level, layout, section);
  });
}

/** A head with its body over several lines, whose comments share a column: those of section `within`. */
export function bodied(
  { before, head, body }: { readonly before: Gap; readonly head: Doc; readonly body: Body },
  level: number,
  layout: Layout,
  section: number,
  within = section,
): Line[] {
  const at = { level, section };
  const opening = (braces: string) => {
    const text = flat(head);
    const fits = text !== undefined && widthOf(text + braces) <= layout.printWidth - level * layout.tabWidth;
    return fits ? oneLine(text + braces, level, layout) : { doc: [head, braces] };
  };
  if (body.items.length === 0 && !hasComments(body.close)) return [{ ...at, before, ...opening('{}') }];
  return [
    { ...at, before, brace: 'opens', ...opening('{') },
    ...linesOfBody(body, level + 1, layout, within),
    { level, section: within + 1, before: body.close, brace: 'closes', ...oneLine('}', level, layout) },
  ];
}

export function oneLine(text: string, level: number, layout: Layout): { readonly doc: string; readonly width: number } {
  return { doc: text, width: widthOf(text) + level * layout.tabWidth };
}

function rowsOf(items: readonly Item[]): Row[] {
  const rows: { items: Item[]; first: Item }[] = [];
  for (const item of items) {
    const row = rows.at(-1);
    const fits = item.joined && item.what.kind === 'binding' && row?.first.what.kind === 'binding';
    if (row && fits && flat(docOf(item.what)) !== undefined && flat(docOf(row.items.at(-1)!.what)) !== undefined)
      row.items.push(item);
    else rows.push({ items: [item], first: item });
  }
  return rows;
}

function widthsOf(rows: readonly Row[]): readonly number[] {
  const bindings = rows.map(({ first: { what } }) => (what.kind === 'binding' ? what : undefined));
  // Features are one table, whatever gaps part its groups.
  return headWidths(bindings, (at) => rows[at]!.first.before.blank && bindings[at]?.form !== 'typed');
}

function rowText({ items }: Row, width: number): string | undefined {
  const texts: string[] = [];
  for (const [index, { what }] of items.entries()) {
    const text = flat(what.kind === 'binding' && index === 0 ? aligned(what, width) : docOf(what));
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return texts.join(', ');
}

function docOf(what: Item['what']): Doc {
  if (what.kind === 'comma') return ',';
  if (what.kind === 'binding') return what.doc;
  return columnsText(what) ?? hardline;
}

/** A binding with its sign in the column of its neighbours'; its head is broken too where it alone fills a line. */
export function broken(what: Binding, width: number, room: number): Doc {
  const { head, breaking, sign, value } = what;
  if (head === undefined || breaking === undefined || widthOf(head) + 2 <= room) return aligned(what, width);
  return [indent(breaking), ` ${sign}`, value];
}

/** A binding with its sign in the column of its neighbours'. */
function aligned({ head, doc, sign, value }: Binding, width: number): Doc {
  return head === undefined ? doc : [head.padEnd(width), ` ${sign}`, value];
}
