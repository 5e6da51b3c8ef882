/** Binds what a call is given to what its kind declares: by word, by place, by name; every misfit is a diagnostic. */

import type { Code } from '../diagnostics/codes.ts';
import { notes } from '../diagnostics/notes.ts';
import type { KindRow, Parameter, Parameters, ParameterType } from '../library/contract.ts';
import type { Argument, Call as CallNode, Expression } from '../syntax/ast.ts';
import { textOf } from '../text/source.ts';
import type { Place } from '../text/synonyms.ts';
import { asCall, wordOf } from './calls.ts';
import { describeExpression } from './describe.ts';
import { insertion, removal } from './edits.ts';
import { guess } from './guess.ts';
import type { Call } from './model.ts';
import { type Binding, type Converted, convert } from './values.ts';

export type Table = Readonly<Record<string, KindRow>>;

/**
 * A call, or a bare word that stands for a call without arguments, of one of the kinds of `table`.
 * @param what what its place asks for: "block", "loss"
 * @param extra parameters that the place adds to the kind's own, such as `patience` in `stop = recall(50, patience: 2)`
 * @returns nothing when a part of it is wrong; the report says why
 */
export function bindKind(
  what: string,
  table: Table,
  expression: Expression,
  binding: Binding,
  extra: Parameters = {},
): Call | undefined {
  const call = asCall(expression);
  if (!call) {
    const facts = { what, found: describeExpression(expression), known: Object.keys(table) };
    binding.report('expected-kind', expression.span, facts);
    return undefined;
  }
  const { name, span } = call.callee;
  const row = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!row) {
    const known = Object.keys(table);
    const { extra, ...meant } = guess(name, span, known, kindPlaces[what]);
    binding.report('unknown-kind', span, { what, name, known, ...meant }, extra);
    return undefined;
  }
  return bindCall(call, row, binding, extra);
}

const kindPlaces: Readonly<Record<string, Place>> = {
  'kind of feature': 'feature',
  block: 'block',
  score: 'score',
  loss: 'loss',
  weighting: 'weighting',
  optimizer: 'optimizer',
  metric: 'metric',
  split: 'split',
};

/** One value of an entry, or of an argument. */
export function bindValue(type: ParameterType, value: Expression, of: string, binding: Binding): Converted | undefined {
  return convert(type, value, of, binding, (call, row) => bindCall(call, row, binding));
}

export function bindCall(call: CallNode, row: KindRow, binding: Binding, extra: Parameters = {}): Call | undefined {
  const parameters: Parameters = { ...extra, ...row.parameters };
  const kind = call.callee.name;
  const places = new Map<string, Argument>();
  const values: Record<string, unknown> = {};
  const wrong = new Set<string>();
  let sound = true;

  const give = (name: string, argument: Argument, type = parameters[name]!.type): void => {
    places.set(name, argument);
    // Several values of one argument are mostly wrong alike.
    const quiet = parameters[name]!.rest && wrong.has(name) ? without('wrong-type', binding) : binding;
    const converted = bindValue(type, argument.value, name, quiet);
    if (converted) put(name, converted);
    else {
      wrong.add(name);
      sound = false;
    }
  };
  const put = (name: string, { value }: Converted): void => {
    values[name] = parameters[name]!.rest ? [...((values[name] as unknown[] | undefined) ?? []), value] : value;
  };

  // Named arguments first, so that a place which is named is not filled again by order.
  for (const argument of call.arguments) {
    if (!argument.name) continue;
    const { name, span } = argument.name;
    if (!Object.hasOwn(parameters, name)) {
      const takes = Object.keys(parameters);
      const given = call.arguments.flatMap((other) => (other.name && other !== argument ? [other.name.name] : []));
      const { extra, ...meant } = guess(
        name,
        span,
        takes.filter((parameter) => !places.has(parameter) && !given.includes(parameter)),
        'argument',
        { taken: takes },
      );
      // `dense(64, relu: true)`: a word that says which of several needs no yes or no.
      const of = takes.find((parameter) => {
        const { type } = parameters[parameter]!;
        return type.is === 'choice' && type.of.includes(name);
      });
      const advice = of === undefined ? meant.advice : `write \`${of}: ${name}\``;
      const fix = meant.nearest === undefined ? { fixes: [[removal(argument.span)]] } : extra;
      binding.report('unknown-argument', span, { kind, name, takes, ...meant, advice }, fix);
      // Taken as the one it was meant to be, so that it is not also missing.
      if (meant.nearest !== undefined) places.set(meant.nearest, argument);
      sound = false;
      continue;
    }
    const first = places.get(name);
    if (first) {
      repeated(kind, name, argument, first, binding);
      sound = false;
    } else if (parameters[name]!.rest && argument.value.kind === 'List') {
      places.set(name, argument);
      values[name] = [];
      for (const item of argument.value.items) {
        const converted = bindValue(parameters[name]!.type, item, name, binding);
        if (converted) put(name, converted);
        else sound = false;
      }
    } else if (parameters[name]!.type.is === 'numbers' && looseList(call, argument, name, binding, places)) {
      sound = false;
    } else give(name, argument);
  }

  let misfits = 0;
  for (const argument of call.arguments) {
    if (argument.name || [...places.values()].includes(argument)) continue;
    const name = place(argument.value, parameters, places, binding);
    if (name === undefined) {
      sound = false;
      // Of several without a place the first is reported: mostly one mistake moved them all.
      misplaced(kind, argument, parameters, places, misfits++ === 0 ? binding : without('too-many-arguments', binding));
    } else if (parameters[name]!.type.is === 'flag' && wordOf(argument.value) === name) {
      places.set(name, argument);
      values[name] = true;
    } else give(name, argument);
  }

  for (const [name, parameter] of Object.entries(parameters)) {
    if (places.has(name)) continue;
    if (parameter.required) {
      sound = false;
      // An argument that could not be placed may be this one: one mistake, one message.
      if (places.size < call.arguments.length) continue;
      binding.report('missing-argument', call.span, { kind, name, doc: parameter.doc, example: row.example });
    } else values[name] = parameter.default;
  }
  if (!sound) return undefined;
  // The kind's own first, as its page lists them.
  const inOrder = Object.keys({ ...row.parameters, ...extra }).map((name) => [name, values[name]]);
  return { kind, arguments: Object.fromEntries(inOrder), span: call.span };
}

