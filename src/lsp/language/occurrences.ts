/**
 * What every word of a file stands for: names that are declared and read, kinds, arguments, entries. Names are looked up in the
 * scope that `resolve` made, so that whatever is sound has its meaning wherever else the file has mistakes.
 */
import type { KindRow, Parameter, Parameters, ParameterType } from '../../library/contract.ts';
import { placesOf, type Table } from '../../model/arguments.ts';
import { asCall, singleName } from '../../model/calls.ts';
import { past, splits } from '../../model/data_kinds.ts';
import type { Resolution } from '../../model/resolution.ts';
import { dataEntries } from '../../model/resolve/data.ts';
import { weightedTasks } from '../../model/resolve/objective.ts';
import { taskEntries } from '../../model/resolve/tasks.ts';
import { stopParameters, trainEntries } from '../../model/resolve/train.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { Span } from '../../text/source.ts';
import { type LookupSort, type NamedSymbol, Symbols, stepSymbol, symbolOf } from './symbols.ts';

export type Occurrence = { readonly span: Span } & Meaning;

export type Meaning =
  | { readonly is: 'symbol'; readonly symbol: NamedSymbol; readonly declares: boolean }
  /** `what` is what its place asks for: "block", "loss". */
  | { readonly is: 'kind'; readonly what: string; readonly name: string; readonly row: KindRow }
  | { readonly is: 'parameter'; readonly kind: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'word'; readonly word: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'entry'; readonly of: string; readonly name: string; readonly doc: string }
  | { readonly is: 'sort'; readonly name: 'binary' | 'number' };

/** In the order of their places; of the file itself, and of what it brings into scope from others. */
export function findOccurrences(resolution: Resolution): readonly Occurrence[] {
  const walk = new Walk(resolution);
  for (const declaration of resolution.file.declarations) walk.declaration(declaration);
  const { scope, file } = resolution;
  const others = [...scope.lets, ...scope.groups.values(), ...scope.blocks.values()];
  for (const node of others) if (node.span.source !== file.span.source) walk.declaration(node);
  for (const entry of scope.features.values()) if (entry.span.source !== file.span.source) walk.feature(entry);
  for (const entry of scope.labels.values()) if (entry.span.source !== file.span.source) walk.label(entry);
  return walk.found.toSorted((a, b) => a.span.start - b.span.start);
}

/** Of the file itself at an offset, its ends included; the word that begins there goes before the one that ends there. */
export function occurrenceAt(
  occurrences: readonly Occurrence[],
  source: Span['source'],
  offset: number,
): Occurrence | undefined {
  const here = occurrences.filter(
    ({ span }) => span.source === source && span.start <= offset && offset <= span.end && span.start < span.end,
  );
  return here.find(({ span }) => offset < span.end) ?? here.at(-1);
}

class Walk {
  readonly found: Occurrence[] = [];
  readonly #symbols: Symbols;
  readonly #resolution: Resolution;
  readonly #numeric: { readonly constants: { isNumeric(expression: Ast.Expression): boolean } };

  constructor(resolution: Resolution) {
    this.#resolution = resolution;
    this.#symbols = new Symbols(resolution);
    this.#numeric = { constants: { isNumeric: (expression) => this.#isNumeric(expression) } };
  }

  declaration(node: Ast.Declaration): void {
    const { library } = this.#resolution;
    switch (node.kind) {
      case 'Use':
        return;
      case 'ModelName':
        this.#declare(symbolOf('model', node));
        return;
      case 'Let':
        this.#declare(symbolOf('constant', node));
        this.#numbers(node.value);
        return;
      case 'Features':
        for (const entry of node.entries) this.feature(entry);
        return;
      case 'Labels':
        for (const entry of node.entries) this.label(entry);
        return;
      case 'Group':
        this.#declare(symbolOf('group', node));
        for (const member of node.members) this.#name(member, 'feature', 'label');
        return;
      case 'Block':
        this.#declare(symbolOf('block', node));
        this.#steps(stepsOf(node.flow), node.name.name);
        return;
      case 'Tower':
        this.#tower(node);
        return;
      case 'Task':
        this.#task(node);
        return;
      case 'Objective':
        this.#sum(node.value, library.weightings);
        return;
      case 'Retrieve':
        this.#sum(node.value, {});
        return;
      case 'Train':
        this.#train(node);
        return;
      case 'Data':
        this.#data(node);
        return;
    }
  }

  feature(entry: Ast.TypedEntry): void {
    this.#declare(symbolOf('feature', entry));
    this.#kind('kind of feature', this.#resolution.library.features, entry.value);
  }

  label(entry: Ast.TypedEntry): void {
    this.#declare(symbolOf('label', entry));
    const word = singleName(entry.value);
    if (word?.name === 'binary' || word?.name === 'number') this.#add(word.span, { is: 'sort', name: word.name });
  }

