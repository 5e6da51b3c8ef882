/** Answers what the editor asks of one checked file: its words, types and costs, each worked out on the first request, and where names are read. */
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import type { Source, Span } from '../../base/text/source.ts';
import { typeOfEntry } from '../../compiler/library/declarations/table.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type { Arrow } from '../../compiler/lower/flow.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { endOf } from '../../compiler/syntax/token.ts';
import { findOccurrences } from './occurrences.ts';
import { isSame, type NamedSymbol } from './symbols.ts';
import { arrowsOf, costsOf, type FileCosts } from './valid_parts.ts';
import type { Occurrence } from './value_words.ts';

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

  /** The words of this file and of what it brings into scope, in the order of their offsets. */
  get occurrences(): readonly Occurrence[] {
    return (this.#occurrences ??= findOccurrences(this.checked.resolution));
  }

  /** Finds the word of the file at an offset, its ends included: the one that begins there goes before the one that ends there. */
  occurrenceAt(offset: number): Occurrence | undefined {
    const touching = this.occurrences.filter(
      ({ span }) => span.source === this.source && span.start <= offset && offset <= span.end && span.start < span.end,
    );
    return touching.find(({ span }) => offset < span.end) ?? touching.at(-1);
  }

  /** The name at an offset: what it represents, and where exactly it is. */
  symbolAt(offset: number): { readonly symbol: NamedSymbol; readonly span: Span } | undefined {
    const occurrence = this.occurrenceAt(offset);
    return occurrence?.is === 'symbol' ? occurrence : undefined;
  }

  /** The index of the first token that touches an offset, or -1. */
  tokenIndexAt(offset: number): number {
    return this.lexed.tokens.findIndex((token) => token.startOffset <= offset && offset <= endOf(token));
  }

  /** The type that each source and step of a flow carries, wherever that is valid. */
  get arrows(): readonly Arrow[] {
    return (this.#arrows ??= arrowsOf(this.checked));
  }

  /** The arrows that end at an offset of this file, one for each type: several where flows of several types go through one block. */
  arrowsEnding(offset: number): readonly Arrow[] {
    const ending = this.arrows.filter(({ span }) => span.source === this.source && span.end === offset);
    return [...new Map(ending.map((arrow) => [printValueType(arrow.type), arrow])).values()];
  }

  /** The type of what ends, or begins, at an offset of this file; several where flows of several types go through one block. */
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

  get costs(): FileCosts {
    return (this.#costs ??= costsOf(this.checked));
  }

  get lexed(): LexedText {
    return (this.#lexed ??= lex(this.source.text));
  }
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
  /** The text within its quotes. */
  readonly span: Span;
  /** As it is written: from the folder of the file. */
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
      const values = isCall ? value.arguments.map((argument) => argument.value) : isFile ? [value] : [];
      // A pattern names many files, and so none.
      return values.flatMap((text) =>
        text.kind === 'Text' && !/[*?[\]{}]/.test(text.value) ? [link(text, 'data')] : [],
      );
    });
  });
}

function link({ span, value }: Ast.TextNode, to: PathLink['to']): PathLink {
  return { span: { ...span, start: span.start + 1, end: Math.max(span.start + 1, span.end - 1) }, path: value, to };
}
