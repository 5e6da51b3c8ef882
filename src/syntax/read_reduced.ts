/** Reads a text with mistakes around these alone, where most of it is known from the text before. */
import type { IToken } from 'chevrotain';
import type { Source } from '../text/source.ts';
import { areBalanced } from './brackets.ts';
import type { Builder } from './build.ts';
import type { Collector } from './collector.ts';
import type { Element, Elements } from './elements.ts';
import { hidesMistake } from './layout.ts';
import { readStrictly } from './parsers.ts';
import type { PieceReader } from './pieces.ts';
import { type Recovered, Recovery } from './recover.ts';
import { merged, reduce } from './reduced.ts';
import type { Relexer } from './relex.ts';
import { endOf } from './token.ts';

interface Around {
  readonly source: Source;
  readonly tokens: readonly IToken[];
  readonly collector: Collector;
  readonly builder: Builder;
  readonly reader: PieceReader;
  /** What is as it was in the text before. */
  readonly elements: readonly Element[];
  readonly memory: { readonly relexer: Relexer; readonly elements: Elements };
}

/** Nothing where the text has no mistake, or where what is far from its mistakes may have to do with them. */
export function readReduced(around: Around): Recovered | undefined {
  const { source, tokens, collector, builder, reader, memory, elements } = around;
  reader.hold(elements);
  return collector.full ? undefined : recovered();

  function recovered(): Recovered | undefined {
    const reduced = reduce(tokens, elements, isTouched);
    if (!reduced) return undefined;
    const { tokens: own, parted } = reduced;
    if (areBalanced(own) && !hidesMistake(own) && 'node' in readStrictly('file', own)) return undefined;
    const fork = collector.fork();
    reader.note(true);
    const read = new Recovery(source, builder, fork, tokens, reader).read(reduced);
    const declarations = read && !fork.full ? merged(reduced, tokens, read.declarations) : undefined;
    if (!read || !declarations) {
      for (const { element, node } of parted) element.piece.node = node;
      reader.note(false);
      return undefined;
    }
    collector.join(fork);
    memory.elements.keep(elements, reader.noted, memory.relexer);
    return { ...read, declarations };
  }

  /** Whether a mistake of a word or sign is on its lines. */
  function isTouched({ start, end }: Element): boolean {
    if (collector.diagnostics.length === 0) return false;
    const first = tokens[start]!;
    const from = first.startOffset - (first.startColumn ?? 1);
    const to = endOf(tokens[end - 1]!);
    return collector.knows(from, to + 1);
  }
}
