/** What blocks ask of the value that flows into them; each throws ShapeError in the language's words. */
import { type Fields, ShapeError, type Value, type ValueType, type Vector } from './contract.ts';

/** A value without its tensors. */
export function typeOf(value: Value): ValueType {
  switch (value.kind) {
    case 'fields':
      return { kind: 'fields', fields: value.fields.map(({ name, width }) => ({ name, width })) };
    case 'sequence':
      return { kind: 'sequence', length: value.length, width: value.width };
    case 'vector':
      return { kind: 'vector', width: value.width };
  }
}

/** As the editor shows it: `fields[9 × 16]`, `fields[32, 4, 8]`, `sequence[50 × 32]`, `vector[64]`. */
export function printValueType(type: ValueType): string {
  switch (type.kind) {
    case 'fields': {
      const widths = type.fields.map((field) => field.width);
      const same = widths.length > 0 && widths.every((width) => width === widths[0]);
      return same ? `fields[${widths.length} × ${widths[0]}]` : `fields[${widths.join(', ')}]`;
    }
    case 'sequence':
      return `sequence[${type.length} × ${type.width}]`;
    case 'vector':
      return `vector[${type.width}]`;
  }
}

const print = (value: Value): string => printValueType(typeOf(value));

/** A vector, or a single field, which is one already. */
export function asVector(value: Value): Vector | undefined {
  if (value.kind === 'vector') return value;
  const [field, ...others] = value.kind === 'fields' ? value.fields : [];
  if (field === undefined || others.length > 0) return undefined;
  return { kind: 'vector', tensor: field.tensor, width: field.width, normalized: false };
}

export function needVector(value: Value): Vector {
  const vector = asVector(value);
  if (vector !== undefined) return vector;
  throw new ShapeError(
    `needs a vector, but gets ${print(value)}`,
    undefined,
    value.kind === 'fields' ? 'flatten' : 'mean',
  );
}

export function needFields(value: Value): Fields {
  if (value.kind === 'fields') return value;
  throw new ShapeError(`needs fields, but gets ${print(value)}`);
}

/** Fields that all have the width of most of them; else the first that differs is the odd one. */
export function needOneWidth(value: Fields): number {
  const counts = new Map<number, number>();
  for (const { width } of value.fields) counts.set(width, (counts.get(width) ?? 0) + 1);
  const width = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
  const odd = value.fields.find((field) => field.width !== width);
  if (odd === undefined) return width;
  throw new ShapeError(
    `needs fields of one width, but gets ${print(value)}: \`${odd.name}\` has width ${odd.width}, not ${width}`,
    odd.name,
  );
}
