/** Finds the meaning of the words of a value: kinds, arguments, steps of flows, constants, names that are read. */
import type { Span } from '../../base/text/source.ts';
import type { KindRow, Parameter, Parameters } from '../../compiler/library/contract.ts';
import type { DeclarationEntry, KindTable } from '../../compiler/library/declarations/entry.ts';
import { biasWords } from '../../compiler/library/scores/table.ts';
import {
  asCall,
  isNumeric,
  operandsOf,
  parametersOfArguments,
  partsOfExpression,
  rowOfBlock,
  singleName,
  stepsOf,
} from '../../compiler/model/expressions.ts';
import { rowIn } from '../../compiler/model/library.ts';
import type { Resolution } from '../../compiler/model/resolution.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import type { LabelType } from '../../graph/plan/plan.ts';
import { type LookupKind, type NamedSymbol, parameterSymbol, SymbolTable } from './symbols.ts';

/** A word of the file and its meaning. */
export type Occurrence = { readonly span: Span } & OccurrenceMeaning;

type OccurrenceMeaning =
  | { readonly is: 'symbol'; readonly symbol: NamedSymbol; readonly declares: boolean }
  /** `what` describes what is expected at the position: "block", "loss". */
  | { readonly is: 'kind'; readonly what: string; readonly name: string; readonly row: KindRow }
  | { readonly is: 'parameter'; readonly kind: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'word'; readonly word: string; readonly name: string; readonly parameter: Parameter }
  | { readonly is: 'entry'; readonly of: string; readonly name: string; readonly row: DeclarationEntry }
  | { readonly is: 'label type'; readonly name: LabelType };

/** Collects the words of values. Names are looked up among the symbols of the file. */
export class ValueWords {
  readonly all: Occurrence[] = [];
  readonly symbols: SymbolTable;
  readonly #library: Resolution['library'];
  /** The parameters of the block whose words are looked up. */
  #parameters: ReadonlyMap<string, NamedSymbol> = new Map();

  constructor(resolution: Resolution) {
    this.symbols = new SymbolTable(resolution);
    this.#library = resolution.library;
  }

  add(span: Span, meaning: OccurrenceMeaning): void {
    this.all.push({ span, ...meaning });
  }

  declare(symbol: NamedSymbol): void {
    this.add(symbol.span, { is: 'symbol', symbol, declares: true });
  }

  read(span: Span, symbol: NamedSymbol): void {
    this.add(span, { is: 'symbol', symbol, declares: false });
  }

  /** Adds a reference to a symbol of one of these kinds, if there is one with this name. */
  name({ name, span }: Ast.IdentifierNode, ...kinds: readonly LookupKind[]): void {
    const symbol = this.symbols.find(name, ...kinds);
    if (symbol) this.read(span, symbol);
  }

  kind(what: string, table: KindTable, value: Ast.ExpressionNode, extra: Parameters = {}): void {
    const call = asCall(value);
    const row = call && rowIn(table, call.callee.name);
    if (call && row) this.call(what, call, row, extra);
  }

  call(what: string, call: Ast.CallNode, row: KindRow, extra: Parameters = {}): void {
    const kind = call.callee.name;
    this.add(call.callee.span, { is: 'kind', what, name: kind, row });
    const parameters: Parameters = { ...extra, ...row.parameters };
    for (const [{ name: at, value }, name] of parametersOfArguments(call, parameters, this)) {
      const parameter = parameters[name]!;
      if (at) this.add(at.span, { is: 'parameter', kind, name, parameter });
      const items = at && parameter.rest && value.kind === 'List' ? value.items : [value];
      for (const item of items) this.value(name, parameter, item);
    }
  }

