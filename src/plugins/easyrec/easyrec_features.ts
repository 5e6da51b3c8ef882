/** Converts the features of EasyRec: `feature_config { features { … } }`, or `feature_configs { … }`. */
import { type FeatureDraft, type Identifiers, quotedColumn, quotedText } from './groups.ts';
import {
  draftOf,
  elementsInSql,
  type FeatureKindValue,
  type FindFile,
  type IsList,
  idKind,
  LONGEST,
  numberKind,
  poolOf,
  sqlOf,
  unusedSettings,
} from './kinds.ts';
import type { ConfigPart } from './part.ts';

export interface EasyrecFeatureContext {
  readonly names: Identifiers;
  readonly isList: IsList;
  readonly findFile: FindFile;
}

interface EasyrecFeatureSource extends EasyrecFeatureContext {
  readonly part: ConfigPart;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly dim: number;
}

/** Returns the features by their names in the config, in its order. */
export function easyrecFeatures(root: ConfigPart, context: EasyrecFeatureContext): Map<string, FeatureDraft> {
  const featureParts = [...(root.part('feature_config')?.parts('features') ?? []), ...root.parts('feature_configs')];
  const allFeatures = new Map<string, FeatureDraft>();
  for (const part of featureParts) {
    const inputs = part.texts('input_names');
    const givenName = part.text('feature_name');
    const [first = givenName ?? ''] = inputs;
    add(givenName ?? first, inputs.length > 0 ? inputs : [first]);
    // Each of these names becomes a feature with the same settings.
    for (const other of part.texts('shared_names')) add(other, [other]);

    function add(original: string, columns: readonly string[]): void {
      if (original === '') return;
      const draft = featureOf(part, original, columns, context);
      if (draft) allFeatures.set(original, draft);
    }
  }
  return allFeatures;
}

function featureOf(
  part: ConfigPart,
  original: string,
  inputs: readonly string[],
  context: EasyrecFeatureContext,
): FeatureDraft | undefined {
  const { names } = context;
  const type = part.text('feature_type') ?? 'IdFeature';
  const readFeature = Object.hasOwn(types, type) ? types[type] : undefined;
  if (!readFeature) {
    part.leftOut(`the import does not know features of the type \`${type}\``);
    part.skip(...part.names);
    return undefined;
  }
  const featureName = names.of(original);
  const kindValue = readFeature({ ...context, part, name: original, inputs, dim: part.whole('embedding_dim') ?? 0 });
  unusedSettings(part);
  if (!kindValue) {
    part.skip(...part.names);
    return undefined;
  }
  return draftOf(part, featureName, inputs, kindValue);
}

/** Returns the width of an embedding in the config; 16, with a note, if it has none. */
const widthOf = ({ dim, part }: EasyrecFeatureSource): number => {
  if (dim > 0) return dim;
  part.differs('the config gives no `embedding_dim`: it is 16');
  return 16;
};

const id = (read: EasyrecFeatureSource): FeatureKindValue => ({
  element: idKind(read.part, widthOf(read), read.findFile),
});

function tag(read: EasyrecFeatureSource): FeatureKindValue {
  const { part, inputs, isList } = read;
  const [column = '', weights] = inputs;
  const separator = part.text('separator') ?? '|';
  const pairSeparator = part.text('kv_separator');
  const elements = elementsInSql(column, separator, isList);
  const poolKind = poolOf(part, 'combiner', 'sum');
  const max = part.whole('max_seq_len', 1);
  if (max === undefined) part.differs(`a list keeps its first ${LONGEST} elements: see \`max\``);
  const list = { pool: poolKind, max: max ?? LONGEST };
  const element = idKind(part, widthOf(read), read.findFile);
  if (pairSeparator) {
    const piece = (at: number): string => `split_part(pair, ${quotedText(pairSeparator)}, ${at})`;
    return {
      element,
      sql: `[${piece(1)} FOR pair IN ${elements}]`,
      list: { ...list, weights: `[CAST(${piece(2)} AS DOUBLE) FOR pair IN ${elements}]` },
    };
  }
  if (weights === undefined) return { element, sql: elements, list };
  return {
    element,
    sql: elements,
    list: { ...list, weights: `[CAST(weight AS DOUBLE) FOR weight IN ${elementsInSql(weights, separator, isList)}]` },
  };
}

function sequence(read: EasyrecFeatureSource): FeatureKindValue | undefined {
  const { part, inputs, isList, dim } = read;
  const column = inputs[0] ?? '';
  const max = part.whole('max_seq_len', 1) ?? LONGEST;
  const sql = elementsInSql(column, part.text('separator') ?? '|', isList);
  const isNumber = part.text('sub_feature_type') === 'RawFeature';
  if (part.has('seq_multi_sep')) {
    part.at('seq_multi_sep').leftOut('each element of the sequence is one value');
    part.skip('seq_multi_sep');
  }
  part.noteIfAny('the sequence is pooled by its mean', 'sequence_combiner');
  part.skip('sequence_length', 'combiner');
  if (isNumber && !part.has('boundaries') && !(part.number('max_val') ?? 0)) {
    part.leftOut('a sequence of numbers needs `boundaries`: write `along(HISTORY, number(…))` next to a history');
    return undefined;
  }
  const element = isNumber ? ranged(part, Math.max(dim, 1)).element : idKind(part, widthOf(read), read.findFile);
  return {
    element,
    sql: isNumber ? `[TRY_CAST(each AS DOUBLE) FOR each IN ${sql}]` : sql,
    list: { pool: 'mean', max },
  };
}

