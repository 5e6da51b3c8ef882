/** Converts the parts that features of both dialects share: a column and the encoding of its values. */
import { type FeatureDraft, type Identifiers, quotedColumn, quotedText } from './groups.ts';
import type { ConfigPart } from './part.ts';

export type FeatureKindValue = Pick<FeatureDraft, 'sql' | 'element' | 'list'>;

/** Makes a feature from its name in the model, the columns that it reads, and the result of its kind. */
export function draftOf(
  part: ConfigPart,
  name: string,
  reads: readonly string[],
  value: FeatureKindValue,
): FeatureDraft {
  return {
    name,
    reads,
    rows: part.whole('hash_bucket_size') || part.whole('num_buckets') || 0,
    line: part.line,
    element: value.element,
    sql: value.sql ?? (reads[0] === name ? undefined : reads[0]!),
    list: value.list,
    table: part.text('embedding_name') || undefined,
  };
}

export const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** What the features of a config share. */
export interface ConfigFeatureContext {
  readonly names: Identifiers;
  /** True for a column that has lists in the files, which need no splitting. */
  readonly isList: (column: string) => boolean;
  /** Returns the path of a vocabulary file for `data.tower`; undefined if there is none. */
  readonly findFile: (path: string) => string | undefined;
}

/** A feature of the config whose kind is read. */
export interface ConfigFeature extends ConfigFeatureContext {
  readonly part: ConfigPart;
  /** The columns that it reads. */
  readonly inputs: readonly string[];
  /** Width of its embedding; 0 if the config has none. */
  readonly dim: number;
}

/** Returns the kind of an id with an embedding. */
export function idKind({ part, findFile }: ConfigFeature, dim: number): string {
  const settings = [`dim: ${dim}`];
  const listedValues = part.texts('vocab_list').filter((value) => value !== '' && !/[\r\n]/.test(value));
  const file = part.text('vocab_file');
  const foundFile = file === undefined || file === '' ? undefined : findFile(file);
  const hashRows = part.whole('hash_bucket_size') ?? 0;
  const buckets = part.whole('num_buckets') ?? 0;
  countOf(part, settings);
  part.noteIfAny('values are learned from the training part, each with a row of its own', 'vocab_dict');
  part.noteIfAny('all other values share a row that Tower adds', 'default_bucketize_value');
  if (listedValues.length > 0) return `category(${[...new Set(listedValues)].map(quoted).join(', ')}, dim: ${dim})`;
  if (foundFile !== undefined) return `id(vocabulary: ${quoted(foundFile)}, dim: ${dim})`;
  if (file)
    part.at('vocab_file').differs(`there is no file \`${file}\` here: values are learned from the training part`);
  if (hashRows > 0) return `id(hash: ${hashRows}, ${settings.join(', ')})`;
  if (buckets > 0) {
    part.at('num_buckets').notNeeded('values are learned from the training part, and any others share one row');
  }
  return `id(${settings.join(', ')})`;
}

function countOf(part: ConfigPart, settings: string[]): void {
  const ev = part.part('ev_params');
  const dynamic = part.part('dynamicemb');
  const minimalCount =
    ev?.whole('filter_freq') ?? dynamic?.part('frequency_admission_strategy')?.whole('threshold') ?? 0;
  if (minimalCount > 1) settings.push(`min_count: ${minimalCount}`);
  ev?.skip('use_cache', 'init_capacity', 'max_capacity');
  if ((ev?.whole('steps_to_live') ?? 0) > 0) {
    ev!.at('steps_to_live').leftOut('rows do not expire by steps: see `expire_days` of `id`');
  }
  part.noteIfAny('a table has a row for each value of the training part, and none is evicted', 'zch', 'dynamicemb');
}

/** Returns the kind of a number. `boundaries` are for the result of `sql`. */
export function numberKind(part: ConfigPart, dim: number): string {
  const boundaries = [...new Set(part.numbers('boundaries'))].sort((a, b) => a - b);
  if (boundaries.length > 0) return `number(boundaries: [${boundaries.join(', ')}], dim: ${Math.max(dim, 1)})`;
  return dim > 0 ? `number(dim: ${dim})` : 'number';
}

const textColumn = (column: string): string => `CAST(${quotedColumn(column)} AS VARCHAR)`;

/** Returns SQL for the elements of a column with several values: the first one that the feature reads, unless another is given. */
export function elementsInSql({ inputs, isList }: ConfigFeature, separator: string, column = inputs[0] ?? ''): string {
  if (isList(column)) return quotedColumn(column);
  // If each row has one number, DuckDB reads a CSV column as numbers.
  return `string_split(${textColumn(column)}, ${quotedText(separator)})`;
}

