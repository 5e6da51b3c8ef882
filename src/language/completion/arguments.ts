/** Inside a call: the arguments that it does not have yet, and what the one at the cursor may be. */
import * as t from '../../../grammar/tokens.ts';
import { callsOf, type Parameter } from '../../library/contract.ts';
import { is } from '../../syntax/token.ts';
import { calleeAt } from '../callee.ts';
import type { CallAtCursor } from '../cursor.ts';
import type { CompletionContext } from './context.ts';
import { blocksAt } from './flows.ts';
import { argumentItem, type Completion, kindItems, symbolItem, unique } from './item.ts';

/** @param outer the calls around it, outermost first */
export function argumentsAt(
  here: CompletionContext,
  call: CallAtCursor,
  outer: readonly CallAtCursor[],
): readonly Completion[] {
  const { facts, place } = here;
  const last = place.before.at(-1);
  const called = calleeAt(facts, place, call, outer);
  if (!called) return [];
  if (called.what === 'score' && call.argument === undefined && (is(last, t.Dot) || call.index < 2)) {
    return sidesAt(here);
  }
  if (called.what === 'history' && call.index === 0) return unique([...here.names('feature'), ...here.columns()]);
  const { parameters } = called;
  // A flow may begin with a block of several values: `concat(deep, wide)`.
  const begins =
    called.what === 'block' && place.declaration.word === 'tower' && call.arrows === 0 && outer.length === 0;
  if (begins && is(last, t.Dot)) return here.names('task');
  const known = call.argument === undefined ? undefined : parameters[call.argument];
  if (call.argument !== undefined) return known ? valuesOf(here, call.argument, known) : [];
  const free = Object.entries(parameters).filter(
    ([parameter, { rest }]) => !call.named.includes(parameter) && (rest || !given(call, parameter)),
  );
  const values = free.flatMap(([parameter, row]) => byPlace(here, parameter, row));
  const named = free.filter(([, row]) => row.type.is !== 'flag');
  return unique([...values, ...named.map(([parameter, row]) => argumentItem(call.callee.image, parameter, row))]);
}

/** Towers; after a dot the channels of one. */
function sidesAt(here: CompletionContext): readonly Completion[] {
  const { before } = here.place;
  const tower = is(before.at(-1), t.Dot) ? before.at(-2)?.image : undefined;
  if (tower === undefined) return here.names('tower');
  return here.symbols
    .steps(tower)
    .filter(({ kind }) => kind === 'channel')
    .map(symbolItem);
}

/** Whether an earlier argument is this flag, or a word that only this parameter has. */
function given({ given: earlier }: CallAtCursor, parameter: string): boolean {
  return earlier.some((tokens) => tokens.length === 1 && tokens[0]!.image === parameter);
}

/** The arguments that need no name. */
function byPlace(here: CompletionContext, name: string, parameter: Parameter): readonly Completion[] {
  const { type, positional } = parameter;
  if (type.is === 'choice' || type.is === 'kind') return valuesOf(here, name, parameter);
  if (type.is === 'flag') return [{ label: name, kind: 'choice', detail: 'flag', doc: parameter.doc }];
  return positional ? valuesOf(here, name, parameter) : [];
}

function valuesOf(here: CompletionContext, name: string, parameter: Parameter): readonly Completion[] {
  const { type } = parameter;
  switch (type.is) {
    case 'choice':
      return type.of.map((label) => {
        const usual = label === parameter.default ? ' (default)' : '';
        return { label, kind: 'choice', detail: `${name}${usual}`, doc: parameter.doc };
      });
    case 'flag':
      return ['true', 'false'].map((label) => ({ label, kind: 'choice', detail: name }));
    case 'kind':
      return kindItems(name, type.of);
    case 'name':
      return here.names(type.of);
    case 'column':
      return unique([...here.names('column'), ...here.columns()]);
    case 'side':
      return sidesAt(here);
    case 'feature':
      return [...here.names('feature'), ...kindItems('kind of feature', here.library.features)];
    case 'flow':
      return blocksAt(here);
    case 'number':
      return [...kindItems(name, callsOf(type)), ...here.names('constant')];
    case 'integer':
    case 'numbers':
      return here.names('constant');
    default:
      return [];
  }
}