/** `boundaries: 18, 25, 35`: a list without its brackets. Reported, and all of it taken. */
function looseList(
  call: CallNode,
  argument: Argument,
  name: string,
  binding: Binding,
  places: Map<string, Argument>,
): boolean {
  if (!binding.constants.isNumeric(argument.value)) return false;
  const after = call.arguments.slice(call.arguments.indexOf(argument) + 1);
  const end = after.findIndex((other) => other.name !== undefined || !binding.constants.isNumeric(other.value));
  const rest = end === -1 ? after : after.slice(0, end);
  const last = rest.at(-1);
  if (!last) return false;
  for (const [index, one] of [argument, ...rest].entries()) places.set(index === 0 ? name : `${name} ${index}`, one);
  const at = { ...argument.value.span, end: last.span.end };
  const expected = 'a list of numbers, such as `[18, 25, 35]`';
  const extra = { fixes: [[{ at, text: `[${textOf(at)}]` }]] };
  binding.report('wrong-type', at, { of: name, expected, found: 'several without brackets' }, extra);
  return true;
}

const without = (silent: Code, binding: Binding): Binding => ({
  ...binding,
  report: (code, ...found) => (code === silent ? undefined : binding.report(code, ...found)),
});

/** A call that no file wrote, with the kind's defaults where `given` says nothing. */
export function bindDefaults(
  kind: string,
  row: KindRow,
  given: Readonly<Record<string, unknown>>,
  span: Call['span'],
): Call {
  const defaults = Object.entries(row.parameters).map(([name, { default: value }]) => [name, value]);
  return { kind, arguments: { ...Object.fromEntries(defaults), ...given }, span };
}

/** Which parameter each argument of a call is for, as `bindCall` fills them; one that has no place is absent. */
export function placesOf(call: CallNode, parameters: Parameters, numeric: Numeric): ReadonlyMap<Argument, string> {
  const found = new Map<Argument, string>();
  const places = new Map<string, Argument>();
  const give = (name: string, argument: Argument): void => {
    found.set(argument, name);
    places.set(name, argument);
  };
  for (const argument of call.arguments) {
    const name = argument.name?.name;
    if (name !== undefined && Object.hasOwn(parameters, name)) give(name, argument);
  }
  for (const argument of call.arguments) {
    if (argument.name) continue;
    const name = place(argument.value, parameters, places, numeric);
    if (name !== undefined) give(name, argument);
  }
  return found;
}

/** What a place asks of a binding: which expressions are numbers. */
type Numeric = { readonly constants: Pick<Binding['constants'], 'isNumeric'> };

