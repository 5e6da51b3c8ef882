/** Arguments that a block is tried with, made up where none are written yet. */
import type { BlockKind, Parameter } from '../../../compiler/library/contract.ts';

/**
 * A refusal should be of the value, and not of the arguments: so with the defaults, and with the least of every number. None
 * where an argument that is required cannot be made up.
 */
export function argumentsToTry({ parameters }: BlockKind): readonly Readonly<Record<string, unknown>>[] {
  const least = Object.entries(parameters).map(([name, parameter]) => ({ name, parameter, value: leastOf(parameter) }));
  const required = least.filter(({ parameter }) => parameter.required);
  if (required.some(({ value }) => value === undefined)) return [];
  const numbers = least.filter(({ parameter: { type } }) => type.is === 'integer');
  const given = [required, [...required, ...numbers]];
  return given.map((all) => Object.fromEntries(all.map(({ name, value }) => [name, value])));
}

function leastOf({ type, rest }: Parameter): unknown {
  const value = leastOfType(type);
  return rest && value !== undefined ? [value] : value;
}

function leastOfType(type: Parameter['type']): unknown {
  switch (type.is) {
    case 'integer':
      return type.min ?? 1;
    case 'name':
      return type.of;
    case 'flow':
      // Through no steps a value stays as it is.
      return { flow: [] };
    default:
      return undefined;
  }
}
