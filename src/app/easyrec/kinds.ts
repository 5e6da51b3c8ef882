/** What features of both dialects have in common: a column, and how one value of it becomes numbers. */
import type { FeatureDraft } from './draft.ts';
import { quotedColumn, quotedText } from './groups.ts';
import type { ImportNotes } from './notes.ts';
import type { ConfigPart } from './part.ts';

export type FeatureKindValue = Pick<FeatureDraft, 'sql' | 'element' | 'list'>;

/** A feature by its name in the model, the columns that it reads, and what its kind makes of them. */
export function draftOf(
  part: ConfigPart,
  name: string,
  reads: readonly string[],
  value: FeatureKindValue,
): FeatureDraft {
  const table = part.text('embedding_name');
  const sql = value.sql ?? (reads[0] === name ? undefined : reads[0]!);
  return {
    name,
    reads,
    rows: part.whole('hash_bucket_size') || part.whole('num_buckets') || 0,
    line: part.line,
    element: value.element,
    ...(sql === undefined ? {} : { sql }),
    ...(value.list ? { list: value.list } : {}),
    ...(table ? { table } : {}),
  };
}

/** Columns that are lists in the files: they need no splitting. */
export type IsList = (column: string) => boolean;

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** The file of a vocabulary, as `data.tower` names it. Undefined where there is none. */
export type FindFile = (path: string) => string | undefined;

/** The kind of one value with an embedding. Undefined where the config has no rows for it. */
export function idKind(part: ConfigPart, dim: number, notes: ImportNotes, findFile: FindFile): string {
  const settings = [`dim: ${dim}`];
  const listedValues = part.texts('vocab_list').filter((value) => value !== '' && !/[\r\n]/.test(value));
  const file = part.text('vocab_file');
  const foundFile = file === undefined || file === '' ? undefined : findFile(file);
  const hashRows = part.whole('hash_bucket_size') ?? 0;
  const buckets = part.whole('num_buckets') ?? 0;
  countOf(part, settings, notes);
  if (part.has('vocab_dict')) {
    notes.differs(part.at('vocab_dict'), 'values are learned from the training part, each with a row of its own');
    part.skip('vocab_dict', 'default_bucketize_value');
  }
  if (part.has('default_bucketize_value')) {
    notes.differs(part.at('default_bucketize_value'), 'all other values share a row that Tower adds');
    part.skip('default_bucketize_value');
  }
  if (listedValues.length > 0) return `category(${[...new Set(listedValues)].map(quoted).join(', ')}, dim: ${dim})`;
  if (foundFile !== undefined) return `id(vocabulary: ${quoted(foundFile)}, dim: ${dim})`;
  if (file)
    notes.differs(
      part.at('vocab_file'),
      `there is no file \`${file}\` here: values are learned from the training part`,
    );
  if (hashRows > 0) return `id(hash: ${hashRows}, ${settings.join(', ')})`;
  if (buckets > 0) {
    notes.notNeeded(part.at('num_buckets'), 'values are learned from the training part, and any others share one row');
  }
  return `id(${settings.join(', ')})`;
}

function countOf(part: ConfigPart, settings: string[], notes: ImportNotes): void {
  const ev = part.part('ev_params');
  const dynamic = part.part('dynamicemb');
  const minimalCount =
    ev?.whole('filter_freq') ?? dynamic?.part('frequency_admission_strategy')?.whole('threshold') ?? 0;
  if (minimalCount > 1) settings.push(`min_count: ${minimalCount}`);
  ev?.skip('use_cache', 'init_capacity', 'max_capacity');
  if ((ev?.whole('steps_to_live') ?? 0) > 0) {
    notes.leftOut(ev!.at('steps_to_live'), 'rows do not expire by steps: see `expire_days` of `id`');
  }
  for (const name of ['zch', 'dynamicemb'] as const) {
    if (!part.has(name)) continue;
    notes.differs(part.at(name), 'a table has a row for each value of the training part, and none is evicted');
    part.skip(name);
  }
}

/** `boundaries` are those of the value that `sql` gives. */
export function numberKind(part: ConfigPart, dim: number): string {
  const boundaries = [...new Set(part.numbers('boundaries'))].sort((a, b) => a - b);
  if (boundaries.length > 0) return `number(boundaries: [${boundaries.join(', ')}], dim: ${Math.max(dim, 1)})`;
  return dim > 0 ? `number(dim: ${dim})` : 'number';
}

/** SQL of the elements of a column with several values. */
export function elementsInSql(column: string, separator: string, isList: IsList): string {
  if (isList(column)) return quotedColumn(column);
  // Where each row has one number, a CSV column is one of numbers.
  return `string_split(CAST(${quotedColumn(column)} AS VARCHAR), ${quotedText(separator)})`;
}

export function unusedSettings(part: ConfigPart, notes: ImportNotes): void {
  for (const name of ['initializer', 'init_fn'] as const) {
    if (!part.has(name)) continue;
    notes.differs(part.at(name), "the first values of a table are drawn by Tower's rule");
    part.skip(name);
  }
  for (const name of ['autodis', 'mlp', 'dense_emb'] as const) {
    if (!part.has(name)) continue;
    notes.differs(part.at(name), 'the number goes through one learned map, or through its boundaries');
    part.skip(name);
  }
  for (const name of ['default_value', 'fg_encoded_default_value', 'fill_missing'] as const) {
    const value = part.text(name);
    if (value !== undefined && value !== '' && value !== '0') {
      notes.differs(part.at(name), 'a missing value has a row of its own, or is 0 as a number');
    }
  }
  if (part.flag('use_mask', false))
    notes.leftOut(part.at('use_mask'), 'values are not masked: `id(drop: 10%)` drops ids');
  if (!part.flag('trainable', true))
    notes.differs(part.at('trainable'), 'the table is trained; `frozen` needs vectors in a file');
}

export const poolOf = (
  part: ConfigPart,
  name: string,
  otherwise: 'sum' | 'mean',
  notes: ImportNotes,
): 'mean' | 'sum' => {
  const written = part.text(name) ?? otherwise;
  if (written !== 'sum' && written !== 'mean') {
    notes.differs(part.at(name), `Tower does not pool by \`${written}\`: elements are pooled by their mean`);
  }
  return written === 'sum' ? 'sum' : 'mean';
};

/** How many elements a list keeps where the config has no limit. */
export const LONGEST = 50;
