/** Converts features of TorchEasyRec: `feature_configs { id_feature { … } }`, and sequences of them. */
import { type FeatureDraft, quotedColumn, type SideName } from './groups.ts';
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
  normalizedBy,
  numberKind,
  numbersInSql,
  poolOf,
  unusedSettings,
  vectorKind,
} from './kinds.ts';
import type { ConfigPart } from './part.ts';

interface TorchSequence {
  readonly delimiter: string;
  readonly max: number;
  /** Prefix of the names of its features. */
  readonly name?: string;
}

/** Its columns are without the name of their side, such as `adgroup_id` for `item:adgroup_id`. */
interface TorchFeature extends ConfigFeature {
  readonly sequence?: TorchSequence;
}

const separatorOf = (part: ConfigPart): string => part.text('separator') ?? '\u001d';

/** Returns features by their names in the groups of the config. */
export function torchFeatures(root: ConfigPart, context: ConfigFeatureContext): Map<string, FeatureDraft> {
  const all = new Map<string, FeatureDraft>();
  for (const config of root.parts('feature_configs')) {
    for (const kind of config.names) {
      for (const part of config.parts(kind)) {
        if (kind === 'sequence_feature') grouped(part);
        else add(kind, part, undefined);
      }
    }
  }
  return all;

  function grouped(part: ConfigPart): void {
    const sequenceName = part.text('sequence_name') ?? '';
    const sequence = {
      name: sequenceName,
      delimiter: part.text('sequence_delim') ?? ';',
      max: part.whole('sequence_length', 1) ?? defaultMaxElements,
    };
    part.skip('sequence_pk');
    for (const config of part.parts('features')) {
      for (const kind of config.names) for (const inner of config.parts(kind)) add(kind, inner, sequence);
    }
  }

  function add(kind: string, part: ConfigPart, within: TorchSequence | undefined): void {
    const plainKind = kind.replace(/^sequence_/, '');
    const isSequence = within !== undefined || plainKind !== kind;
    const sequence = isSequence
      ? (within ?? {
          delimiter: part.text('sequence_delim') ?? ';',
          max: part.whole('sequence_length', 1) ?? defaultMaxElements,
        })
      : undefined;
    const givenName = part.text('feature_name') ?? '';
    const original = within?.name ? `${within.name}__${givenName}` : givenName;
    const draft = original === '' ? undefined : featureOf(plainKind, part, original, sequence, context);
    if (draft) all.set(original, draft);
    else part.skip(...part.names);
  }
}

const sourceFields: Readonly<Record<string, readonly string[]>> = {
  expr_feature: ['variables'],
  lookup_feature: ['map', 'key'],
};

function featureOf(
  kind: string,
  part: ConfigPart,
  original: string,
  sequence: TorchSequence | undefined,
  context: ConfigFeatureContext,
): FeatureDraft | undefined {
  const { names } = context;
  const read = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (!read) {
    part.leftOut(`the import does not know \`${kind}\`: compute the column in \`columns\`, or in the files`);
    return undefined;
  }
  if (part.flag('stub_type', false)) {
    part.at('stub_type').leftOut('a value that only other features read is no input: compute it in `columns`');
    return undefined;
  }
  const sources = (sourceFields[kind] ?? ['expression']).flatMap((field) => part.texts(field));
  // A grouped sequence has a column of its own, regardless of the expression of its elements. Features that were computed before are in the column of their
  // name.
  const isOwn = sequence?.name !== undefined || sources.length === 0;
  const [source] = sources;
  if (sequence?.name !== undefined && source !== undefined && `${sequence.name}__${bare(source)}` !== original) {
    part
      .at('expression')
      .differs(
        `the column is \`${original}\`: rows before feature generation have \`${sequence.name}__${bare(source)}\``,
      );
  }
  const inputs = isOwn ? [original] : sources.map(bare);
  const kindValue = read({ ...context, part, inputs, dim: part.whole('embedding_dim') ?? 0, sequence });
  unusedSettings(part);
  part.skip(
    'sequence_delim',
    'sequence_length',
    'sequence_fields',
    'value_dim',
    'separator',
    'pooling',
    'expression',
    'value_separator',
  );
  if (!kindValue) return undefined;
  const featureName = names.of(original);
  const side = sequence ? undefined : sideOf(sources);
  return { ...draftOf(part, featureName, inputs, kindValue), side };
}