/** Which parameter an argument without a name is for. A word that a parameter knows goes to it, wherever it stands. */
function place(
  value: Expression,
  parameters: Parameters,
  places: ReadonlyMap<string, Argument>,
  binding: Numeric,
): string | undefined {
  const free = Object.entries(parameters).filter(([name, { rest }]) => rest || !places.has(name));
  const word = wordOf(value);
  if (word !== undefined) {
    const knows = ([name, { type }]: [string, Parameter]): boolean =>
      (type.is === 'choice' && value.kind === 'Name' && type.of.includes(word)) ||
      (type.is === 'flag' && value.kind === 'Name' && name === word) ||
      (type.is === 'kind' && Object.hasOwn(type.of, word));
    const known = free.find(knows);
    if (known) return known[0];
  }
  const positional = free.filter(([, parameter]) => parameter.positional && parameter.type.is !== 'flag');
  const fits = positional.find(([, { type }]) => looksLike(type, value, binding));
  if (fits) return fits[0];
  // What fits a place that is named already is given twice.
  const named = Object.entries(parameters).some(
    ([name, { type, positional }]) =>
      positional && places.get(name)?.name !== undefined && looksLike(type, value, binding),
  );
  if (named) return undefined;
  // A lone wrong value still belongs to the place it stands in; a word belongs to nothing that is not made of words.
  const taken = positional.filter(([name, { rest }]) => rest || !places.has(name));
  return taken.find(([, { type }]) => word === undefined || type.is !== 'kind')?.[0];
}

function looksLike(type: Parameter['type'], value: Expression, binding: Numeric): boolean {
  switch (type.is) {
    case 'integer':
    case 'number':
      return binding.constants.isNumeric(value) || value.kind === 'Unary' || value.kind === 'Binary';
    case 'text':
      return value.kind === 'Text';
    case 'numbers':
      return value.kind === 'List';
    case 'name':
      return value.kind === 'Name' && !binding.constants.isNumeric(value);
    case 'feature':
      return value.kind === 'Name' || value.kind === 'Call';
    case 'flow':
      return value.kind === 'Name' || value.kind === 'Call' || value.kind === 'Flow';
    default:
      return false;
  }
}

function misplaced(
  kind: string,
  argument: Argument,
  parameters: Parameters,
  places: ReadonlyMap<string, Argument>,
  binding: Binding,
): void {
  const word = argument.value.kind === 'Name' ? wordOf(argument.value) : undefined;
  const byWord = Object.entries(parameters).flatMap(([name, { type }]) =>
    type.is === 'choice' ? type.of : type.is === 'flag' ? [name] : type.is === 'kind' ? Object.keys(type.of) : [],
  );
  if (word !== undefined) {
    const repeatedName = Object.entries(parameters).find(
      ([name, { type }]) => places.has(name) && (type.is === 'choice' ? type.of.includes(word) : name === word),
    )?.[0];
    if (repeatedName !== undefined) {
      repeated(kind, repeatedName, argument, places.get(repeatedName)!, binding);
      return;
    }
    const { extra, ...meant } = guess(word, argument.span, byWord, 'choice');
    const unlike = meant.nearest === undefined && meant.advice === undefined;
    if (unlike && meantAsNumber(argument, word, parameters, binding)) return;
    if (byWord.length > 0) {
      const takes = Object.entries(parameters).flatMap(([name, { type }]) => (type.is === 'kind' ? [] : [name]));
      binding.report('unknown-argument', argument.span, { kind, name: word, takes, ...meant }, extra);
      return;
    }
  }
  const given = Object.entries(parameters).find(
    ([name, { type, positional }]) =>
      positional && places.get(name)?.name !== undefined && looksLike(type, argument.value, binding),
  );
  if (given) {
    repeated(kind, given[0], argument, places.get(given[0])!, binding);
    return;
  }
  const [named, ...others] = Object.entries(parameters).filter(
    ([name, { type }]) => !places.has(name) && looksLike(type, argument.value, binding),
  );
  const { span, value } = argument;
  const fix = named ? insertion(span.source, span.start, `${named[0]}: `) : removal(span);
  const instead = named && `${named[0]}: ${textOf(value.span)}`;
  const extra = { fixes: [[fix]], doubtful: others.length > 0 };
  binding.report('too-many-arguments', span, { kind, takes: Object.keys(parameters), instead }, extra);
}

/** A word where only a number has a place: a misspelt constant, or no number at all. */
function meantAsNumber(argument: Argument, word: string, parameters: Parameters, binding: Binding): boolean {
  const numeric = Object.entries(parameters).find(
    ([, { type, positional }]) => positional && (type.is === 'integer' || type.is === 'number'),
  );
  if (!numeric) return false;
  const { nearest: near, extra } = guess(word, argument.span, binding.constants.names);
  const facts = { what: 'constant', name: word, nearest: near, known: binding.constants.names };
  if (near !== undefined) binding.report('unknown-name', argument.span, facts, extra);
  else bindValue(numeric[1].type, argument.value, numeric[0], binding);
  return true;
}

function repeated(kind: string, name: string, argument: Argument, first: Argument, binding: Binding): void {
  binding.report(
    'repeated-argument',
    argument.span,
    { kind, name },
    { notes: [{ message: notes.first(name), at: first.span }], fixes: [[removal(argument.span)]] },
  );
}
