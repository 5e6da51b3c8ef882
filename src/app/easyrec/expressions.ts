/** Expressions of a config as SQL. Tower checks the SQL itself, against the columns. */
import { quotedColumn } from './groups.ts';

const functions: Readonly<Record<string, string>> = {
  abs: 'abs',
  ceil: 'ceil',
  exp: 'exp',
  floor: 'floor',
  ln: 'ln',
  log: 'ln',
  log10: 'log10',
  log2: 'log2',
  max: 'greatest',
  min: 'least',
  pow: 'pow',
  round: 'round',
  sign: 'sign',
  sqrt: 'sqrt',
};

const signs: Readonly<Record<string, string>> = {
  '==': '=',
  '&&': ' AND ',
  '&': ' AND ',
  '||': ' OR ',
  '|': ' OR ',
  '!': ' NOT ',
};

const piece = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)(\s*\()?|(==|!=|<=|>=|&&|\|\||[-+*/%<>(),&|!]))/y;

/** Undefined where the expression has something else than numbers, columns, known functions and signs. */
export function sqlOf(expression: string, columns: readonly string[]): string | undefined {
  piece.lastIndex = 0;
  let sql = '';
  while (piece.lastIndex < expression.trimEnd().length) {
    const found = piece.exec(expression);
    if (!found) return undefined;
    const [, number, name, call, sign] = found;
    if (number !== undefined) sql += number;
    else if (sign !== undefined) sql += signs[sign] ?? sign;
    else if (call !== undefined) {
      if (!Object.hasOwn(functions, name!.toLowerCase())) return undefined;
      sql += `${functions[name!.toLowerCase()]}(`;
    } else {
      if (!columns.includes(name!)) return undefined;
      sql += quotedColumn(name!);
    }
  }
  return sql === '' ? undefined : sql;
}

/**
 * `method=log10,threshold=1e-10,default=-10` and the like, of numbers.
 * @param column SQL of the value
 */
export function normalizedBy(normalizer: string, column: string): string | undefined {
  const settings = new Map(
    normalizer.split(',').map((each) => {
      const [name = '', ...value] = each.split('=');
      return [name.trim(), value.join('=').trim()] as const;
    }),
  );
  const number = (name: string, otherwise: number): number | undefined => {
    const written = settings.get(name);
    const value = written === undefined ? otherwise : Number(written);
    return Number.isFinite(value) ? value : undefined;
  };
  switch (settings.get('method')) {
    case 'log10': {
      const [threshold, otherwise] = [number('threshold', 1e-10), number('default', -10)];
      if (threshold === undefined || otherwise === undefined) return undefined;
      return `CASE WHEN ${column} > ${threshold} THEN log10(${column}) ELSE ${otherwise} END`;
    }
    case 'zscore': {
      const [mean, deviation] = [number('mean', 0), number('standard_deviation', 1)];
      return mean === undefined || !deviation ? undefined : `(${column} - ${mean}) / ${deviation}`;
    }
    case 'minmax': {
      const [min, max] = [number('min', 0), number('max', 1)];
      return min === undefined || max === undefined || max <= min
        ? undefined
        : `(${column} - ${min}) / ${Number((max - min).toPrecision(12))}`;
    }
    default:
      return undefined;
  }
}
