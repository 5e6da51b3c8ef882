/** Binds an expression to one of the kinds of a table, or to its defaults. */
import type { WordPlace } from '../../base/text/synonyms.ts';
import type { KindRow, Parameters } from '../library/contract.ts';
import type { Expression } from '../syntax/ast.ts';
import { bindCall } from './arguments/call.ts';
import { asCall } from './calls.ts';
import { describeExpression } from './describe.ts';
import { guess } from './guess.ts';
import type { Call } from './model.ts';
import type { Binding } from './values.ts';

export type Table = Readonly<Record<string, KindRow>>;

/**
 * A call, or a bare word that represents a call without arguments, of one of the kinds of `table`.
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

const kindPlaces: Readonly<Record<string, WordPlace>> = {
  'kind of feature': 'feature',
  block: 'block',
  score: 'score',
  loss: 'loss',
  weighting: 'weighting',
  optimizer: 'optimizer',
  metric: 'metric',
  split: 'split',
};

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
