import type { File } from '../../../compiler/syntax/ast.ts';
import { plain } from './plain.ts';

/** The tree as JSON; an identifier is its name and place alone. */
export function astJson(file: File): unknown {
  return withoutKind(plain(file));
}

function withoutKind(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKind);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, part]) => key !== 'kind' || part !== 'Identifier');
  return Object.fromEntries(entries.map(([key, part]) => [key, withoutKind(part)]));
}