  #tower(node: Ast.Tower): void {
    this.#declare(symbolOf('tower', node));
    for (const input of node.inputs) this.#name(input, 'group', 'feature', 'label');
    if (node.key) this.#name(node.key, 'feature');
    for (const entry of node.entries) {
      this.#declare(stepSymbol(node.name.name, entry));
      const [first, ...rest] = stepsOf(entry.flow);
      if (first) this.#source(node.name.name, entry, first);
      this.#steps(rest);
    }
  }

  /** `profile`, `shared.click`, `concat(deep, wide)`: what a flow begins with. */
  #source(tower: string, entry: Ast.TowerEntry, value: Ast.Expression): void {
    if (value.kind === 'Call') {
      const parts = value.arguments.filter((argument) => !argument.name && this.#isPart(tower, argument.value));
      for (const part of parts) this.#source(tower, entry, part.value);
      const others = value.arguments.filter((argument) => !parts.includes(argument));
      this.#steps([{ ...value, arguments: others }]);
      return;
    }
    if (value.kind !== 'Name') return;
    const [name, output] = value.parts;
    if (!name) return;
    const step = this.#symbols.step(tower, name.name);
    if (step && step.node !== entry) this.#read(name.span, step);
    else this.#name(name, 'group', 'feature', 'label');
    // A block that gives several values names them after the tasks.
    if (output) this.#name(output, 'task');
  }

  #isPart(tower: string, value: Ast.Expression): boolean {
    const name = value.kind === 'Name' ? value.parts[0]?.name : undefined;
    return name !== undefined && !!(this.#symbols.step(tower, name) ?? this.#symbols.find(name, 'group', 'feature'));
  }

  /** Within its own declaration a block's name is always the library's. */
  #steps(steps: readonly Ast.Expression[], within?: string): void {
    for (const step of steps) {
      const call = asCall(step);
      if (!call) continue;
      const declared = call.callee.name === within ? undefined : this.#symbols.find(call.callee.name, 'block');
      if (declared) this.#read(call.callee.span, declared);
      else this.#kind('block', this.#resolution.library.blocks, call);
    }
  }

  #task(node: Ast.Task): void {
    this.#declare(symbolOf('task', node));
    for (const { name, value } of node.entries) {
      const doc = known(taskEntries, name.name);
      if (doc !== undefined) this.#add(name.span, { is: 'entry', of: 'task', name: name.name, doc });
      if (name.name === 'score') this.#score(value);
      if (name.name === 'loss') this.#kind('loss', this.#resolution.library.losses, value);
      const word = singleName(value);
      if (word && (name.name === 'label' || name.name === 'only')) this.#name(word, 'label', 'feature');
      if (word && name.name === 'weight') this.#name(word, 'feature', 'label');
    }
  }

  #score(value: Ast.Expression): void {
    const { scores } = this.#resolution.library;
    if (value.kind === 'Binary') {
      this.#score(value.left);
      this.#score(value.right);
    } else if (value.kind === 'Unary') this.#score(value.operand);
    else if (value.kind === 'Call' && Object.hasOwn(scores, value.callee.name)) {
      const places = value.arguments.filter(({ name }) => name === undefined).slice(0, 2);
      for (const { value: side } of places) this.#side(side);
      const others = value.arguments.filter((argument) => !places.includes(argument));
      this.#kind('score', scores, { ...value, arguments: others });
    } else this.#numbers(value);
  }

  #side(value: Ast.Expression): void {
    if (value.kind !== 'Name') return;
    const [tower, channel] = value.parts;
    if (!tower) return;
    this.#name(tower, 'tower');
    const step = channel && this.#symbols.step(tower.name, channel.name);
    if (step) this.#read(channel.span, step);
  }

  #sum(value: Ast.Expression, weightings: Table): void {
    const word = singleName(value)?.name;
    const bare = word !== undefined && !this.#symbols.find(word, 'task') && Object.hasOwn(weightings, word);
    if (value.kind === 'Call' || bare) this.#kind('weighting', weightings, value, weightedTasks);
    else if (value.kind === 'Binary') {
      this.#sum(value.left, {});
      this.#sum(value.right, {});
    } else if (value.kind === 'Unary') this.#sum(value.operand, {});
    else {
      const name = singleName(value);
      if (name) this.#name(name, 'task', 'constant');
    }
  }

  #train(node: Ast.Train): void {
    const { library } = this.#resolution;
    const parameters = trainEntries(library);
    for (const { name, value } of node.entries) {
      const parameter = known(parameters, name.name);
      if (!parameter) continue;
      this.#add(name.span, { is: 'entry', of: 'train', name: name.name, doc: parameter.doc });
      if (name.name === 'stop') this.#kind('metric', library.metrics, value, stopParameters);
      else if (name.name === 'dense' || name.name === 'embeddings') this.#kind('optimizer', library.optimizers, value);
      else this.#value(name.name, parameter, value);
    }
  }

  #data(node: Ast.Data): void {
    this.#declare(symbolOf('data', node));
    const columns = new Map<string, NamedSymbol>();
    const declare = (entry: Ast.Entry): void => {
      const symbol = symbolOf('column', entry);
      if (!columns.has(symbol.name)) columns.set(symbol.name, symbol);
      this.#declare(symbol);
    };
    const isHistory = ({ name, value }: Ast.Entry): boolean =>
      !Object.hasOwn(dataEntries, name.name) && value.kind === 'Call' && value.callee.name === 'past';
    for (const entry of node.entries) {
      if (entry.kind === 'Columns') entry.entries.forEach(declare);
      else if (isHistory(entry)) declare(entry);
    }
    const column = (name: Ast.Identifier | undefined): void => {
      const symbol = name && (columns.get(name.name) ?? this.#symbols.find(name.name, 'feature'));
      if (symbol) this.#read(name.span, symbol);
    };
    for (const entry of node.entries) {
      if (entry.kind === 'Columns') continue;
      const { name, value, by } = entry;
      column(by);
      const doc = known(dataEntries, name.name);
      if (doc !== undefined) this.#add(name.span, { is: 'entry', of: 'data', name: name.name, doc });
      if (name.name === 'split') this.#kind('split', splits, value);
      else if (isHistory(entry) && value.kind === 'Call') {
        const [first, ...rest] = value.arguments;
        if (first && !first.name) column(singleName(first.value));
        const places = first?.name ? value.arguments : rest;
        this.#call('history', { ...value, arguments: places }, past);
      } else this.#numbers(value);
    }
  }

  #kind(what: string, table: Table, value: Ast.Expression, extra: Parameters = {}): void {
    const call = asCall(value);
    const row = call && known(table, call.callee.name);
    if (call && row) this.#call(what, call, row, extra);
  }

  #call(what: string, call: Ast.Call, row: KindRow, extra: Parameters = {}): void {
    const kind = call.callee.name;
    this.#add(call.callee.span, { is: 'kind', what, name: kind, row });
    const parameters: Parameters = { ...extra, ...row.parameters };
    for (const [{ name: at, value }, name] of placesOf(call, parameters, this.#numeric)) {
      const parameter = parameters[name]!;
      if (at) this.#add(at.span, { is: 'parameter', kind, name, parameter });
      const items = at && parameter.rest && value.kind === 'List' ? value.items : [value];
      for (const item of items) this.#value(name, parameter, item);
    }
  }

  #value(name: string, parameter: Parameter, value: Ast.Expression): void {
    const { type } = parameter;
    const word = singleName(value);
    switch (type.is) {
      case 'integer':
      case 'number':
        this.#numbers(value);
        return;
      case 'numbers':
        if (value.kind === 'List') for (const item of value.items) this.#numbers(item);
        return;
      case 'choice':
      case 'flag':
        if (word && wordsOf(name, type).includes(word.name)) {
          this.#add(word.span, { is: 'word', word: word.name, name, parameter });
        }
        return;
      case 'name':
        if (word) this.#name(word, type.of);
        return;
      case 'kind':
        this.#kind(name, type.of, value);
        return;
      case 'feature':
        if (value.kind === 'Name' && word && this.#symbols.find(word.name, 'feature')) this.#name(word, 'feature');
        else this.#kind('kind of feature', this.#resolution.library.features, value);
        return;
      case 'flow':
        this.#steps(stepsOf(value));
        return;
      case 'text':
        return;
    }
  }

  /** The constants of arithmetic. */
  #numbers(value: Ast.Expression): void {
    if (value.kind === 'Binary') {
      this.#numbers(value.left);
      this.#numbers(value.right);
    } else if (value.kind === 'Unary') this.#numbers(value.operand);
    else {
      const word = singleName(value);
      if (word) this.#name(word, 'constant');
    }
  }

  #isNumeric(expression: Ast.Expression): boolean {
    switch (expression.kind) {
      case 'Number':
        return true;
      case 'Name':
        return expression.parts.length === 1 && !!this.#symbols.find(expression.parts[0]!.name, 'constant');
      case 'Unary':
        return this.#isNumeric(expression.operand);
      case 'Binary':
        return this.#isNumeric(expression.left) && this.#isNumeric(expression.right);
      default:
        return false;
    }
  }

  #name({ name, span }: Ast.Identifier, ...sorts: readonly LookupSort[]): void {
    const symbol = this.#symbols.find(name, ...sorts);
    if (symbol) this.#read(span, symbol);
  }

  #read(span: Span, symbol: NamedSymbol): void {
    this.#add(span, { is: 'symbol', symbol, declares: false });
  }

  #declare(symbol: NamedSymbol): void {
    this.#add(symbol.span, { is: 'symbol', symbol, declares: true });
  }

  #add(span: Span, meaning: Meaning): void {
    this.found.push({ span, ...meaning });
  }
}

/** The words that a value of this type may be, where it is made of words. */
export function wordsOf(name: string, type: ParameterType): readonly string[] {
  if (type.is === 'choice') return type.of;
  return type.is === 'flag' ? [name, 'true', 'false'] : [];
}

const stepsOf = (flow: Ast.Expression): readonly Ast.Expression[] => (flow.kind === 'Flow' ? flow.steps : [flow]);

function known<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
