/** Declarations one under the other, in the order they were written. */
import { builders } from 'prettier/doc';
import type * as Ast from '../syntax/ast.ts';
import { headWidths, runs } from './align.ts';
import { type Body, bodied, broken, oneLine, readBody } from './bodies.ts';
import type { Cursor } from './cursor.ts';
import { type Doc, flat, widthOf } from './doc.ts';
import { type Binding, blockDeclaration, goal, groupDeclaration, letDeclaration } from './entries.ts';
import { type Gap, hasComments, saysIgnore } from './gap.ts';
import type { Layout } from './layout.ts';
import { type Line, stack } from './lines.ts';

const { group, indent, line, softline } = builders;

/** A declaration with braces; its head ends with the space before them. */
interface Bodied {
  readonly kind: 'bodied';
  readonly form: string;
  readonly head: Doc;
  readonly body: Body;
}

interface Plain {
  readonly kind: 'plain';
  readonly doc: Doc;
}

interface Placed {
  readonly before: Gap;
  readonly what: Binding | Bodied | Plain;
}

export function printFile({ declarations }: Ast.FileNode, cursor: Cursor, layout: Layout): Doc {
  const placed = declarations.map((node): Placed => {
    const before = cursor.takeGap();
    if (saysIgnore(before)) return { before, what: { kind: 'plain', doc: cursor.verbatim(node.span.end) } };
    return { before, what: read(node, cursor) };
  });
  const end = cursor.takeGap();
  const signs = headWidths(
    placed.map(({ what }) => (what.kind === 'binding' ? what : undefined)),
    (at) => placed[at]!.before.blank,
  );
  const braces = braceColumns(placed, layout);
  let section = 0;
  const lines = placed.flatMap(({ before, what }, index): Line[] => {
    if (before.blank || placed[index - 1]?.what.kind === 'bodied') section++;
    const at = { level: 0, before, section };
    if (what.kind === 'bodied') {
      const text = oneLineOf(what, braces[index] ?? 0);
      if (text !== undefined && widthOf(text) <= layout.printWidth) return [{ ...at, ...oneLine(text, 0, layout) }];
      section += 3;
      return bodied({ before, head: what.head, body: what.body }, 0, layout, section - 2, section - 1);
    }
    const room = layout.printWidth;
    const doc = what.kind === 'binding' ? broken(what, signs[index]!, room) : what.doc;
    const text = flat(doc);
    return [
      text !== undefined && widthOf(text) <= layout.printWidth
        ? { ...at, ...oneLine(text, 0, layout) }
        : { ...at, doc },
    ];
  });
  return stack(lines, end, layout);
}

function read(node: Ast.DeclarationNode, cursor: Cursor): Placed['what'] {
  switch (node.kind) {
    case 'Use':
    case 'ModelName':
      return { kind: 'plain', doc: [cursor.word(), indent(cursor.take(' '))] };
    case 'Let':
      return letDeclaration(node, cursor);
    case 'Block':
      return blockDeclaration(node, cursor);
    case 'Group':
      return groupDeclaration(node, cursor);
    case 'Objective':
    case 'Retrieve':
      return goal(node, cursor);
    case 'Features':
    case 'Labels':
    case 'Train':
    case 'Search':
      return withBody(node, [cursor.word()], cursor);
    case 'Task':
    case 'Data':
      return withBody(node, [cursor.word(), indent(cursor.take(' '))], cursor);
    case 'Tower':
      return withBody(node, towerHead(node, cursor), cursor);
  }
}

function withBody(
  { kind, entries }: Extract<Ast.DeclarationNode, { readonly entries: unknown }>,
  head: Doc[],
  cursor: Cursor,
): Bodied {
  const whole = [...head, indent(cursor.gap(' '))];
  return { kind: 'bodied', form: kind, head: whole, body: readBody(entries, cursor) };
}

function towerHead({ inputs, key }: Ast.TowerNode, cursor: Cursor): Doc[] {
  const name = [cursor.word(), indent([cursor.take(' '), cursor.take('')])];
  const parts: Doc[] = [cursor.gap(softline), cursor.word()];
  for (let index = 1; index < inputs.length; index++) {
    cursor.passComma();
    parts.push(',', cursor.gap(line), cursor.word());
  }
  const close = cursor.close(softline);
  const keyed = key ? [cursor.take(' '), cursor.take(' '), cursor.take(' ')] : [];
  return [group([...name, indent(parts), close]), indent(keyed)];
}

/** A body that was written on one line, with its opening brace in a column. */
function oneLineOf({ head, body }: Bodied, column: number): string | undefined {
  const text = flat(head);
  if (text === undefined || body.oneLine === undefined) return undefined;
  return text.padEnd(column) + body.oneLine;
}

/** Neighbours of one kind that have a line each have their braces under each other, when all of them still fit. */
function braceColumns(placed: readonly Placed[], layout: Layout): (number | undefined)[] {
  const columns: (number | undefined)[] = [];
  const form = ({ what }: Placed): string | undefined =>
    what.kind === 'bodied' && widthOf(oneLineOf(what, 0) ?? '\n'.repeat(layout.printWidth + 1)) <= layout.printWidth
      ? what.form
      : undefined;
  const forms = placed.map(form);
  const apart = (at: number): boolean =>
    placed[at]!.before.blank || hasComments(placed[at]!.before) || forms[at] !== forms[at - 1];
  for (const run of runs(placed.length, apart)) {
    if (forms[run[0]!] === undefined || run.length === 1) continue;
    const declarations = run.map((at) => placed[at]!.what as Bodied);
    const column = declarations.reduce((most, { head }) => Math.max(most, flat(head)!.length), 0);
    const fits = declarations.every((one) => widthOf(oneLineOf(one, column)!) <= layout.printWidth);
    if (fits) for (const at of run) columns[at] = column;
  }
  return columns;
}
