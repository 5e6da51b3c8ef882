/**
 * A text with mistakes, without what is far from each of them. Reading what is left finds the same mistakes, and the nodes of the rest
 * are those of the text before. What reading does at a mistake depends on a few tokens behind it and on the brackets before it. So next
 * to whatever is not known two neighbours are kept, and behind each gap the brackets that are open must be those of the place.
 */
import type { IToken } from 'chevrotain';
import { isSame } from '../kept/kept.ts';
import type * as ast from './ast.ts';
import { type Element, entriesOf, isQuiet } from './elements.ts';
import { entryRule } from './parsers.ts';
import { endOf, firstFrom } from './token.ts';

/** Neighbours of what is not known, on each side, that are read again. */
const margin = 2;
/** A declaration of more tokens is read again in parts. */
const large = 300;

export interface Reduced {
  readonly tokens: readonly IToken[];
  /** By the first token behind a gap: how many brackets are open there. */
  readonly seams: ReadonlyMap<IToken, number>;
  /** What the gaps hold, in order. */
  readonly left: readonly Element[];
  /** Declarations that are as they were, but of which only parts are read again. */
  readonly parted: readonly { readonly element: Element; readonly node: object }[];
}

/** @param isTouched whether a mistake that is known already is in an element, or on its line */
export function reduce(
  tokens: readonly IToken[],
  elements: readonly Element[],
  isTouched: (element: Element) => boolean,
): Reduced | undefined {
  const isFree = (element: Element): boolean => isQuiet(tokens, element) && !isTouched(element);
  const units = elements.flatMap((element) => (isFree(element) ? [element] : entriesOf(element).filter(isFree)));
  const left: Element[] = [];
  const parted: { readonly element: Element; readonly node: object }[] = [];
  const leave = (run: readonly Element[]): void => {
    for (const element of run.slice(margin, -margin)) left.push(element);
  };
  for (let from = 0; from < units.length; ) {
    let to = from + 1;
    while (
      to < units.length &&
      units[to - 1]!.end === units[to]!.start &&
      units[to - 1]!.isEntry === units[to]!.isEntry
    )
      to++;
    for (let at = from; at < to; at++) {
      const element = units[at]!;
      if (at >= from + margin && at < to - margin) left.push(element);
      else if (element.body !== undefined && element.end - element.start > large) {
        parted.push({ element, node: element.piece.node });
        leave(entriesOf(element));
      }
    }
    from = to;
  }
  if (left.length === 0) return undefined;
  const kept: IToken[] = [];
  const seams = new Map<IToken, number>();
  let next = 0;
  for (const [at, { start, end, isEntry }] of left.entries()) {
    for (; next < start; next++) kept.push(tokens[next]!);
    next = end;
    if (left[at + 1]?.start !== end && end < tokens.length) seams.set(tokens[end]!, isEntry ? 1 : 0);
  }
  for (; next < tokens.length; next++) kept.push(tokens[next]!);
  return { tokens: kept, seams, left, parted };
}

type Bodied = Extract<ast.Declaration, { readonly entries: unknown }>;

/** What was read of a reduced text, with what was left out; nothing where an entry is in no declaration of its kind. */
export function merged(
  { left, parted }: Reduced,
  tokens: readonly IToken[],
  read: readonly ast.Declaration[],
): ast.Declaration[] | undefined {
  const known = new Map(parted.map((one) => [tokens[one.element.start]!.startOffset, one]));
  const all: ast.Declaration[] = [];
  let next = 0;
  const leftAt = (): number => (next < left.length ? left[next]!.piece.start : Number.POSITIVE_INFINITY);
  for (const node of read) {
    while (leftAt() < node.span.start) {
      if (left[next]!.isEntry) return undefined;
      all.push(left[next++]!.piece.node as ast.Declaration);
    }
    if (leftAt() > node.span.end) {
      all.push(node);
      continue;
    }
    const rule = entryRule(tokens[firstFrom(tokens, node.span.start)]);
    if (!('entries' in node)) return undefined;
    const entries: { readonly span: ast.File['span'] }[] = [];
    for (const entry of node.entries) {
      for (; leftAt() < entry.span.start; next++) {
        if (left[next]!.piece.rule !== rule) return undefined;
        entries.push(left[next]!.piece.node as typeof entry);
      }
      entries.push(entry);
    }
    // Its last entries are always read again.
    if (leftAt() < node.span.end) return undefined;
    const before = known.get(node.span.start);
    const isWhole = before && node.span.end === endOf(tokens[before.element.end - 1]!);
    if (isWhole && isSame((before.node as Bodied).entries, entries)) {
      before.element.piece.node = before.node;
      all.push(before.node as ast.Declaration);
    } else all.push({ ...node, entries } as unknown as ast.Declaration);
  }
  for (; next < left.length; next++) {
    if (left[next]!.isEntry) return undefined;
    all.push(left[next]!.piece.node as ast.Declaration);
  }
  return all;
}
