/** Arguments at random, from the declarations of a kind alone: whatever its table allows may come. */
import type { BoundKind, KindRow, Parameter } from '../../src/compiler/library/contract.ts';

/** The next of the choices that make a model: a number below `count`; 0 once they are used up, so that less is simpler. */
export type Choose = (count: number) => number;

export const oneOf = <T>(choose: Choose, values: readonly T[]): T => values[choose(values.length)]!;

export interface Surroundings {
  /** Names that an argument may name, by what it asks for. */
  readonly names: Readonly<Partial<Record<'feature' | 'label' | 'task' | 'block' | 'tower', readonly string[]>>>;
  /** Features and calls of feature kinds that a list may be of. */
  readonly elements?: readonly (BoundKind | { readonly feature: string })[];
  /** Widths that go together: what `dim` is drawn from. */
  readonly widths: readonly number[];
}

/** Always given, as their defaults are for real models: large. */
const sizes = ['dim', 'units', 'hash', 'max'];

/** Undefined where something is required that is not there. */
export function randomCall(choose: Choose, kind: string, row: KindRow, around: Surroundings): BoundKind | undefined {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(row.parameters)) {
    const given = parameter.required || sizes.includes(name) || choose(3) === 1;
    const value = given ? randomValue(choose, name, parameter, around) : undefined;
    if (parameter.required && (value === undefined || (Array.isArray(value) && value.length === 0))) return undefined;
    values[name] = value ?? parameter.default;
  }
  return { kind, arguments: values };
}

function randomValue(choose: Choose, name: string, { type, rest }: Parameter, around: Surroundings): unknown {
  const one = (): unknown => {
    switch (type.is) {
      case 'integer': {
        if (name === 'dim') return oneOf(choose, around.widths);
        const low = type.min ?? 1;
        return low + choose(Math.min((type.max ?? low + 4) - low + 1, 5));
      }
      case 'number': {
        const calls = Object.entries(type.or ?? {});
        if (calls.length > 0 && choose(3) === 1) {
          const [kind, row] = oneOf(choose, calls);
          return randomCall(choose, kind, row, around);
        }
        const low = type.min ?? type.above ?? -1;
        const high = type.max ?? type.below ?? low + 2;
        return low + ((1 + choose(7)) / 8) * (high - low);
      }
      case 'choice':
        return oneOf(choose, type.of);
      case 'flag':
        return choose(2) === 1;
      case 'numbers':
        return [1, 2.5, 4].slice(0, 1 + choose(3));
      case 'name': {
        const known = around.names[type.of] ?? [];
        return known.length === 0 ? undefined : oneOf(choose, known);
      }
      case 'side':
      // A name of a file, and there is none.
      case 'text':
        return undefined;
      case 'kind': {
        const inner = oneOf(choose, Object.keys(type.of));
        return randomCall(choose, inner, type.of[inner]!, around);
      }
      case 'feature':
        return around.elements && oneOf(choose, around.elements);
      case 'flow':
        return undefined;
    }
  };
  if (!rest) return one();
  // All tasks, or one after the other: a task named twice is a mistake.
  if (type.is === 'name') return around.names[type.of] ?? [];
  if (type.is === 'text') return ['a', 'b'];
  return Array.from({ length: 1 + choose(2) }, one);
}