function raw(read: EasyrecFeatureSource): FeatureKindValue {
  const { part, inputs, dim, isList } = read;
  const column = inputs[0] ?? '';
  const normalizer = part.text('normalizer_fn');
  if (normalizer) part.at('normalizer_fn').leftOut('code of Python is not read: write the expression in `columns`');
  const vectorWidth = part.whole('raw_input_dim', 1) ?? 1;
  if (vectorWidth > 1) {
    const elements = elementsInSql(column, part.text('separator') ?? '|', isList);
    const sql = isList(column) ? elements : `[CAST(each AS DOUBLE) FOR each IN ${elements}]`;
    part.skip('min_val', 'max_val');
    return { element: `vector(${[String(vectorWidth), ...(dim > 0 ? [`dim: ${dim}`] : [])].join(', ')})`, sql };
  }
  const { element, sql } = ranged(part, dim, column);
  return { element, ...(sql === undefined ? {} : { sql }) };
}

const MOST_PIECES = 1000;

/** Converts a number that `min_val` and `max_val` map to [0, 1], in buckets if there are `num_buckets`. */
function ranged(part: ConfigPart, dim: number, column?: string): { readonly element: string; readonly sql?: string } {
  const [min, max] = [part.number('min_val') ?? 0, part.number('max_val') ?? 0];
  const buckets = part.whole('num_buckets') ?? 0;
  const isRanged = max > min;
  if (part.has('boundaries')) {
    if (isRanged) part.at('min_val').leftOut('the boundaries are those of the number as it is');
    return { element: numberKind(part, dim) };
  }
  if (isRanged && buckets > 1 && buckets <= MOST_PIECES) {
    const step = (max - min) / buckets;
    const boundaries = Array.from({ length: buckets }, (_, index) => Number((min + index * step).toPrecision(9)));
    return { element: `number(boundaries: [${boundaries.join(', ')}], dim: ${Math.max(dim, 1)})` };
  }
  if (buckets > MOST_PIECES) part.at('num_buckets').leftOut(`a number has at most ${MOST_PIECES} pieces here`);
  else if (buckets > 0) part.at('num_buckets').leftOut('`num_buckets` of a number needs `min_val` and `max_val`');
  const element = numberKind(part, dim);
  return isRanged && column !== undefined
    ? { element, sql: `(${quotedColumn(column)} - ${min}) / ${Number((max - min).toPrecision(12))}` }
    : { element };
}

/** Converts a combination of columns: the joined text of all of them is hashed, as in the config. */
function combo(read: EasyrecFeatureSource): FeatureKindValue {
  const { part, inputs } = read;
  const joinText = part.text('combo_join_sep') ?? '';
  part.skip('combo_input_seps', 'separator');
  const columns = inputs.map((column) => `CAST(${quotedColumn(column)} AS VARCHAR)`).join(', ');
  return {
    sql: `concat_ws(${quotedText(joinText === '' ? '_X_' : joinText)}, ${columns})`,
    element: idKind(part, widthOf(read), read.findFile),
  };
}

/** Converts the look-up of a key in a map `key:value|key:value`. */
function lookup(read: EasyrecFeatureSource): FeatureKindValue {
  const { part, inputs, isList } = read;
  const [map = '', key = ''] = inputs;
  const pairs = elementsInSql(map, part.text('separator') ?? '|', isList);
  const pairSign = quotedText(part.text('kv_separator') ?? ':');
  const max = part.whole('lookup_max_sel_elem_num', 1) ?? 10;
  return {
    element: idKind(part, widthOf(read), read.findFile),
    sql: `[split_part(pair, ${pairSign}, 2) FOR pair IN ${pairs} IF split_part(pair, ${pairSign}, 1) = CAST(${quotedColumn(key)} AS VARCHAR)]`,
    list: { pool: poolOf(part, 'combiner', 'sum'), max },
  };
}

function expression(read: EasyrecFeatureSource): FeatureKindValue | undefined {
  const { part, inputs, dim } = read;
  const expressionText = part.text('expression') ?? '';
  const sql = sqlOf(expressionText, inputs);
  if (sql === undefined) {
    part.at('expression').leftOut(`the import cannot write \`${expressionText}\` as SQL: write it in \`columns\``);
    return undefined;
  }
  return { sql, element: numberKind(part, dim) };
}

function passed({ part }: EasyrecFeatureSource): undefined {
  part.leftOut('a feature that is only passed through is no input of the model');
  return undefined;
}

const types: Readonly<Record<string, (read: EasyrecFeatureSource) => FeatureKindValue | undefined>> = {
  IdFeature: id,
  RawFeature: raw,
  TagFeature: tag,
  ComboFeature: combo,
  LookupFeature: lookup,
  SequenceFeature: sequence,
  ExprFeature: expression,
  PassThroughFeature: passed,
};
