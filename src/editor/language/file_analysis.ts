/** Answers questions of an editor about one checked file: its words, types and costs, each computed on the first request, and where names are read. */
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import type { Source, Span } from '../../base/text/source.ts';
import { data, histories } from '../../compiler/library/declarations/data_declaration.ts';
import type { DeclarationEntry } from '../../compiler/library/declarations/entry.ts';
import { labelTypes } from '../../compiler/library/declarations/labels_declaration.ts';
import { weightedTasks } from '../../compiler/library/declarations/objective_declaration.ts';
import { type EntryPlace, entryTables, typeOfEntry } from '../../compiler/library/declarations/table.ts';
import { train } from '../../compiler/library/declarations/train_declaration.ts';
import { printValueType } from '../../compiler/library/values.ts';
import type { Arrow } from '../../compiler/lower/flow.ts';
import { singleName, stepsOf } from '../../compiler/model/expressions.ts';
import { rowIn } from '../../compiler/model/library.ts';
import type { Resolution } from '../../compiler/model/resolution.ts';
import { type TypedName, typedNames } from '../../compiler/model/scope.ts';
import { findSlot, type Slot } from '../../compiler/model/settings/slots.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { endOf } from '../../compiler/syntax/token.ts';
import type { HistoryKind } from '../../graph/plan/data_description.ts';
import { columnEntries, isHistoryEntry, isSame, type NamedSymbol, stepSymbol, symbolOf } from './symbols.ts';
import { arrowsOf, costsOf, type FileCosts } from './valid_parts.ts';
import { type Occurrence, ValueWords } from './value_words.ts';

/**
 * Returns the meaning of each word of the file, and of the names that it imports, in the order of offsets. Names are looked up in the scope of
 * `resolve`, so valid parts have a meaning even if other parts have errors.
 */
function findOccurrences(resolution: Resolution): readonly Occurrence[] {
  const { scope, file } = resolution;
  const declarationWords = new DeclarationWords(resolution);
  for (const declaration of file.declarations) declarationWords.declaration(declaration);
  const isUsed = ({ span }: { readonly span: Ast.FileNode['span'] }): boolean => span.source !== file.span.source;
  const others = [...scope.lets, ...scope.groups.values(), ...scope.blocks.values()];
  for (const node of others.filter(isUsed)) declarationWords.declaration(node);
  for (const entry of entriesOf(scope.features).filter(isUsed)) declarationWords.feature(entry);
  for (const entry of entriesOf(scope.labels).filter(isUsed)) declarationWords.label(entry);
  return declarationWords.all.toSorted((a, b) => a.span.start - b.span.start);
}

const entriesOf = (names: ReadonlyMap<string, TypedName>): readonly Ast.TypedEntryNode[] => [
  ...new Set([...names.values()].map(({ entry }) => entry)),
];

class DeclarationWords extends ValueWords {
  readonly #resolution: Resolution;

  constructor(resolution: Resolution) {
    super(resolution);
    this.#resolution = resolution;
  }

  declaration(node: Ast.DeclarationNode): void {
    switch (node.kind) {
      case 'Use':
        return;
      case 'ModelName':
        this.declare(symbolOf('model', node));
        return;
      case 'Let':
        this.declare(symbolOf('constant', node));
        this.numbers(node.value);
        return;
      case 'Features':
        for (const entry of node.entries) this.feature(entry);
        return;
      case 'Labels':
        for (const entry of node.entries) this.label(entry);
        return;
      case 'Group':
        this.declare(symbolOf('group', node));
        for (const member of node.members) this.name(member, 'feature', 'group', 'label');
        return;
      case 'Block':
        this.declare(symbolOf('block', node));
        this.block(node);
        return;
      case 'Tower':
        this.#tower(node);
        return;
      case 'Task':
        this.declare(symbolOf('task', node));
        for (const entry of node.entries) this.#entry('task', entry);
        return;
      case 'Objective':
        this.tasks(node.value, this.#resolution.library.weightings, weightedTasks);
        return;
      case 'Retrieve':
        this.tasks(node.value, {});
        return;
      case 'Train':
        for (const entry of node.entries) this.#entry('train', entry);
        return;
      case 'Search':
        for (const entry of node.entries) this.#searchEntry(entry);
        return;
      case 'Data':
        this.#data(node);
        return;
    }
  }

  feature(entry: Ast.TypedEntryNode): void {
    for (const name of typedNames(entry)) this.declare(symbolOf('feature', name));
    this.kind('kind of feature', this.#resolution.library.features, entry.value);
  }

  label(entry: Ast.TypedEntryNode): void {
    for (const name of typedNames(entry)) this.declare(symbolOf('label', name));
    const word = singleName(entry.value);
    const type = labelTypes.find((each) => each === word?.name);
    if (word && type) this.add(word.span, { is: 'label type', name: type });
  }

  #entry(of: EntryPlace, entry: Ast.EntryNode): void {
    const row = this.#entryName(of, entry.name);
    if (row) this.entry(entry.name.name, row, entry);
  }

  /** Adds the name of an entry that the table of its declaration has. */
  #entryName(of: EntryPlace, { name, span }: Ast.IdentifierNode): DeclarationEntry | undefined {
    const row = rowIn<DeclarationEntry>(entryTables[of], name);
    if (row) this.add(span, { is: 'entry', of, name, row });
    return row;
  }

