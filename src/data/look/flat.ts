/** Objects within rows: each of their fields as a column of its own, `user.id` as `user_id`. */
import { type Cell, cellOf, type FlatColumn } from './looked_table.ts';

type Row = Readonly<Record<string, unknown>>;

const DEEPEST = 4;
/** An object with more fields is a map, whose keys are values. */
const MOST_FIELDS = 40;
const MOST_COLUMNS = 300;

/** The columns of rows whose objects are taken apart; nothing where no row has an object. `isMap`: the object has keys that are values. */
export function flatColumns(
  rows: readonly Row[],
  isMap: (path: readonly string[]) => boolean = () => false,
): readonly FlatColumn[] | undefined {
  const paths: (readonly string[])[] = [];
  const visit = (objects: readonly Row[], path: readonly string[]): void => {
    for (const field of new Set(objects.flatMap((each) => Object.keys(each)))) {
      const own = [...path, field];
      const values = objects.map((each) => each[field]).filter((value) => value !== null && value !== undefined);
      const inner = values.filter(isObject);
      const fields = new Set(inner.flatMap((each) => Object.keys(each)));
      const isRecord = inner.length > 0 && inner.length * 10 >= values.length * 9 && fields.size <= MOST_FIELDS;
      // The path of a field with quotes has another form in each reader.
      const isPlain = [...fields].every((each) => !/["\\]/.test(each)) && !/["\\]/.test(field);
      if (isRecord && isPlain && own.length < DEEPEST && !isMap(own)) visit(inner, own);
      else paths.push(own);
    }
  };
  visit(rows, []);
  if (paths.every(({ length }) => length === 1) || paths.length > MOST_COLUMNS) return undefined;
  const taken = new Set<string>();
  return paths.map((path) => {
    const base = path.length === 1 ? path[0]! : path.join('_').replaceAll(/\W+/g, '_').replaceAll(/_{2,}/g, '_');
    let name = base;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${base}_${number}`;
    taken.add(name.toLowerCase());
    return { name, path };
  });
}

export function flatCell(row: Row, { path }: FlatColumn): Cell {
  let value: unknown = row;
  for (const field of path) value = isObject(value) ? value[field] : undefined;
  return cellOf(value);
}

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
