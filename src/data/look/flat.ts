/** Flattens objects within rows: each of their fields becomes a column, `user.id` as `user_id`. */
import { isObject } from '../../base/util/defined.ts';
import {
  type Cell,
  cellOf,
  type FlatColumn,
  type LookedTable,
  objectsBecause,
  unknownEnding,
  unusedName,
} from './looked_table.ts';

type JsonRow = Readonly<Record<string, unknown>>;

const maxDepth = 4;
/** An object with more fields is a map, whose keys are values. */
const maxFields = 40;
const maxColumns = 300;

/** Returns the columns of flattened rows; undefined where no row has an object. `isMap`: the object has keys that are values. */
function flatColumns(
  rows: readonly JsonRow[],
  isMap: (path: readonly string[]) => boolean = () => false,
): readonly FlatColumn[] | undefined {
  const paths: (readonly string[])[] = [];
  const visit = (objects: readonly JsonRow[], path: readonly string[]): void => {
    for (const field of new Set(objects.flatMap((each) => Object.keys(each)))) {
      const fieldPath = [...path, field];
      const values = objects.map((each) => each[field]).filter((value) => value !== null && value !== undefined);
      const objectValues = values.filter(isObject);
      const fields = new Set(objectValues.flatMap((each) => Object.keys(each)));
      const isRecord =
        objectValues.length > 0 && objectValues.length * 10 >= values.length * 9 && fields.size <= maxFields;
      // The path of a field with quotes has another form in each reader.
      const isPlain = [...fields].every((each) => !/["\\]/.test(each)) && !/["\\]/.test(field);
      if (isRecord && isPlain && fieldPath.length < maxDepth && !isMap(fieldPath)) visit(objectValues, fieldPath);
      else paths.push(fieldPath);
    }
  };
  visit(rows, []);
  if (paths.every(({ length }) => length === 1) || paths.length > maxColumns) return undefined;
  const usedNames = new Set<string>();
  return paths.map((path) => {
    const base = path.length === 1 ? path[0]! : path.join('_').replaceAll(/\W+/g, '_').replaceAll(/_{2,}/g, '_');
    return { name: unusedName(base, usedNames), path };
  });
}

/**
 * Makes a table of objects. It needs a copy where a data block does not know the file by its name; and its fields are columns too, where they are objects.
 * @param isMap see `flatColumns`
 */
export function tableOfObjects(
  seen: Omit<LookedTable, 'path' | 'rewrite' | 'flat'>,
  objects: readonly JsonRow[],
  isKnown: boolean,
  isMap?: Parameters<typeof flatColumns>[1],
): Omit<LookedTable, 'path'> {
  const because = isKnown ? [] : [unknownEnding];
  const table = isKnown ? seen : { ...seen, rewrite: { ...plain, because, header: [] } };
  const fields = flatColumns(objects, isMap);
  if (fields === undefined) return table;
  const header = fields.map(({ name }) => name);
  const { columns, types } = seen;
  // The type of a field is not read: its values show enough.
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

export const plain = { encoding: 'utf-8', from: ',', to: ',', hasHeader: true } as const;

function flatCell(row: JsonRow, { path }: FlatColumn): Cell {
  let value: unknown = row;
  for (const field of path) value = isObject(value) ? value[field] : undefined;
  return cellOf(value);
}
