/** Prints declarations one below the other, in the order of the file. */
import { builders } from 'prettier/doc';
import type * as Ast from '../syntax/ast.ts';
import {
  alignedRuns,
  bodied,
  broken,
  headWidths,
  oneLine,
  type PrintedBody,
  type PrintedLine,
  readBody,
  stackLines,
} from './bodies.ts';
import { hasComments, saysIgnore, type TokenCursor, type TokenGap } from './cursor.ts';
import { type Doc, flatDoc, widthOf } from './doc.ts';
import {
  blockDeclaration,
  formulaHead,
  goal,
  groupDeclaration,
  letDeclaration,
  type PrintedBinding,
  separated,
} from './entries.ts';
import type { FormatLayout } from './layout.ts';

const { group, indent, softline } = builders;

/** A declaration with braces, whose head ends with the space before them. */
interface BodiedDeclaration {
  readonly kind: 'bodied';
  readonly form: string;
  readonly head: Doc;
  readonly body: PrintedBody;
}

interface PlainDeclaration {
  readonly kind: 'plain';
  readonly doc: Doc;
}

interface PlacedDeclaration {
  readonly before: TokenGap;
  readonly what: PrintedBinding | BodiedDeclaration | PlainDeclaration;
}

export function printFile({ declarations }: Ast.FileNode, cursor: TokenCursor, layout: FormatLayout): Doc {
  const placedDeclarations = declarations.map((node): PlacedDeclaration => {
    const gapBefore = cursor.takeGap();
    if (saysIgnore(gapBefore))
      return { before: gapBefore, what: { kind: 'plain', doc: cursor.verbatim(node.span.end) } };
    return { before: gapBefore, what: read(node, cursor) };
  });
  const gapAtEnd = cursor.takeGap();
  const signColumns = headWidths(
    placedDeclarations.map(({ what }) => (what.kind === 'binding' ? what : undefined)),
    (at) => placedDeclarations[at]!.before.blank,
  );
  const braceColumnAt = braceColumns(placedDeclarations, layout);
  let section = 0;
  const lines = placedDeclarations.flatMap(({ before, what }, index): PrintedLine[] => {
    if (before.blank || placedDeclarations[index - 1]?.what.kind === 'bodied') section++;
    const lineFields = { level: 0, before, section };
    if (what.kind === 'bodied') {
      const lineText = oneLineOf(what, braceColumnAt[index] ?? 0);
      if (lineText !== undefined && widthOf(lineText) <= layout.printWidth)
        return [{ ...lineFields, ...oneLine(lineText, 0, layout) }];
      section += 3;
      return bodied({ before, head: what.head, body: what.body }, 0, layout, section - 2, section - 1);
    }
    const room = layout.printWidth;
    const doc = what.kind === 'binding' ? broken(what, signColumns[index]!, room) : what.doc;
    const lineText = flatDoc(doc);
    return [
      lineText !== undefined && widthOf(lineText) <= layout.printWidth
        ? { ...lineFields, ...oneLine(lineText, 0, layout) }
        : { ...lineFields, doc },
    ];
  });
  return stackLines(lines, gapAtEnd, layout);
}

function read(node: Ast.DeclarationNode, cursor: TokenCursor): PlacedDeclaration['what'] {
  switch (node.kind) {
    case 'Use':
    case 'ModelName':
      return { kind: 'plain', doc: [cursor.word(), indent(cursor.take(' '))] };
    case 'Let':
      return letDeclaration(node, cursor);
    case 'Block':
      return node.formula ? withFormula(node, node.formula, cursor) : blockDeclaration(node, cursor);
    case 'Loss':
      return withFormula(node, node.formula, cursor);
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

function withFormula(
  node: Ast.BlockNode | Ast.LossNode,
  formula: Ast.FormulaNode,
  cursor: TokenCursor,
): BodiedDeclaration {
  const head = [...formulaHead(node, formula, cursor), indent(cursor.gap(' '))];
  return { kind: 'bodied', form: 'Formula', head, body: readBody(formula.entries, cursor) };
}

function withBody(
  { kind, entries }: Extract<Ast.DeclarationNode, { readonly entries: unknown }>,
  head: Doc[],
  cursor: TokenCursor,
): BodiedDeclaration {
  const wholeHead = [...head, indent(cursor.gap(' '))];
  return { kind: 'bodied', form: kind, head: wholeHead, body: readBody(entries, cursor) };
}

function towerHead({ inputs, key }: Ast.TowerNode, cursor: TokenCursor): Doc[] {
  const nameDocs = [cursor.word(), indent([cursor.take(' '), cursor.take('')])];
  const inputDocs = [cursor.gap(softline), ...separated(inputs, () => cursor.word(), cursor)];
  const close = cursor.close(softline);
  const keyDocs = key ? [cursor.take(' '), cursor.take(' '), cursor.take(' ')] : [];
  return [group([...nameDocs, indent(inputDocs), close]), indent(keyDocs)];
}

/** Returns a body that was written on one line, with its opening brace in a column. */
function oneLineOf({ head, body }: BodiedDeclaration, column: number): string | undefined {
  const headText = flatDoc(head);
  if (headText === undefined || body.oneLine === undefined) return undefined;
  return headText.padEnd(column) + body.oneLine;
}

/** Returns the columns that align the braces of adjacent declarations of one kind, each on one line, if all of them still fit. */
function braceColumns(placed: readonly PlacedDeclaration[], layout: FormatLayout): (number | undefined)[] {
  const columns: (number | undefined)[] = [];
  const formOf = ({ what }: PlacedDeclaration): string | undefined =>
    what.kind === 'bodied' && widthOf(oneLineOf(what, 0) ?? '\n'.repeat(layout.printWidth + 1)) <= layout.printWidth
      ? what.form
      : undefined;
  const forms = placed.map(formOf);
  const isApart = (at: number): boolean =>
    placed[at]!.before.blank || hasComments(placed[at]!.before) || forms[at] !== forms[at - 1];
  for (const run of alignedRuns(placed.length, isApart)) {
    if (forms[run[0]!] === undefined || run.length === 1) continue;
    const declarations = run.map((at) => placed[at]!.what as BodiedDeclaration);
    const column = declarations.reduce((most, { head }) => Math.max(most, flatDoc(head)!.length), 0);
    const allFit = declarations.every((one) => widthOf(oneLineOf(one, column)!) <= layout.printWidth);
    if (allFit) for (const at of run) columns[at] = column;
  }
  return columns;
}
