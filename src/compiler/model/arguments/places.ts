/** Which parameter each argument of a call is for: by name, by word, by place. */
import { callsOf, type Parameter, type Parameters } from '../../library/contract.ts';
import type { ArgumentNode, CallNode, ExpressionNode } from '../../syntax/ast.ts';
import { wordOf } from '../calls.ts';
import type { Binding } from '../values.ts';

/** Which parameter each argument of a call is for, as `bindCall` fills them; one that has no place is absent. */
export function placesOf(call: CallNode, parameters: Parameters, numeric: Numeric): ReadonlyMap<ArgumentNode, string> {
  const found = new Map<ArgumentNode, string>();
  const places = new Map<string, ArgumentNode>();
  const give = (name: string, argument: ArgumentNode): void => {
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

/** Which parameter an argument without a name is for. A word that a parameter knows goes to it, wherever it is. */
export function place(
  value: ExpressionNode,
  parameters: Parameters,
  places: ReadonlyMap<string, ArgumentNode>,
  binding: Numeric,
): string | undefined {
  const free = Object.entries(parameters).filter(([name, { rest }]) => rest || !places.has(name));
  const word = wordOf(value);
  if (word !== undefined) {
    const knows = ([name, { type }]: [string, Parameter]): boolean =>
      (type.is === 'choice' && value.kind === 'Name' && type.of.includes(word)) ||
      (type.is === 'flag' && value.kind === 'Name' && name === word) ||
      Object.hasOwn(callsOf(type), word);
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
  // A lone wrong value still belongs to the place it is in; a word belongs to nothing that is not made of words.
  const taken = positional.filter(([name, { rest }]) => rest || !places.has(name));
  return taken.find(([, { type }]) => word === undefined || type.is !== 'kind')?.[0];
}

export function looksLike(type: Parameter['type'], value: ExpressionNode, binding: Numeric): boolean {
  switch (type.is) {
    case 'integer':
    case 'number':
      return binding.constants.isNumeric(value) || value.kind === 'Unary' || value.kind === 'Binary';
    case 'text':
      return value.kind === 'Text';
    case 'numbers':
      return value.kind === 'List';
    case 'name':
    case 'side':
      return value.kind === 'Name' && !binding.constants.isNumeric(value);
    case 'feature':
      return value.kind === 'Name' || value.kind === 'Call';
    case 'flow':
      return value.kind === 'Name' || value.kind === 'Call' || value.kind === 'Flow';
    default:
      return false;
  }
}
