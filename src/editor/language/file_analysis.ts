/** Answers questions of an editor about one checked file: its words, types and costs, each computed on the first request, and where names are read. */
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import type { Source, Span } from '../../base/text/source.ts';
import { typeOfEntry } from '../../compiler/library/declarations/table.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type { Arrow } from '../../compiler/lower/flow.ts';
import { lowerParts } from '../../compiler/lower/lower.ts';
import { withoutBroken } from '../../compiler/model/complete.ts';
import type { NamedSymbol, Occurrence } from '../../compiler/model/occurrences.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { endOf } from '../../compiler/syntax/token.ts';
import { costsOf, type FileCosts } from './costs.ts';
import { isSame } from './symbols.ts';

export class FileAnalysis {
  readonly source: Source;
  #occurrences: readonly Occurrence[] | undefined;
  #arrows: readonly Arrow[] | undefined;
  #lexed: LexedText | undefined;
  #costs: FileCosts | undefined;
  #ending: ReadonlyMap<number, string> | undefined;
  #starting: ReadonlyMap<number, string> | undefined;

  constructor(readonly checked: CheckResult) {
    this.source = checked.file.span.source;
  }

  /** The words of this file and of the names that it imports, in the order of offsets. */
  get occurrences(): readonly Occurrence[] {
    return (this.#occurrences ??= inOrder(this.checked.resolution.occurrences));
  }

  /** Finds the word of the file at an offset, its ends included. If two touch there, returns the one that begins there. */
  occurrenceAt(offset: number): Occurrence | undefined {
    const touching = this.occurrences.filter(
      ({ span }) => span.source === this.source && span.start <= offset && offset <= span.end && span.start < span.end,
    );
    return touching.find(({ span }) => offset < span.end) ?? touching.at(-1);
  }

  /** Returns the name at an offset, with its meaning and its span. */
  symbolAt(offset: number): { readonly symbol: NamedSymbol; readonly span: Span } | undefined {
    const occurrence = this.occurrenceAt(offset);
    return occurrence?.is === 'symbol' ? occurrence : undefined;
  }

  /** Returns the index of the first token that touches an offset, or −1. */
  tokenIndexAt(offset: number): number {
    return this.lexed.tokens.findIndex((token) => token.startOffset <= offset && offset <= endOf(token));
  }

  /** The type of the value after each source and step of a flow that is valid. */
  get arrows(): readonly Arrow[] {
    const { shapes, resolution } = this.checked;
    const partArrows = () =>
      lowerParts(withoutBroken(resolution), false).towers.flatMap(({ context }) => context.arrows);
    return (this.#arrows ??= shapes?.arrows ?? partArrows());
  }

  /** Returns the arrows that end at an offset of this file, one per type: several if flows of several types go through one block. */
  arrowsEnding(offset: number): readonly Arrow[] {
    const ending = this.arrows.filter(({ span }) => span.source === this.source && span.end === offset);
    return [...new Map(ending.map((arrow) => [printValueType(arrow.type), arrow])).values()];
  }

  /** Returns the type of the value that ends or begins at an offset; several if flows of several types go through one block. */
  typeEnding(offset: number): string | undefined {
    return (this.#ending ??= this.#types('end')).get(offset);
  }

  typeStarting(offset: number): string | undefined {
    return (this.#starting ??= this.#types('start')).get(offset);
  }

  #types(side: 'start' | 'end'): ReadonlyMap<number, string> {
    const types = new Map<number, Set<string>>();
    for (const { span, type } of this.arrows) {
      if (span.source !== this.source) continue;
      const typesHere = types.get(span[side]) ?? new Set<string>();
      types.set(span[side], typesHere.add(printValueType(type)));
    }
    return new Map([...types].map(([offset, all]) => [offset, [...all].join(' or ')]));
  }

  /** Returns the sizes of axes at the uses of a block of formulas, by their letters; those of equal uses once. */
  usesOf(block: string): readonly ReadonlyMap<string, number>[] {
    const uses = this.arrows.flatMap((arrow) => (arrow.block?.name === block ? [arrow.block.sizes] : []));
    return [...new Map(uses.map((sizes) => [[...sizes].join(), sizes])).values()];
  }

  get costs(): FileCosts {
    return (this.#costs ??= costsOf(this.checked));
  }

  get lexed(): LexedText {
    return (this.#lexed ??= lex(this.source.text));
  }
}

/** Returns the words in the order of offsets, each once. */
function inOrder(occurrences: readonly Occurrence[]): readonly Occurrence[] {
  const sorted = occurrences.toSorted(
    (a, b) => a.span.start - b.span.start || compare(a.span.source.name, b.span.source.name),
  );
  return sorted.filter(({ span }, index) => {
    const before = sorted[index - 1]?.span;
    return before?.start !== span.start || before.source !== span.source;
  });
}

interface Reference {
  readonly span: Span;
  readonly declares: boolean;
}

/** Returns every place where these files declare or read a name, each once, by file and offset. */
export function referencesTo(symbol: NamedSymbol, files: Iterable<FileAnalysis>): readonly Reference[] {
  const references = new Map<string, Reference>();
  for (const { occurrences } of files) {
    for (const occurrence of occurrences) {
      if (occurrence.is !== 'symbol' || !isSame(occurrence.symbol, symbol)) continue;
      const { span, declares } = occurrence;
      references.set(`${span.start} ${span.source.name}`, { span, declares });
    }
  }
  return [...references.values()].sort(
    (a, b) => compare(a.span.source.name, b.span.source.name) || a.span.start - b.span.start,
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

interface PathLink {
  /** The span of the text within its quotes. */
  readonly span: Span;
  /** As written, relative to the folder of the file. */
  readonly path: string;
  readonly to: 'tower' | 'data';
}

/** Returns the paths that a file names: those of files it uses, and those of its data. */
export function linksOf({ declarations }: Ast.FileNode): readonly PathLink[] {
  return declarations.flatMap((node): PathLink[] => {
    if (node.kind === 'Use') return [link(node.path, 'tower')];
    if (node.kind !== 'Data') return [];
    return node.entries.flatMap((entry) => {
      if (entry.kind === 'Columns') return [];
      const isFile = typeOfEntry('data', entry.name.name)?.is === 'file';
      const { value } = entry;
      const isCall = value.kind === 'Call' && (isFile || value.callee.name === 'files');
      const pathValues = isCall ? value.arguments.map((argument) => argument.value) : isFile ? [value] : [];
      // A pattern names many files, so it links to none.
      return pathValues.flatMap((text) =>
        text.kind === 'Text' && !/[*?[\]{}]/.test(text.value) ? [link(text, 'data')] : [],
      );
    });
  });
}

function link({ span, value }: Ast.TextNode, to: PathLink['to']): PathLink {
  return { span: { ...span, start: span.start + 1, end: Math.max(span.start + 1, span.end - 1) }, path: value, to };
}