/** Returns the kind of a feature whose column has a fixed number of values. */
export function vectorKind(source: ConfigFeature, width: number, separator: string): FeatureKindValue {
  const { inputs, isList, dim } = source;
  const elements = elementsInSql(source, separator);
  const sql = isList(inputs[0] ?? '') ? elements : `[CAST(each AS DOUBLE) FOR each IN ${elements}]`;
  return { element: `vector(${width}${dim > 0 ? `, dim: ${dim}` : ''})`, sql };
}

/** Returns SQL for the elements of a sequence of numbers. */
export const numbersInSql = (elements: string): string => `[TRY_CAST(each AS DOUBLE) FOR each IN ${elements}]`;

/** Notes that a sequence of numbers was left out, because it has no pieces. */
export function leaveOutNumbers(part: ConfigPart): undefined {
  part.leftOut('a sequence of numbers needs `boundaries`: write `along(HISTORY, number(…))` next to a history');
}

/** Returns SQL for the joined text of all columns of a combination, which is hashed. */
export const joinedInSql = ({ inputs }: ConfigFeature, separator: string): string =>
  `concat_ws(${quotedText(separator)}, ${inputs.map(textColumn).join(', ')})`;

/** Returns SQL for the values of a key in a map `key:value|key:value`: the first column is the map, the second one the key. */
export function foundInSql(source: ConfigFeature, separator: string, pairSeparator: string): string {
  const pairs = elementsInSql(source, separator);
  const sign = quotedText(pairSeparator);
  const key = textColumn(source.inputs[1] ?? '');
  return `[split_part(pair, ${sign}, 2) FOR pair IN ${pairs} IF split_part(pair, ${sign}, 1) = ${key}]`;
}

/** Returns the kind of a number that an expression computes; undefined, with a note, if it cannot be written as SQL. */
export function expressionKind({ part, inputs, dim }: ConfigFeature): FeatureKindValue | undefined {
  const expression = part.text('expression') ?? '';
  const sql = sqlOf(expression, inputs);
  if (sql !== undefined) return { element: numberKind(part, dim), sql };
  part.at('expression').leftOut(`the import cannot write \`${expression}\` as SQL: write it in \`columns\``);
  return undefined;
}

export function unusedSettings(part: ConfigPart): void {
  part.noteIfAny("the first values of a table are drawn by Tower's rule", 'initializer', 'init_fn');
  part.noteIfAny('the number goes through one learned map, or through its boundaries', 'autodis', 'mlp', 'dense_emb');
  for (const name of ['default_value', 'fg_encoded_default_value', 'fill_missing'] as const) {
    const defaultText = part.text(name);
    if (defaultText !== undefined && defaultText !== '' && defaultText !== '0') {
      part.at(name).differs('a missing value has a row of its own, or is 0 as a number');
    }
  }
  if (part.flag('use_mask', false)) part.at('use_mask').leftOut('values are not masked: `id(drop: 10%)` drops ids');
  if (!part.flag('trainable', true))
    part.at('trainable').differs('the table is trained; `frozen` needs vectors in a file');
}

export const poolOf = (part: ConfigPart, name: string, otherwise: 'sum' | 'mean'): 'mean' | 'sum' => {
  const pool = part.text(name) ?? otherwise;
  if (pool === 'sum' || pool === 'mean') return pool;
  part.at(name).differs(`Tower does not pool by \`${pool}\`: elements are pooled by their mean`);
  return 'mean';
};

/** Maximum list length if the config has no limit. */
export const defaultMaxElements = 50;

/** Converts expressions of a config to SQL. Tower itself checks the SQL against the columns. */
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

/** Returns undefined if the expression has anything but numbers, columns, known functions and signs. */
function sqlOf(expression: string, columns: readonly string[]): string | undefined {
  piece.lastIndex = 0;
  let sql = '';
  while (piece.lastIndex < expression.trimEnd().length) {
    const pieceMatch = piece.exec(expression);
    if (!pieceMatch) return undefined;
    const [, number, name, call, sign] = pieceMatch;
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

/** Converts a normalizer of numbers such as `method=log10,threshold=1e-10,default=-10`. @param column SQL of the value */
export function normalizedBy(normalizer: string, column: string): string | undefined {
  const settings = new Map(
    normalizer.split(',').map((setting) => {
      const [name = '', ...value] = setting.split('=');
      return [name.trim(), value.join('=').trim()] as const;
    }),
  );
  const number = (name: string, otherwise: number): number | undefined => {
    const parsedNumber = Number(settings.get(name) ?? otherwise);
    return Number.isFinite(parsedNumber) ? parsedNumber : undefined;
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
