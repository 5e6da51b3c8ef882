/**
 * The semantic tokens of a whole file as the protocol has them: five numbers each, of which the first two count from the token before.
 * So those of an entry are the same wherever it is, and an editor's file has most of them from the text before.
 */
import type { Lexed } from '../../grammar/lexer.ts';
import * as t from '../../grammar/tokens.ts';
import type { Resolution } from '../model/resolution.ts';
import type * as Ast from '../syntax/ast.ts';
import { declarationWords } from '../syntax/layout.ts';
import { endOf, oneOf } from '../syntax/token.ts';
import type { Source } from '../text/source.ts';
import { Lines, Stretch } from './encoded_stretch.ts';
import { Declarations } from './occurrences/declarations.ts';
import { Found } from './occurrences/found.ts';
import type { Occurrence } from './occurrences/occurrence.ts';
import { type Lookup, NotingSymbols } from './symbols.ts';
import { commentLook, lookOf } from './token_looks.ts';

/** An entry, or a declaration that has none: its text is the same for as long as its node is. */
interface Element {
  readonly node: Ast.Declaration | Ast.TypedEntry | Ast.TowerEntry | Ast.Entry;
  /** What it is in, where mistakes of brackets may move it into another declaration. */
  readonly within: string;
  readonly words: () => void;
}

/** What is kept of an element. */
interface Piece {
  readonly within: string;
  /** How many tokens of the text it is. */
  readonly tokens: number;
  readonly stretch: Stretch;
  /** Names that it looks up, and what they were. */
  readonly lookups: readonly Lookup[];
}

/** What follows such a word says whether it is one of the grammar. */
const isOpen = oneOf([...declarationWords, t.Columns, t.Channel, t.One, t.Of, t.Log]);

/** Of one file, whose text changes again and again. */
export class KeptTokens {
  readonly #pieces = new WeakMap<object, Piece>();

  /** As `semanticTokensOf`, of the whole file. */
  encode(source: Source, { tokens, comments }: Lexed, resolution: Resolution): readonly number[] {
    const symbols = new NotingSymbols(resolution);
    const found = new Found(resolution, symbols);
    const elements = elementsOf(found, resolution);
    const known = elements.map(({ node, within }) => {
      const piece = this.#pieces.get(node);
      if (piece?.within !== within) return undefined;
      return piece.lookups.every((lookup) => symbols.isAgain(lookup)) ? piece : undefined;
    });
    const noted = elements.map(({ words }, at) => (known[at] ? [] : symbols.noted(words)));
    const meanings = new Map<number, Occurrence>();
    for (const one of found.all) if (one.span.source === source) meanings.set(one.span.start, one);

    const lines = new Lines(source);
    const whole = new Stretch();
    let next = 0;
    let comment = 0;
    const addComments = (to: Stretch, before: number): void => {
      for (; comment < comments.length && comments[comment]!.startOffset < before; comment++) {
        const one = comments[comment]!;
        to.add(lines.at(one.startOffset), endOf(one) - one.startOffset, commentLook(one));
      }
    };
    const addTokens = (to: Stretch, before: number): void => {
      for (; next < tokens.length && tokens[next]!.startOffset < before; next++) {
        const { startOffset } = tokens[next]!;
        addComments(to, startOffset);
        const look = lookOf(tokens, next, meanings.get(startOffset));
        if (look) to.add(lines.at(startOffset), endOf(tokens[next]!) - startOffset, look);
      }
    };
    for (const [at, { node, within }] of elements.entries()) {
      const { start, end } = node.span;
      addTokens(whole, start);
      // Where mistakes were corrected, nodes may not be in the order of the text.
      if (tokens[next]?.startOffset !== start) continue;
      addComments(whole, start);
      const place = lines.at(start);
      const piece = known[at];
      if (piece) {
        whole.append(piece.stretch, place);
        next += piece.tokens;
        continue;
      }
      const [first, firstComment] = [next, comment];
      const stretch = new Stretch(place);
      addTokens(stretch, end);
      whole.append(stretch, place);
      const isAlone = comment === firstComment && endOf(tokens[next - 1]!) === end && !isOpen(tokens[next - 1]);
      if (isAlone) this.#pieces.set(node, { within, tokens: next - first, stretch, lookups: noted[at]! });
      else this.#pieces.delete(node);
    }
    addTokens(whole, Number.POSITIVE_INFINITY);
    addComments(whole, Number.POSITIVE_INFINITY);
    return whole.numbers;
  }
}

/** In the order of the file. The words of all else, such as the heads of towers, are looked up here. */
function elementsOf(found: Found, resolution: Resolution): readonly Element[] {
  const walk = new Declarations(found, resolution);
  const elements: Element[] = [];
  const add = <N extends Element['node']>(within: string, nodes: readonly N[], words: (node: N) => void): void => {
    for (const node of nodes) elements.push({ node, within, words: () => words(node) });
  };
  for (const node of resolution.file.declarations) {
    switch (node.kind) {
      case 'Features':
        add('features', node.entries, (entry) => walk.feature(entry));
        break;
      case 'Labels':
        add('labels', node.entries, (entry) => walk.label(entry));
        break;
      case 'Tower':
        walk.towerHead(node);
        add(`tower ${node.name.name}`, node.entries, (entry) => walk.towerEntry(node, entry));
        break;
      case 'Task':
        walk.taskHead(node);
        add('task', node.entries, (entry) => walk.entry('task', entry));
        break;
      case 'Train':
        add('train', node.entries, (entry) => walk.entry('train', entry));
        break;
      // What an entry of them means depends on others, or on all that the file says.
      case 'Search':
      case 'Data':
        walk.declaration(node);
        break;
      default:
        add('', [node], (declaration) => walk.declaration(declaration));
    }
  }
  return elements;
}
