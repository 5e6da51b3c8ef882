/** Inside a call: the arguments that it does not have yet, and what the one at the cursor may be. */
import * as t from '../../../../grammar/tokens.ts';
import { callsOf, type Parameter } from '../../../compiler/library/contract.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { calleeAt } from '../callee.ts';
import type { CallAtCursor } from '../cursor.ts';
import type { CompletionContext } from './context.ts';
import { beginningsAt, blocksAt } from './flows.ts';
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
  const given = call.given.map((tokens) => tokens.map(({ image }) => image).join(''));
  const flags = given.filter((text) => parameters[text]?.type.is === 'flag');
  const byPlaces = Object.keys(parameters).filter((name) => isByPlace(parameters[name]!));
  const taken = new Set([
    ...call.named,
    ...flags,
    ...byPlaces.slice(0, given.length - flags.length - namedBefore(call)),
  ]);
  const free = Object.entries(parameters).filter(([parameter]) => !taken.has(parameter));
  // In the order of the library, which is that of importance. The words of a choice say less without their argument's name.
  const choices = free.filter(([, { type, positional }]) => isChoice(type) && !positional);
  return unique([
    ...(begins ? beginningsAt(here).filter(({ label }) => !given.includes(label)) : []),
    ...free.flatMap(([parameter, row]) => [
      ...byPlace(here, parameter, row),
      ...(row.type.is === 'flag' ? [] : [argumentItem(call.callee.image, parameter, row)]),
    ]),
    ...choices.flatMap(([parameter, row]) => valuesOf(here, parameter, row)),
  ]);
}

const isByPlace = ({ positional, rest, type }: Parameter): boolean =>
  positional === true && !rest && type.is !== 'flag';

const namedBefore = ({ given }: CallAtCursor): number => given.filter((tokens) => is(tokens[1], t.Colon)).length;

const isChoice = ({ is }: Parameter['type']): boolean => is === 'choice' || is === 'kind';

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

/** The arguments that are known by their place. */
function byPlace(here: CompletionContext, name: string, parameter: Parameter): readonly Completion[] {
  const { type, positional } = parameter;
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
