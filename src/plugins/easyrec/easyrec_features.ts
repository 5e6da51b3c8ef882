/** Converts the features of EasyRec: `feature_config { features { … } }`, or `feature_configs { … }`. */
import { type FeatureDraft, quotedColumn, quotedText } from './groups.ts';
import {
  type ConfigFeature,
  type ConfigFeatureContext,
  defaultMaxElements,
  draftOf,
  elementsInSql,
  expressionKind,
  type FeatureKindValue,
  foundInSql,
  idKind,
  joinedInSql,
  leaveOutNumbers,
  numberKind,
  numbersInSql,
  poolOf,
  unusedSettings,
  vectorKind,
} from './kinds.ts';
import type { ConfigPart } from './part.ts';

/** Returns the features by their names in the config, in its order. */
export function easyrecFeatures(root: ConfigPart, context: ConfigFeatureContext): Map<string, FeatureDraft> {
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
  context: ConfigFeatureContext,
): FeatureDraft | undefined {
  const type = part.text('feature_type') ?? 'IdFeature';
  const readFeature = Object.hasOwn(types, type) ? types[type] : undefined;
  if (!readFeature) {
    part.leftOut(`the import does not know features of the type \`${type}\``);
    part.skip(...part.names);
    return undefined;
  }
  const featureName = context.names.of(original);
  const kindValue = readFeature({ ...context, part, inputs, dim: part.whole('embedding_dim') ?? 0 });
  unusedSettings(part);
  if (!kindValue) {
    part.skip(...part.names);
    return undefined;
  }
  return draftOf(part, featureName, inputs, kindValue);
}

/** Returns the width of an embedding in the config; 16, with a note, if it has none. */
const widthOf = ({ dim, part }: ConfigFeature): number => {
  if (dim > 0) return dim;
  part.differs('the config gives no `embedding_dim`: it is 16');
  return 16;
};

const embeddedId = (source: ConfigFeature): string => idKind(source, widthOf(source));

const id = (source: ConfigFeature): FeatureKindValue => ({ element: embeddedId(source) });

const separatorOf = (part: ConfigPart): string => part.text('separator') ?? '|';

function tag(source: ConfigFeature): FeatureKindValue {
  const { part, inputs } = source;
  const [, weightsColumn] = inputs;
  const separator = separatorOf(part);
  const pairSeparator = part.text('kv_separator');
  const elements = elementsInSql(source, separator);
  const pool = poolOf(part, 'combiner', 'sum');
  const max = part.whole('max_seq_len', 1);
  if (max === undefined) part.differs(`a list keeps its first ${defaultMaxElements} elements: see \`max\``);
  const list = { pool, max: max ?? defaultMaxElements };
  const element = embeddedId(source);
  if (pairSeparator) {
    const piece = (index: number): string => `split_part(pair, ${quotedText(pairSeparator)}, ${index})`;
    const weights = `[CAST(${piece(2)} AS DOUBLE) FOR pair IN ${elements}]`;
    return { element, sql: `[${piece(1)} FOR pair IN ${elements}]`, list: { ...list, weights } };
  }
  if (weightsColumn === undefined) return { element, sql: elements, list };
  const weights = `[CAST(weight AS DOUBLE) FOR weight IN ${elementsInSql(source, separator, weightsColumn)}]`;
  return { element, sql: elements, list: { ...list, weights } };
}

function sequence(source: ConfigFeature): FeatureKindValue | undefined {
  const { part, dim } = source;
  const max = part.whole('max_seq_len', 1) ?? defaultMaxElements;
  const sql = elementsInSql(source, separatorOf(part));
  const isNumber = part.text('sub_feature_type') === 'RawFeature';
  if (part.has('seq_multi_sep')) {
    part.at('seq_multi_sep').leftOut('each element of the sequence is one value');
    part.skip('seq_multi_sep');
  }
  part.noteIfAny('the sequence is pooled by its mean', 'sequence_combiner');
  part.skip('sequence_length', 'combiner');
  const list = { pool: 'mean', max } as const;
  if (!isNumber) return { element: embeddedId(source), sql, list };
  if (!part.has('boundaries') && !(part.number('max_val') ?? 0)) return leaveOutNumbers(part);
  return { element: ranged(part, Math.max(dim, 1)).element, sql: numbersInSql(sql), list };
}

function raw(source: ConfigFeature): FeatureKindValue {
  const { part, inputs, dim } = source;
  const normalizer = part.text('normalizer_fn');
  if (normalizer) part.at('normalizer_fn').leftOut('code of Python is not read: write the expression in `columns`');
  const width = part.whole('raw_input_dim', 1) ?? 1;
  if (width === 1) return ranged(part, dim, inputs[0]);
  part.skip('min_val', 'max_val');
  return vectorKind(source, width, separatorOf(part));
}

const maxPieces = 1000;

/** Converts a number that `min_val` and `max_val` map to [0, 1], in buckets if there are `num_buckets`. */
function ranged(part: ConfigPart, dim: number, column?: string): { readonly element: string; readonly sql?: string } {
  const [min, max] = [part.number('min_val') ?? 0, part.number('max_val') ?? 0];
  const buckets = part.whole('num_buckets') ?? 0;
  const isRanged = max > min;
  if (part.has('boundaries')) {
    if (isRanged) part.at('min_val').leftOut('the boundaries are those of the number as it is');
    return { element: numberKind(part, dim) };
  }
  if (isRanged && buckets > 1 && buckets <= maxPieces) {
    const step = (max - min) / buckets;
    const boundaries = Array.from({ length: buckets }, (_, index) => Number((min + index * step).toPrecision(9)));
    return { element: `number(boundaries: [${boundaries.join(', ')}], dim: ${Math.max(dim, 1)})` };
  }
  if (buckets > maxPieces) part.at('num_buckets').leftOut(`a number has at most ${maxPieces} pieces here`);
  else if (buckets > 0) part.at('num_buckets').leftOut('`num_buckets` of a number needs `min_val` and `max_val`');
  const element = numberKind(part, dim);
  return isRanged && column !== undefined
    ? { element, sql: `(${quotedColumn(column)} - ${min}) / ${Number((max - min).toPrecision(12))}` }
    : { element };
}

/** Converts a combination of columns: the joined text of all of them is hashed, as in the config. */
function combo(source: ConfigFeature): FeatureKindValue {
  source.part.skip('combo_input_seps', 'separator');
  const sql = joinedInSql(source, source.part.text('combo_join_sep') || '_X_');
  return { sql, element: embeddedId(source) };
}

function lookup(source: ConfigFeature): FeatureKindValue {
  const { part } = source;
  const sql = foundInSql(source, separatorOf(part), part.text('kv_separator') ?? ':');
  const max = part.whole('lookup_max_sel_elem_num', 1) ?? 10;
  return { element: embeddedId(source), sql, list: { pool: poolOf(part, 'combiner', 'sum'), max } };
}

function passed({ part }: ConfigFeature): undefined {
  part.leftOut('a feature that is only passed through is no input of the model');
}

const types: Readonly<Record<string, (source: ConfigFeature) => FeatureKindValue | undefined>> = {
  IdFeature: id,
  RawFeature: raw,
  TagFeature: tag,
  ComboFeature: combo,
  LookupFeature: lookup,
  SequenceFeature: sequence,
  ExprFeature: expressionKind,
  PassThroughFeature: passed,
};
