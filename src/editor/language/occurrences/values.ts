/** The words of a value: a kind, its arguments, the steps of a flow, constants. */
import type { KindRow, Parameter, Parameters, ParameterType } from '../../../compiler/library/contract.ts';
import type { DeclarationEntry } from '../../../compiler/library/declarations/entry.ts';
import { biasWords } from '../../../compiler/library/scores/biases.ts';
import { placesOf } from '../../../compiler/model/arguments/places.ts';
import type { Table } from '../../../compiler/model/arguments.ts';
import { rowOf } from '../../../compiler/model/block_parameters.ts';
import { asCall, singleName } from '../../../compiler/model/calls.ts';
import type { Library } from '../../../compiler/model/library.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { type NamedSymbol, parameterSymbol } from '../symbols.ts';
import type { Found } from './found.ts';

export class Values {
  readonly #library: Library;
  /** Those of the block whose words are looked up. */
  #parameters: ReadonlyMap<string, NamedSymbol> = new Map();
  readonly #numeric: { readonly constants: { isNumeric(expression: Ast.ExpressionNode): boolean } };

  constructor(
    readonly found: Found,
    library: Library,
  ) {
    this.#library = library;
    this.#numeric = { constants: { isNumeric: (expression) => this.#isNumeric(expression) } };
  }

  kind(what: string, table: Table, value: Ast.ExpressionNode, extra: Parameters = {}): void {
    const call = asCall(value);
    const row = call && known(table, call.callee.name);
    if (call && row) this.call(what, call, row, extra);
  }

