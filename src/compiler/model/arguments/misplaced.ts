/** Reports arguments that have no place, or a place that is taken. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { textOf } from '../../../base/text/source.ts';
import { callsOf, type Parameters } from '../../library/contract.ts';
import type { ArgumentNode } from '../../syntax/ast.ts';
import { wordOf } from '../calls.ts';
import { insertion, removal } from '../edits.ts';
import { guess } from '../guess.ts';
import { type Binding, convert } from '../values.ts';
import { looksLike } from './places.ts';

export function misplaced(
  kind: string,
  argument: ArgumentNode,
  parameters: Parameters,
  places: ReadonlyMap<string, ArgumentNode>,
  binding: Binding,
): void {
  const word = argument.value.kind === 'Name' ? wordOf(argument.value) : undefined;
  const byWord = Object.entries(parameters).flatMap(([name, { type }]) =>
    type.is === 'choice' ? type.of : type.is === 'flag' ? [name] : Object.keys(callsOf(type)),
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
function meantAsNumber(argument: ArgumentNode, word: string, parameters: Parameters, binding: Binding): boolean {
  const numeric = Object.entries(parameters).find(
    ([, { type, positional }]) => positional && (type.is === 'integer' || type.is === 'number'),
  );
  if (!numeric) return false;
  const { nearest: near, extra } = guess(word, argument.span, binding.constants.names);
  const facts = { what: 'constant', name: word, nearest: near, known: binding.constants.names };
  if (near !== undefined) binding.report('unknown-name', argument.span, facts, extra);
  else convert(numeric[1].type, argument.value, numeric[0], binding, () => undefined);
  return true;
}

export function repeated(
  kind: string,
  name: string,
  argument: ArgumentNode,
  first: ArgumentNode,
  binding: Binding,
): void {
  binding.report(
    'repeated-argument',
    argument.span,
    { kind, name },
    { notes: [{ message: notes.first(name), at: first.span }], fixes: [[removal(argument.span)]] },
  );
}
