/** Objects within rows: each of their fields as a column of its own, `user.id` as `user_id`. */
import { isObject } from '../../is_object.ts';
import { type Cell, cellOf, type FlatColumn, type LookedTable, objectsBecause, unknownEnding } from './looked_table.ts';

type Row = Readonly<Record<string, unknown>>;

const DEEPEST = 4;
/** An object with more fields is a map, whose keys are values. */
const MOST_FIELDS = 40;
const MOST_COLUMNS = 300;

/** The columns of rows whose objects are taken apart; nothing where no row has an object. `isMap`: the object has keys that are values. */
function flatColumns(
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

/**
 * A table of objects. It needs a copy where a data block does not know the file by its name; and its fields are columns too, where they are objects.
 * @param isMap as of `flatColumns`
 */
export function tableOfObjects(
  seen: Omit<LookedTable, 'path' | 'rewrite' | 'flat'>,
  objects: readonly Row[],
  isKnown: boolean,
  isMap?: Parameters<typeof flatColumns>[1],
): Omit<LookedTable, 'path'> {
  const because = isKnown ? [] : [unknownEnding];
  const table = isKnown ? seen : { ...seen, rewrite: { ...plain, because, header: [] } };
  const fields = flatColumns(objects, isMap);
  if (fields === undefined) return table;
  const header = fields.map(({ name }) => name);
  const { columns, types } = seen;
  // The type of a field is not asked for: its values show enough.
  const typeOf = ({ path }: FlatColumn): string => (path.length === 1 ? types![columns.indexOf(path[0]!)]! : '');
  return {
    ...table,
    flat: {
      ...table,
      columns: header,
      ...(types ? { types: fields.map(typeOf) } : {}),
      rows: objects.map((object) => fields.map((field) => flatCell(object, field))),
      rewrite: { ...plain, because: [...because, objectsBecause], header, fields },
    },
  };
}

/** How a copy of objects is written. */
export const plain = { encoding: 'utf-8', from: ',', to: ',', hasHeader: true } as const;

function flatCell(row: Row, { path }: FlatColumn): Cell {
  let value: unknown = row;
  for (const field of path) value = isObject(value) ? value[field] : undefined;
  return cellOf(value);
}
