/** Binds an expression to a kind of a table, or to its defaults, and the arguments of a call to the parameters of its kind. Every mismatch is reported. */
import type { Code } from '../../base/diagnostics/codes.ts';
import { spanText } from '../../base/text/source.ts';
import type { WordPlace } from '../../base/text/synonyms.ts';
import { type KindRow, kindsWithin, type Parameter, type Parameters } from '../library/contract.ts';
import type { KindTable } from '../library/declarations/entry.ts';
import type { ArgumentNode, CallNode, ExpressionNode, IdentifierNode } from '../syntax/ast.ts';
import { describeExpression } from './describe.ts';
import { asCall, firstWordOf, singleName } from './expressions.ts';
import { guess, unknownKind } from './guess.ts';
import { rowIn } from './library.ts';
import type { Call } from './model.ts';
import { declaredIn, insertion, removal, repeats, rewrite } from './report.ts';
import { type Binding, type Converted, convertArgument, looksLike, parameterOf } from './values.ts';

/**
 * Binds a call, or a bare word that stands for a call without arguments, to one of the kinds of `table`.
 * @param what what is expected in this position, for messages: "block", "loss"
 * @param extra parameters that the context adds to those of the kind, such as `patience` in `stop = recall(50, patience: 2)`
 * @returns undefined if a part of it is invalid, which is then reported
 */
export function bindKind(
  what: string,
  table: KindTable,
  expression: ExpressionNode,
  binding: Binding,
  extra: Parameters = {},
): Call | undefined {
  const call = asCall(expression);
  if (!call) {
    const written = metricAt(expression, table);
    const kindFacts = { what, found: describeExpression(expression), known: Object.keys(table), call: written };
    const fixes = written === undefined ? [] : [[{ at: expression.span, text: written }]];
    return binding.report('expected-kind', expression.span, kindFacts, { fixes });
  }
  const { name, span } = call.callee;
  const row = rowIn(table, name);
  if (!row) return unknownKind(binding.report, what, call.callee, Object.keys(table), kindPlaces[what]);
  binding.note(span, { is: 'kind', what, name, row });
  return bindCall(call, row, binding, extra);
}

/** Returns `recall(50)` for `recall@50`, as papers write it; undefined for other expressions. */
function metricAt(expression: ExpressionNode, table: KindTable): string | undefined {
  if (expression.kind !== 'Binary' || expression.operator !== '@') return undefined;
  const name = singleName(expression.left)?.name;
  return name !== undefined && rowIn(table, name) ? `${name}(${spanText(expression.right.span)})` : undefined;
}

const kindPlaces: Readonly<Record<string, WordPlace>> = {
  'kind of feature': 'feature',
  block: 'block',
  score: 'score',
  loss: 'loss',
  weighting: 'weighting',
  optimizer: 'optimizer',
  metric: 'metric',
  'metric of accuracy': 'metric',
  split: 'split',
};

/** Makes a call that no file contains: the arguments `given` and the defaults of the kind. */
export function bindDefaults(
  kind: string,
  row: KindRow,
  given: Readonly<Record<string, unknown>>,
  span: Call['span'],
): Call {
  const defaults = Object.entries(row.parameters).map(([name, { default: value }]) => [name, value]);
  return { kind, arguments: { ...Object.fromEntries(defaults), ...given }, span };
}

/** @param extra parameters that the context of the call adds to those of the kind */
export function bindCall(call: CallNode, row: KindRow, binding: Binding, extra: Parameters = {}): Call | undefined {
  return new CallBinding(call, row, binding, extra).bind();
}

/** Binds one value of an entry or of an argument. */
export function bindValue(
  parameter: Parameter,
  value: ExpressionNode,
  of: string,
  binding: Binding,
): Converted | undefined {
  return convertArgument(parameter, value, of, binding, (call, row) => bindCall(call, row, binding));
}

