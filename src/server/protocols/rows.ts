/** From a row of named inputs to the body of a question, and from a mistake of that body back to the input. */

import type { Mistake } from '../schemas.ts';
import { entryOf, inputOf } from './fields.ts';

export type Row = Readonly<Record<string, unknown>>;

/**
 * An empty text, `null` and NaN are as if the input were not given, and end a list early: tensors have values in all rows, and lists of one length.
 * The values of a feature that belong to the elements of a list, one each, are as many as the elements that are left.
 * @param along by input: the input with that list
 */
export function bodyOf(row: Row, along: ReadonlyMap<string, string>): Row {
  const body: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [input, value] of Object.entries(row)) {
    const list = along.get(input);
    const given = list === undefined ? present(value) : alongside(value, present(row[list]));
    if (given === undefined) continue;
    const [entry, name] = entryOf(input);
    if (name === undefined) body[entry] = given;
    else (groups[entry] ??= Object.create(null) as Record<string, unknown>)[name] = given;
  }
  return { ...body, ...groups };
}

const isPadding = (value: unknown): boolean => value === '' || value === null || Number.isNaN(value);

/** Undefined where nothing is left. A list that is given as an empty one stays one. */
function present(value: unknown): unknown {
  if (value === undefined || isPadding(value)) return undefined;
  if (!Array.isArray(value) || value.length === 0) return value;
  const end = value.findLastIndex((each) => !isPadding(each)) + 1;
  return end === 0 ? undefined : value.slice(0, end);
}

function alongside(value: unknown, list: unknown): unknown {
  if (!Array.isArray(value) || !Array.isArray(list)) return present(value);
  const own = value.slice(0, list.length);
  return own.map((each: unknown) => (Array.isArray(each) ? (present(each) ?? []) : each));
}

/** Where a mistake of an array of bodies is, in the words of a protocol. */
export interface Place {
  readonly row: number;
  /** Absent: the whole row. */
  readonly input?: string;
  /** JSON pointer into the value. */
  readonly within: string;
}

/** Undefined of a mistake that is not in one of the rows. */
export function placeOf({ at }: Mistake): Place | undefined {
  const [, row, entry, ...rest] = at.split('/');
  if (row === undefined || !/^\d+$/.test(row)) return undefined;
  if (entry === undefined) return { row: Number(row), within: '' };
  const isGroup = entry === 'values' || entry === 'weights';
  const name = isGroup ? rest.shift() : unescaped(entry);
  if (name === undefined) return { row: Number(row), within: '' };
  const within = rest.map((each) => `/${each}`).join('');
  const input = isGroup ? nameIn(entry, unescaped(name)) : name;
  return { row: Number(row), input, within };
}

const nameIn = (group: 'values' | 'weights', name: string): string =>
  group === 'weights' ? `weights.${name}` : inputOf(name);
const unescaped = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');
