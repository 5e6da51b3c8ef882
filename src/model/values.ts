/** One written value → the checked value of a parameter's type. */
import type { KindRow, ParameterType } from '../library/contract.ts';
import type { Call as CallNode, Expression } from '../syntax/ast.ts';
import { textOf } from '../text/source.ts';
import { asCall } from './calls.ts';
import type { Constants } from './constants.ts';
import { describeExpression, describeType, inRange } from './describe.ts';
import { guess } from './guess.ts';
import type { Call, FlowStep } from './model.ts';
import { type Extra, type Report, rewrite } from './report.ts';

export type NameSort = 'feature' | 'label' | 'task' | 'block';

/** What a value may refer to. */
export interface Binding {
  readonly report: Report;
  readonly constants: Constants;
  /** Names of the file, by sort. */
  readonly names: { readonly [S in NameSort]: Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'> };
  readonly featureKinds: Readonly<Record<string, KindRow>>;
  /** Called for each name that a value reads, and where one could not be looked up. */
  readonly onName?: (sort: NameSort, name: string) => void;
  readonly onUnknown?: (sort: NameSort) => void;
  /** Looks a step of a flow up, where the value of an argument may be one. */
  readonly steps?: (step: Expression) => FlowStep | undefined;
}

export interface Converted {
  readonly value: unknown;
}

/** Binds a call that stands within a value: `negatives: sampled(4)`. */
export type BindNested = (call: CallNode, row: KindRow) => Call | undefined;

/**
 * @param of what the value is for, as the message names it
 * @returns nothing when it does not fit; the report says why
 */
export function convert(
  type: ParameterType,
  value: Expression,
  of: string,
  binding: Binding,
  bind: BindNested,
): Converted | undefined {
  const wrong = (extra?: Extra): undefined => {
    const facts = { of, expected: describeType(type), found: describeExpression(value) };
    binding.report('wrong-type', value.span, facts, extra);
    return undefined;
  };
  const word = value.kind === 'Name' && value.parts.length === 1 ? value.parts[0]!.name : undefined;

  switch (type.is) {
    case 'integer':
    case 'number': {
      const number = binding.constants.number(value, of, describeType(type));
      if (number === undefined) return undefined;
      if (type.is === 'integer' && !Number.isSafeInteger(number)) {
        const written = textOf(value.span);
        const found = value.kind === 'Number' ? `the number ${written}` : `${written} = ${number}`;
        binding.report('wrong-type', value.span, { of, expected: describeType(type), found });
        return undefined;
      }
      if (inRange(number, type)) return { value: number };
      binding.report('out-of-range', value.span, { of, expected: describeType(type), value: number });
      return undefined;
    }
    case 'choice': {
      if (word === undefined) {
        const quoted = value.kind === 'Text' && type.of.includes(value.value);
        return wrong(quoted ? rewrite(value.span, value.value) : undefined);
      }
      if (type.of.includes(word)) return { value: word };
      const { extra, ...meant } = guess(word, value.span, type.of, 'choice');
      binding.report('unknown-choice', value.span, { of, word, choices: type.of, ...meant }, extra);
      return undefined;
    }
    case 'flag':
      return word === 'true' || word === 'false' ? { value: word === 'true' } : wrong();
    case 'text':
      if (value.kind === 'Text') return { value: value.value };
      return wrong(word === undefined ? undefined : rewrite(value.span, `"${word}"`));
    case 'numbers':
      return numbers(type.ascending ?? false, value, of, binding, wrong);
    case 'name': {
      if (word === undefined) {
        const quoted = value.kind === 'Text' && binding.names[type.of].has(value.value);
        return wrong(quoted ? rewrite(value.span, value.value) : undefined);
      }
      if (!isKnown(type.of, word, value, binding)) return undefined;
      binding.onName?.(type.of, word);
      return { value: word };
    }
    case 'kind': {
      const call = asCall(value);
      if (!call) return wrong();
      const { name, span } = call.callee;
      if (Object.hasOwn(type.of, name)) return boundOrNothing(bind(call, type.of[name]!));
      const choices = Object.keys(type.of);
      const { extra, ...meant } = guess(name, span, choices, 'choice');
      binding.report('unknown-choice', span, { of, word: name, choices, ...meant }, extra);
      return undefined;
    }
    case 'feature':
      return feature(value, binding, bind, wrong);
    case 'flow': {
      if (!binding.steps) return wrong();
      const steps = (value.kind === 'Flow' ? value.steps : [value]).map(binding.steps);
      return steps.every((step) => step !== undefined) ? { value: { flow: steps } } : undefined;
    }
  }
}

const boundOrNothing = (value: unknown): Converted | undefined => (value === undefined ? undefined : { value });

function isKnown(of: NameSort, word: string, value: Expression, binding: Binding): boolean {
  if (binding.names[of].has(word)) return true;
  const known = [...binding.names[of].keys()];
  const { nearest: near, extra } = guess(word, value.span, known);
  if (near === undefined) binding.onUnknown?.(of);
  else binding.onName?.(of, near);
  binding.report('unknown-name', value.span, { what: of, name: word, nearest: near, known }, extra);
  return false;
}

function numbers(
  ascending: boolean,
  value: Expression,
  of: string,
  binding: Binding,
  wrong: (extra?: Extra) => undefined,
): Converted | undefined {
  if (value.kind !== 'List') {
    return wrong(binding.constants.isNumeric(value) ? rewrite(value.span, `[${textOf(value.span)}]`) : undefined);
  }
  const items = value.items.map((item) => binding.constants.number(item, of, 'a list of numbers'));
  if (items.some((item) => item === undefined)) return undefined;
  const given = items as number[];
  if (ascending && given.some((item, index) => index > 0 && item <= given[index - 1]!)) {
    const sorted = [...new Set(given)].sort((a, b) => a - b);
    binding.report('not-ascending', value.span, { of }, rewrite(value.span, `[${sorted.join(', ')}]`));
    return undefined;
  }
  return { value: given };
}

/** A declared feature's name, or a call of a feature kind. */
function feature(
  value: Expression,
  binding: Binding,
  bind: BindNested,
  wrong: (extra?: Extra) => undefined,
): Converted | undefined {
  const call = asCall(value);
  if (!call) return wrong();
  const { name, span } = call.callee;
  if (value.kind === 'Name' && binding.names.feature.has(name)) {
    binding.onName?.('feature', name);
    return { value: { feature: name } };
  }
  const row = Object.hasOwn(binding.featureKinds, name) ? binding.featureKinds[name] : undefined;
  if (row) return boundOrNothing(bind(call, row));
  const kinds = Object.keys(binding.featureKinds);
  if (value.kind === 'Name') {
    const known = [...binding.names.feature.keys()];
    const { extra, ...meant } = guess(name, span, [...known, ...kinds], 'feature', { declared: known });
    if (meant.nearest === undefined) binding.onUnknown?.('feature');
    else if (binding.names.feature.has(meant.nearest)) binding.onName?.('feature', meant.nearest);
    binding.report('unknown-name', span, { what: 'feature', name, known, ...meant }, extra);
  } else {
    const { extra, ...meant } = guess(name, span, kinds, 'feature');
    binding.report('unknown-kind', span, { what: 'kind of feature', name, known: kinds, ...meant }, extra);
  }
  return undefined;
}