class CallBinding {
  readonly #call: CallNode;
  readonly #kind: string;
  readonly #row: KindRow;
  readonly #extra: Parameters;
  readonly #parameters: Parameters;
  readonly #binding: Binding;
  /** Maps parameters to their arguments, including those with a wrong value. */
  readonly #places = new Map<string, ArgumentNode>();
  readonly #values: Record<string, unknown> = {};
  /** Parameters with an invalid value. */
  readonly #wrong = new Set<string>();
  #valid = true;
  /** Number of arguments that match no parameter. */
  #misfits = 0;

  constructor(call: CallNode, row: KindRow, binding: Binding, extra: Parameters) {
    this.#call = call;
    this.#kind = call.callee.name;
    this.#row = row;
    this.#extra = extra;
    this.#parameters = { ...extra, ...row.parameters };
    this.#binding = binding;
  }

  /** Binds named arguments first, so that a positional argument does not take their parameters. */
  bind(): Call | undefined {
    for (const argument of this.#call.arguments) if (argument.name) this.#bindNamed(argument, argument.name);
    for (const argument of this.#call.arguments) {
      if (!argument.name && ![...this.#places.values()].includes(argument)) this.#bindUnnamed(argument);
    }
    this.#fillDefaults();
    if (!this.#valid) return undefined;
    // The parameters of the kind come first, in the order of its documentation.
    const names = Object.keys({ ...this.#row.parameters, ...this.#extra });
    const inOrder = names.map((name) => [name, this.#values[name]]);
    return { kind: this.#kind, arguments: Object.fromEntries(inOrder), span: this.#call.span };
  }

  #bindNamed(argument: ArgumentNode, { name, span }: IdentifierNode): undefined {
    if (!Object.hasOwn(this.#parameters, name)) return this.#unknown(argument, name, span);
    const parameter = this.#parameters[name]!;
    const { rest, type } = parameter;
    this.#binding.note(span, { is: 'parameter', kind: this.#kind, name, parameter });
    const firstArgument = this.#places.get(name);
    if (firstArgument) {
      repeated(this.#kind, name, argument, firstArgument, this.#binding);
      this.#valid = false;
    } else if (rest && argument.value.kind === 'List') this.#bindList(name, argument, argument.value.items);
    else if (type.is === 'numbers' && looseList(this.#call, argument, name, this.#binding, this.#places)) {
      this.#valid = false;
    } else this.#give(name, argument);
  }

  #bindList(name: string, argument: ArgumentNode, items: readonly ExpressionNode[]): void {
    this.#places.set(name, argument);
    this.#values[name] = [];
    for (const item of items) {
      const converted = bindValue(this.#parameters[name]!, item, name, this.#binding);
      if (converted) this.#put(name, converted);
      else this.#valid = false;
    }
  }

  #unknown(argument: ArgumentNode, name: string, span: IdentifierNode['span']): undefined {
    const takes = Object.keys(this.#parameters);
    const otherArguments = this.#call.arguments.filter((other) => other !== argument);
    const givenNames = otherArguments.flatMap((other) => (other.name ? [other.name.name] : []));
    const openNames = takes.filter((parameter) => !this.#places.has(parameter) && !givenNames.includes(parameter));
    const { extra, ...meant } = guess(name, span, openNames, 'argument', { taken: takes, rows: this.#parameters });
    // In `dense(64, relu: true)` the name is a choice of the parameter `activation`, so the advice is to write `activation: relu`.
    const of = takes.find((parameter) => {
      const { type } = this.#parameters[parameter]!;
      return type.is === 'choice' && type.of.includes(name);
    });
    const advice = of === undefined ? meant.advice : `write \`${of}: ${name}\``;
    const fix = meant.nearest === undefined ? { fixes: [[removal(argument.span)]] } : extra;
    this.#binding.report('unknown-argument', span, { kind: this.#kind, name, takes, ...meant, advice }, fix);
    // Assigning it to the nearest parameter avoids a second error that this parameter is missing.
    if (meant.nearest !== undefined) this.#places.set(meant.nearest, argument);
    this.#valid = false;
  }

  #bindUnnamed(argument: ArgumentNode): void {
    const fittingName = parameterOf(argument.value, this.#parameters, this.#places, this.#binding.constants);
    if (fittingName === undefined) {
      this.#valid = false;
      // Only the first surplus argument is reported, because one error usually displaces all of them.
      const binding = this.#misfits++ === 0 ? this.#binding : without('too-many-arguments', this.#binding);
      misplaced(this.#kind, argument, this.#parameters, this.#places, binding);
    } else if (this.#parameters[fittingName]!.type.is === 'flag' && firstWordOf(argument.value) === fittingName) {
      this.#places.set(fittingName, argument);
      this.#values[fittingName] = true;
      const parameter = this.#parameters[fittingName]!;
      this.#binding.note(argument.value.span, { is: 'word', word: fittingName, name: fittingName, parameter });
    } else this.#give(fittingName, argument);
  }

  #give(name: string, argument: ArgumentNode): void {
    const parameter = this.#parameters[name]!;
    const { rest } = parameter;
    this.#places.set(name, argument);
    if (rest && argument.value.kind === 'List') {
      const write = argument.value.items.map(({ span }) => spanText(span)).join(', ');
      const typeFacts = { of: name, expected: 'values without brackets', found: 'a list in brackets', write };
      this.#binding.report('wrong-type', argument.value.span, typeFacts, rewrite(argument.value.span, write));
      this.#valid = false;
      return;
    }
    // The values of one argument usually have the same error, so only the first is reported.
    const quietBinding = rest && this.#wrong.has(name) ? without('wrong-type', this.#binding) : this.#binding;
    const boundValue = bindValue(parameter, argument.value, name, quietBinding);
    if (boundValue) this.#put(name, boundValue);
    else {
      this.#wrong.add(name);
      this.#valid = false;
    }
  }

  #put(name: string, { value }: Converted): void {
    const earlierValues = (this.#values[name] as unknown[] | undefined) ?? [];
    this.#values[name] = this.#parameters[name]!.rest ? [...earlierValues, value] : value;
  }

  #fillDefaults(): void {
    for (const [name, parameter] of Object.entries(this.#parameters)) {
      if (this.#places.has(name)) continue;
      if (!parameter.required) {
        this.#values[name] = parameter.default;
        continue;
      }
      this.#valid = false;
      // A surplus argument may be meant for this parameter, so there is only one message.
      if (this.#places.size < this.#call.arguments.length) continue;
      const argumentFacts = { kind: this.#kind, name, doc: parameter.doc, example: this.#row.example };
      this.#binding.report('missing-argument', this.#call.span, argumentFacts);
    }
  }
}

const without = (silent: Code, binding: Binding): Binding => ({
  ...binding,
  report: (code, ...found) => (code === silent ? undefined : binding.report(code, ...found)),
});

/** Binds a list without brackets, such as `boundaries: 18, 25, 35`. Reports it and takes all the values. */
function looseList(
  call: CallNode,
  argument: ArgumentNode,
  name: string,
  binding: Binding,
  places: Map<string, ArgumentNode>,
): boolean {
  if (!binding.constants.isNumeric(argument.value)) return false;
  const laterArguments = call.arguments.slice(call.arguments.indexOf(argument) + 1);
  const looseEnd = laterArguments.findIndex(
    (other) => other.name !== undefined || !binding.constants.isNumeric(other.value),
  );
  const looseArguments = looseEnd === -1 ? laterArguments : laterArguments.slice(0, looseEnd);
  const lastArgument = looseArguments.at(-1);
  if (!lastArgument) return false;
  for (const [index, one] of [argument, ...looseArguments].entries())
    places.set(index === 0 ? name : `${name} ${index}`, one);
  const listSpan = { ...argument.value.span, end: lastArgument.span.end };
  const expected = 'a list of numbers, such as `[18, 25, 35]`';
  const bracketFix = { fixes: [[{ at: listSpan, text: `[${spanText(listSpan)}]` }]] };
  binding.report('wrong-type', listSpan, { of: name, expected, found: 'several without brackets' }, bracketFix);
  return true;
}

function misplaced(
  kind: string,
  argument: ArgumentNode,
  parameters: Parameters,
  places: ReadonlyMap<string, ArgumentNode>,
  binding: Binding,
): undefined {
  const word = argument.value.kind === 'Name' ? firstWordOf(argument.value) : undefined;
  const byWord = Object.entries(parameters).flatMap(([name, { type }]) =>
    type.is === 'choice' ? type.of : type.is === 'flag' ? [name] : Object.keys(kindsWithin(type)),
  );
  if (word !== undefined && !binding.constants.has(word)) {
    const repeatedName = Object.entries(parameters).find(
      ([name, { type }]) => places.has(name) && (type.is === 'choice' ? type.of.includes(word) : name === word),
    )?.[0];
    if (repeatedName !== undefined) return repeated(kind, repeatedName, argument, places.get(repeatedName)!, binding);
    const { extra, ...meant } = guess(word, argument.span, byWord, 'choice');
    const unlike = meant.nearest === undefined && meant.advice === undefined;
    if (unlike && meantAsNumber(argument, word, parameters, binding)) return;
    if (byWord.length > 0) {
      const takes = Object.entries(parameters).flatMap(([name, { type }]) => (type.is === 'kind' ? [] : [name]));
      return binding.report('unknown-argument', argument.span, { kind, name: word, takes, ...meant }, extra);
    }
  }
  const takenParameter = Object.entries(parameters).find(
    ([name, { type, positional }]) =>
      positional && places.get(name)?.name !== undefined && looksLike(type, argument.value, binding.constants),
  );
  if (takenParameter) return repeated(kind, takenParameter[0], argument, places.get(takenParameter[0])!, binding);
  const { span, value } = argument;
  // A surplus number may be a size, which is whole, but is no share or factor by guess: `layer_norm(128)` says nothing of `epsilon`.
  const isFraction = !Number.isInteger(Number(spanText(value.span))) && !Number.isNaN(Number(spanText(value.span)));
  const [named, ...others] = Object.entries(parameters).filter(
    ([name, { type }]) =>
      !places.has(name) && type.is !== 'number' && !isFraction && looksLike(type, argument.value, binding.constants),
  );
  const fix = named ? insertion(span.source, span.start, `${named[0]}: `) : removal(span);
  const instead = named && `${named[0]}: ${spanText(value.span)}`;
  const fixAndDoubt = { fixes: [[fix]], doubtful: others.length > 0 };
  binding.report('too-many-arguments', span, { kind, takes: Object.keys(parameters), instead }, fixAndDoubt);
}

/** Reports a word where only a number fits: a misspelled constant, or no number at all. Returns true if it reported one. */
function meantAsNumber(argument: ArgumentNode, word: string, parameters: Parameters, binding: Binding): boolean {
  const numericParameter = Object.entries(parameters).find(
    ([, { type, positional }]) => positional && (type.is === 'integer' || type.is === 'number'),
  );
  if (!numericParameter) return false;
  const { nearest: near, extra } = guess(word, argument.span, binding.constants.names);
  const nameFacts = { what: 'constant', name: word, nearest: near, known: binding.constants.names };
  if (near !== undefined)
    binding.report('unknown-name', argument.span, nameFacts, { ...extra, within: declaredIn.constant });
  else convertArgument(numericParameter[1], argument.value, numericParameter[0], binding, () => undefined);
  return true;
}

function repeated(
  kind: string,
  name: string,
  argument: ArgumentNode,
  first: ArgumentNode,
  binding: Binding,
): undefined {
  binding.report('repeated-argument', argument.span, { kind, name }, repeats(name, first.span, argument.span));
}