  value(name: string, parameter: Parameter, value: Ast.ExpressionNode): void {
    const { type } = parameter;
    const word = singleName(value);
    switch (type.is) {
      case 'number':
        if (type.or) this.kind(name, type.or, value);
        this.numbers(value);
        return;
      case 'integer':
        this.numbers(value);
        return;
      case 'numbers':
        if (value.kind === 'List') for (const item of value.items) this.numbers(item);
        return;
      case 'choice':
      case 'flag': {
        const flagWords = type.is === 'choice' ? type.of : [name, 'true', 'false'];
        if (word && flagWords.includes(word.name))
          this.add(word.span, { is: 'word', word: word.name, name, parameter });
        return;
      }
      case 'name':
        if (word) this.name(word, type.of);
        return;
      case 'column':
        if (word) this.name(word, 'column');
        return;
      case 'side':
        this.#side(value);
        return;
      case 'kind':
        this.kind(type.what ?? name, type.of, value, type.also);
        return;
      case 'feature':
        if (value.kind === 'Name' && word && this.symbols.find(word.name, 'feature')) this.name(word, 'feature');
        else this.kind('kind of feature', this.#library.features, value);
        return;
      case 'flow':
        this.steps(stepsOf(value));
        return;
      case 'text':
        return;
    }
  }

  /** Adds the words of an entry's value. The entry's row in its declaration says which words it may have. */
  entry(name: string, row: DeclarationEntry, { value, more = [] }: Pick<Ast.EntryNode, 'value' | 'more'>): void {
    const { type, doc } = row;
    const word = singleName(value);
    switch (type.is) {
      case 'kinds':
        for (const each of [value, ...more]) this.kind(type.what, type.of, each);
        return;
      case 'reference':
        if (word) this.name(word, ...type.of, 'label', 'feature');
        return;
      case 'score':
        for (const operand of operandsOf(value)) this.#score(operand, hasCall(value));
        return;
      case 'tasks':
        this.tasks(value, type.weightings ?? {}, type.also);
        return;
      case 'features':
      case 'channel':
      case 'file':
      case 'path':
      case 'sql':
      case 'history':
        return;
      default:
        this.value(name, { type, doc }, value);
    }
  }

  /** @param compares true if the score calls a comparison of towers, false if it is a product of tasks */
  #score(value: Ast.ExpressionNode, compares: boolean): void {
    const { scores } = this.#library;
    const nameNode = singleName(value);
    if (nameNode && !this.isNumeric(value) && !(compares && nameNode.name === 'mean')) this.name(nameNode, 'task');
    else if (value.kind === 'Call' && Object.hasOwn(scores, value.callee.name)) {
      const sideArguments = value.arguments.filter(({ name }) => name === undefined).slice(0, 2);
      for (const { value: side } of sideArguments) this.#side(side);
      const otherArguments = value.arguments.filter((argument) => !sideArguments.includes(argument));
      this.kind('score', scores, { ...value, arguments: otherArguments });
    } else if (value.kind === 'Name' && value.parts.length === 2) this.#side(value, true);
    else if (nameNode?.name === 'mean' && !this.isNumeric(value)) {
      this.add(value.span, { is: 'word', word: 'mean', name: 'mean', parameter: biasWords.mean });
    } else this.numbers(value);
  }

  /** @param added true for a summand of a score, which may be the trained number of a key, such as `item.bias`; false for an argument */
  #side(value: Ast.ExpressionNode, added = false): void {
    if (value.kind !== 'Name') return;
    const [tower, channel] = value.parts;
    if (!tower) return;
    this.name(tower, 'tower');
    const step = channel && this.symbols.step(tower.name, channel.name);
    if (step) this.read(channel.span, step);
    else if (added && channel?.name === 'bias') {
      this.add(channel.span, { is: 'word', word: 'bias', name: 'bias', parameter: biasWords.bias });
    }
  }

  /** Adds the words of a sum of tasks, or of a call of a weighting. */
  tasks(value: Ast.ExpressionNode, weightings: KindTable, also: Parameters = {}): void {
    const word = singleName(value)?.name;
    const isBareWord = word !== undefined && !this.symbols.find(word, 'task') && Object.hasOwn(weightings, word);
    if (value.kind === 'Call' || isBareWord) this.kind('weighting', weightings, value, also);
    else for (const name of operandsOf(value).map(singleName)) if (name) this.name(name, 'task', 'constant');
  }

  /** Adds the constants of arithmetic. */
  numbers(value: Ast.ExpressionNode): void {
    for (const word of operandsOf(value).map(singleName)) {
      const parameter = word && this.#parameters.get(word.name);
      if (parameter) this.read(word.span, parameter);
      else if (word) this.name(word, 'constant');
    }
  }

  /** @param within the name of the block that is being declared: within its own flow this name means the library's block */
  steps(steps: readonly Ast.ExpressionNode[], within?: string): void {
    for (const step of steps) {
      const call = asCall(step);
      if (!call) continue;
      const declaredBlock = call.callee.name === within ? undefined : this.symbols.find(call.callee.name, 'block');
      if (declaredBlock) this.#use(call, declaredBlock);
      else this.kind('block', this.#library.blocks, call);
    }
  }

  /** Adds a declared block: its parameters, and its steps, in which they take precedence over constants of the same name. */
  block(node: Ast.BlockNode): void {
    const parameters = this.symbols.parameters(node.name.name);
    this.#parameters = new Map(parameters.map((symbol) => [symbol.name, symbol]));
    for (const parameter of node.parameters) {
      this.declare(parameterSymbol(node.name.name, parameter));
      if (parameter.default) this.numbers(parameter.default);
    }
    this.steps(stepsOf(node.flow), node.name.name);
    this.#parameters = new Map();
  }

  /** Adds a use of a declared block. The names of its arguments are those of the block's parameters. */
  #use(call: Ast.CallNode, declared: NamedSymbol): void {
    this.read(call.callee.span, declared);
    if (declared.node.kind !== 'Block') return;
    const parameters = new Map(this.symbols.parameters(declared.name).map((symbol) => [symbol.name, symbol]));
    for (const [{ name: at, value }, name] of parametersOfArguments(call, rowOfBlock(declared.node).parameters, this)) {
      const parameter = parameters.get(name);
      if (at && parameter) this.read(at.span, parameter);
      this.numbers(value);
    }
  }

  isNumeric(expression: Ast.ExpressionNode): boolean {
    return isNumeric(expression, (name) => this.#parameters.has(name) || !!this.symbols.find(name, 'constant'));
  }
}

const hasCall = (value: Ast.ExpressionNode): boolean => value.kind === 'Call' || partsOfExpression(value).some(hasCall);