  call(what: string, call: Ast.CallNode, row: KindRow, extra: Parameters = {}): void {
    const kind = call.callee.name;
    this.found.add(call.callee.span, { is: 'kind', what, name: kind, row });
    const parameters: Parameters = { ...extra, ...row.parameters };
    for (const [{ name: at, value }, name] of placesOf(call, parameters, this.#numeric)) {
      const parameter = parameters[name]!;
      if (at) this.found.add(at.span, { is: 'parameter', kind, name, parameter });
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
      case 'flag':
        if (word && wordsOf(name, type).includes(word.name)) {
          this.found.add(word.span, { is: 'word', word: word.name, name, parameter });
        }
        return;
      case 'name':
        if (word) this.found.name(word, type.of);
        return;
      case 'column':
        if (word) this.found.name(word, 'column');
        return;
      case 'side':
        this.#side(value);
        return;
      case 'kind':
        this.kind(type.what ?? name, type.of, value, type.also);
        return;
      case 'feature':
        if (value.kind === 'Name' && word && this.found.symbols.find(word.name, 'feature'))
          this.found.name(word, 'feature');
        else this.kind('kind of feature', this.#library.features, value);
        return;
      case 'flow':
        this.steps(stepsOf(value));
        return;
      case 'text':
        return;
    }
  }

  /** What an entry says, by its row. */
  entry(name: string, row: DeclarationEntry, { value, more = [] }: Pick<Ast.EntryNode, 'value' | 'more'>): void {
    const { type, doc } = row;
    const word = singleName(value);
    switch (type.is) {
      case 'kinds':
        for (const each of [value, ...more]) this.kind(type.what, type.of, each);
        return;
      case 'reference':
        if (word) this.found.name(word, ...type.of, 'label', 'feature');
        return;
      case 'score':
        this.#score(value, hasCall(value));
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

  /** @param compares whether the score compares the towers; else it is a product of tasks */
  #score(value: Ast.ExpressionNode, compares: boolean): void {
    const { scores } = this.#library;
    const name = singleName(value);
    if (value.kind === 'Binary') {
      this.#score(value.left, compares);
      this.#score(value.right, compares);
    } else if (value.kind === 'Unary') this.#score(value.operand, compares);
    else if (name && !this.#isNumeric(value) && !(compares && name.name === 'mean')) this.found.name(name, 'task');
    else if (value.kind === 'Call' && Object.hasOwn(scores, value.callee.name)) {
      const places = value.arguments.filter(({ name }) => name === undefined).slice(0, 2);
      for (const { value: side } of places) this.#side(side);
      const others = value.arguments.filter((argument) => !places.includes(argument));
      this.kind('score', scores, { ...value, arguments: others });
    } else if (value.kind === 'Name' && value.parts.length === 2) this.#side(value, true);
    else if (name?.name === 'mean' && !this.#isNumeric(value)) {
      this.found.add(value.span, { is: 'word', word: 'mean', name: 'mean', parameter: biasWords.mean });
    } else this.numbers(value);
  }

  /** @param added by itself, so that it may be the number of a key */
  #side(value: Ast.ExpressionNode, added = false): void {
    if (value.kind !== 'Name') return;
    const [tower, channel] = value.parts;
    if (!tower) return;
    this.found.name(tower, 'tower');
    const step = channel && this.found.symbols.step(tower.name, channel.name);
    if (step) this.found.read(channel.span, step);
    else if (added && channel?.name === 'bias') {
      this.found.add(channel.span, { is: 'word', word: 'bias', name: 'bias', parameter: biasWords.bias });
    }
  }

  /** A sum of tasks, or a call of a weighting. */
  tasks(value: Ast.ExpressionNode, weightings: Table, also: Parameters = {}): void {
    const word = singleName(value)?.name;
    const bare = word !== undefined && !this.found.symbols.find(word, 'task') && Object.hasOwn(weightings, word);
    if (value.kind === 'Call' || bare) this.kind('weighting', weightings, value, also);
    else if (value.kind === 'Binary') {
      this.tasks(value.left, {});
      this.tasks(value.right, {});
    } else if (value.kind === 'Unary') this.tasks(value.operand, {});
    else {
      const name = singleName(value);
      if (name) this.found.name(name, 'task', 'constant');
    }
  }

  /** The constants of arithmetic. */
  numbers(value: Ast.ExpressionNode): void {
    if (value.kind === 'Binary') {
      this.numbers(value.left);
      this.numbers(value.right);
    } else if (value.kind === 'Unary') this.numbers(value.operand);
    else {
      const word = singleName(value);
      const parameter = word && this.#parameters.get(word.name);
      if (parameter) this.found.read(word.span, parameter);
      else if (word) this.found.name(word, 'constant');
    }
  }

  /** Within its own declaration a block's name is always the library's. */
  steps(steps: readonly Ast.ExpressionNode[], within?: string): void {
    for (const step of steps) {
      const call = asCall(step);
      if (!call) continue;
      const declared = call.callee.name === within ? undefined : this.found.symbols.find(call.callee.name, 'block');
      if (declared) this.#use(call, declared);
      else this.kind('block', this.#library.blocks, call);
    }
  }

  /** A declared block: its parameters, and its steps, in which they go before constants of their name. */
  block(node: Ast.BlockNode): void {
    const parameters = this.found.symbols.parameters(node.name.name);
    this.#parameters = new Map(parameters.map((symbol) => [symbol.name, symbol]));
    for (const parameter of node.parameters) {
      this.found.declare(parameterSymbol(node.name.name, parameter));
      if (parameter.default) this.numbers(parameter.default);
    }
    this.steps(stepsOf(node.flow), node.name.name);
    this.#parameters = new Map();
  }

  /** A use of a declared block: the names of its arguments are those of its parameters. */
  #use(call: Ast.CallNode, declared: NamedSymbol): void {
    this.found.read(call.callee.span, declared);
    if (declared.node.kind !== 'Block') return;
    const parameters = new Map(this.found.symbols.parameters(declared.name).map((symbol) => [symbol.name, symbol]));
    for (const [{ name: at, value }, name] of placesOf(call, rowOf(declared.node).parameters, this.#numeric)) {
      const parameter = parameters.get(name);
      if (at && parameter) this.found.read(at.span, parameter);
      this.numbers(value);
    }
  }

  #isNumber(name: string): boolean {
    return this.#parameters.has(name) || this.found.symbols.find(name, 'constant') !== undefined;
  }

  #isNumeric(expression: Ast.ExpressionNode): boolean {
    switch (expression.kind) {
      case 'Number':
        return true;
      case 'Name':
        return expression.parts.length === 1 && this.#isNumber(expression.parts[0]!.name);
      case 'Unary':
        return this.#isNumeric(expression.operand);
      case 'Binary':
        return this.#isNumeric(expression.left) && this.#isNumeric(expression.right);
      default:
        return false;
    }
  }
}

function hasCall(value: Ast.ExpressionNode): boolean {
  if (value.kind === 'Binary') return hasCall(value.left) || hasCall(value.right);
  return value.kind === 'Call' || (value.kind === 'Unary' && hasCall(value.operand));
}

/** The words that a value of this type may be, where it is made of words. */
function wordsOf(name: string, type: ParameterType): readonly string[] {
  if (type.is === 'choice') return type.of;
  return type.is === 'flag' ? [name, 'true', 'false'] : [];
}

/** Of one block, or of several with arrows. */
export const stepsOf = (flow: Ast.ExpressionNode): readonly Ast.ExpressionNode[] =>
  flow.kind === 'Flow' ? flow.steps : [flow];

export function known<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