  #tower(node: Ast.TowerNode): void {
    this.declare(symbolOf('tower', node));
    for (const input of node.inputs) this.name(input, 'group', 'feature', 'label');
    if (node.key) this.name(node.key, 'feature');
    for (const entry of node.entries) {
      this.declare(stepSymbol(node.name.name, entry));
      const [first, ...blocks] = stepsOf(entry.flow);
      if (first) this.#source(node.name.name, entry, first);
      this.steps(blocks);
    }
  }

  /** Adds the beginning of a flow: `profile`, `shared.click`, `concat(deep, wide)`. */
  #source(tower: string, entry: Ast.TowerEntryNode, value: Ast.ExpressionNode): void {
    if (value.kind === 'Call') {
      const isPart = ({ name: argument, value: part }: Ast.ArgumentNode): boolean => {
        const name = part.kind === 'Name' && !argument ? part.parts[0]!.name : undefined;
        return name !== undefined && !!(this.symbols.step(tower, name) ?? this.symbols.find(name, 'group', 'feature'));
      };
      for (const part of value.arguments.filter(isPart)) this.#source(tower, entry, part.value);
      this.steps([{ ...value, arguments: value.arguments.filter((argument) => !isPart(argument)) }]);
      return;
    }
    if (value.kind !== 'Name') return;
    const [name, output] = value.parts;
    if (!name) return;
    const step = this.symbols.step(tower, name.name);
    if (step && step.node !== entry) this.read(name.span, step);
    else this.name(name, 'group', 'feature', 'label');
    // A block that gives several values names them after the tasks.
    if (output) this.name(output, 'task');
  }

  /** Columns are names within the declaration, read before the features of the file. */
  #data(node: Ast.DataNode): void {
    this.declare(symbolOf('data', node));
    const columns = new Map<string, NamedSymbol>();
    for (const entry of columnEntries(node)) {
      const symbol = symbolOf('column', entry);
      if (!columns.has(symbol.name)) columns.set(symbol.name, symbol);
      this.declare(symbol);
    }
    const column = (name: Ast.IdentifierNode | undefined): void => {
      const symbol = name && (columns.get(name.name) ?? this.symbols.find(name.name, 'feature'));
      if (symbol) this.read(name.span, symbol);
    };
    for (const entry of node.entries) {
      if (entry.kind === 'Columns') continue;
      const { value, by } = entry;
      column(by);
      if (Object.hasOwn(data.entries, entry.name.name)) this.#entry('data', entry);
      else if (isHistoryEntry(entry) && value.kind === 'Call') {
        const [first, ...others] = value.arguments;
        if (first && !first.name) column(singleName(first.value));
        const call = { ...value, arguments: first?.name ? value.arguments : others };
        this.call('history', call, histories[value.callee.name as HistoryKind]);
      } else this.numbers(value);
    }
  }

  /** Adds what an entry of `search` names, and what its choices are. */
  #searchEntry({ path, domain }: Ast.SearchEntryNode): void {
    this.#path(path);
    const { files, library } = this.#resolution;
    const slots = path.map((_, index): Slot | undefined => {
      const pathNames = path.slice(0, index + 1).map(({ name }) => name);
      return findSlot({ files, library, report: () => {} }, { parts: pathNames, at: files.main.span });
    });
    for (const [index, slot] of slots.entries()) {
      const { name, span } = path[index]!;
      if (slot?.argument) this.add(span, { is: 'parameter', name, ...slot.argument });
    }
    const type = slots.at(-1)?.type;
    for (const item of domain.kind === 'Choices' ? domain.items : [domain.from, domain.to]) {
      if (!type || type.is === 'constant') this.numbers(item);
      else if (type.is === 'flow') this.steps(stepsOf(item));
      else this.entry(path.at(-1)!.name, { type, doc: '', example: '' }, { value: item });
    }
  }

  #path([first, second, third]: readonly Ast.IdentifierNode[]): void {
    if (!first) return;
    if (!second && this.symbols.find(first.name, 'constant', 'block')) this.name(first, 'constant', 'block');
    else if (Object.hasOwn(train.entries, first.name)) this.#entryName('train', first);
    else if (first.name === 'train' && second) this.#entryName('train', second);
    else if (first.name === 'task' && second) {
      this.name(second, 'task');
      if (third) this.#entryName('task', third);
    } else if (first.name === 'features' && second) this.name(second, 'feature');
  }
}

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
    return (this.#occurrences ??= findOccurrences(this.checked.resolution));
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
    return (this.#arrows ??= arrowsOf(this.checked));
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