const bare = (source: string): string => source.replace(/^\w+:/, '');

function sideOf(sources: readonly string[]): SideName | undefined {
  const sideNames = new Set(sources.flatMap((source) => /^(user|item|context):/.exec(source)?.[1] ?? []));
  return sideNames.has('item') ? 'item' : sideNames.size > 0 ? 'user' : undefined;
}

const embeddedId = (source: ConfigFeature): string => idKind(source, source.dim || 16);

function id(source: TorchFeature): FeatureKindValue {
  const { part, inputs, isList, sequence } = source;
  const element = embeddedId(source);
  const valueWidth = part.whole('value_dim');
  const isMany = valueWidth === undefined ? part.has('separator') || isList(inputs[0] ?? '') : valueWidth !== 1;
  if (part.flag('weighted', false)) {
    part.at('weighted').leftOut('write the weights as a column, and `list(…, weights: COLUMN)`');
  }
  if (sequence && valueWidth !== undefined && valueWidth !== 1)
    part.at('value_dim').differs('an element of a sequence is one value: several in one count as one');
  if (sequence) return { element, ...listOf(source, sequence) };
  if (!isMany) return { element };
  const list = { pool: poolOf(part, 'pooling', 'sum'), max: defaultMaxElements };
  return { element, sql: elementsInSql(source, separatorOf(part)), list };
}

const listOf = (source: ConfigFeature, { delimiter, max }: TorchSequence) => ({
  sql: elementsInSql(source, delimiter),
  list: { pool: 'mean', max } as const,
});

function raw(source: TorchFeature): FeatureKindValue | undefined {
  const { part, inputs, dim, sequence } = source;
  const width = part.whole('value_dim', 1) ?? 1;
  const normalizer = part.text('normalizer');
  const sql = normalizer === undefined ? undefined : normalizedBy(normalizer, quotedColumn(inputs[0] ?? ''));
  if (normalizer !== undefined && (sql === undefined || sequence || width > 1)) {
    part.at('normalizer').leftOut(`\`${normalizer}\` is not applied: write it in \`columns\``);
  }
  if (sequence) {
    if (!part.has('boundaries')) return leaveOutNumbers(part);
    const elements = listOf(source, sequence);
    return { element: numberKind(part, dim || 1), ...elements, sql: numbersInSql(elements.sql) };
  }
  if (width > 1) return vectorKind(source, width, separatorOf(part));
  return { element: numberKind(part, dim), sql };
}

const combo = (source: ConfigFeature): FeatureKindValue => ({
  element: embeddedId(source),
  sql: joinedInSql(source, '_'),
});

function lookup(source: ConfigFeature): FeatureKindValue {
  const { part, dim } = source;
  for (const name of ['combiner', 'normalizer'])
    if (part.has(name)) part.at(name).leftOut('the first value of the key is taken as it is');
  part.skip('need_key', 'combiner', 'normalizer');
  const sql = foundInSql(source, separatorOf(part), ':');
  const isCode = part.flag('need_discrete', false) || part.has('hash_bucket_size') || part.has('num_buckets');
  if (!isCode) return { element: numberKind(part, dim), sql: `TRY_CAST(${sql}[1] AS DOUBLE)` };
  const pool = poolOf(part, 'pooling', 'sum');
  return { element: embeddedId(source), sql, list: { pool, max: defaultMaxElements } };
}

function tokenize({ part, dim }: ConfigFeature): FeatureKindValue {
  part.differs('Tower cuts a text into words itself, and learns their table');
  part.skip('text_normalizer', 'tokenizer_type', 'vocab_file', 'asset_dir', 'tokens_as_sequence');
  const pool = poolOf(part, 'pooling', 'sum');
  return { element: `text(words, dim: ${dim || 16}, pool: ${pool})` };
}

const kinds: Readonly<Record<string, (source: TorchFeature) => FeatureKindValue | undefined>> = {
  id_feature: id,
  raw_feature: raw,
  combo_feature: combo,
  lookup_feature: lookup,
  expr_feature: expressionKind,
  tokenize_feature: tokenize,
};
