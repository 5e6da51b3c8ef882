/** Converts a config of EasyRec or TorchEasyRec to a model and its data. It reads no files, only the text that it gets. */
import { readConfig } from '../../../grammar/text_format.ts';
import type { ImportNote } from '../../app/api/import.ts';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import { easyrecFeatures } from './easyrec_features.ts';
import {
  configGroups,
  type FeatureDraft,
  Identifiers,
  type ModelDraft,
  type SideName,
  TowerSides,
  withSharedTables,
} from './groups.ts';
import type { ConfigFeatureContext } from './kinds.ts';
import type { ConvertedTowers } from './layers.ts';
import { easyrecModels, type ModelRow, torchModels } from './models.ts';
import { optimizerOf, optimizerText } from './optimizers.ts';
import { ConfigPart, ImportNotes } from './part.ts';
import { type DataPaths, dataPathsOf } from './rows_file.ts';
import { type ConfigDialect, samplers, scoringOf } from './scoring.ts';
import { torchFeatures } from './torch_features.ts';

const metricRows: Readonly<Record<string, (part: ConfigPart) => string>> = {
  recall_at_topk: (part) => `recall(${part.whole('topk', 1) ?? 5})`,
  recall_at_k: (part) => `recall(${part.whole('top_k', 1) ?? 5})`,
  precision_at_topk: (part) => `precision(${part.whole('topk', 1) ?? 5})`,
};

/** Metrics of labels, which `tower evaluate` measures for each task with a label. */
const labelMetrics: ReadonlySet<string> = new Set([
  'auc',
  'mean_absolute_error',
  'root_mean_squared_error',
  'mean_squared_error',
]);

/** @param isLabelled true if the task has a label */
function trainLines(root: ConfigPart, model: ConfigPart, dialect: ConfigDialect, isLabelled: boolean): string[] {
  const train = root.part('train_config');
  const data = root.part('data_config');
  const batch = data?.whole('batch_size', 1) ?? (dialect === 'EasyRec' ? 32 : 1024);
  const metrics = metricsOf(root, model, isLabelled);
  const clipNorm = train?.number('gradient_clipping_by_norm') ?? clippingOf(train);
  return [
    `batch = ${batch}, ${lengthOf(train, data)}, seed = 1`,
    ...optimizerLines(root, model, train, dialect),
    ...(clipNorm > 0 ? [`clip = ${clipNorm}`] : []),
    ...(metrics.length > 0 ? [`metrics = ${metrics.join(', ')}`] : []),
  ];
}

function lengthOf(train: ConfigPart | undefined, data: ConfigPart | undefined): string {
  const steps = train?.whole('num_steps') ?? 0;
  const epochs = train?.whole('num_epochs') ?? data?.whole('num_epochs') ?? 0;
  if (steps > 0) {
    const epochsAt = train?.has('num_epochs') ? train.at('num_epochs') : data?.at('num_epochs');
    if (epochs > 0 && epochsAt) epochsAt.differs(`the run has ${steps} steps, whatever their epochs`);
    return `steps = ${steps}`;
  }
  return `epochs = ${epochs > 0 ? epochs : 1}`;
}

function clippingOf(train: ConfigPart | undefined): number {
  const part = train?.part('grad_clipping');
  if (part?.text('clipping_type') !== 'norm') return 0;
  part.differs('the gradient of tables counts in the length as well');
  part.skip('norm_type', 'enable_global_grad_clip');
  return part.number('max_gradient') ?? 1;
}

function optimizerLines(
  root: ConfigPart,
  model: ConfigPart,
  train: ConfigPart | undefined,
  dialect: ConfigDialect,
): string[] {
  const kind = model.oneOf(['dssm', 'dssm_senet', 'mind', 'multi_tower', 'multi_tower_recall', 'model_params']);
  const dense2 = kind?.part.number('l2_regularization') ?? (dialect === 'EasyRec' ? 1e-4 : 0);
  const tables2 = model.number('embedding_regularization') ?? 0;
  const optimizerParts = train?.parts('optimizer_config') ?? [];
  const [first, second, third] =
    dialect === 'EasyRec' ? optimizerParts : [train?.part('sparse_optimizer'), train?.part('dense_optimizer')];
  if (third) third.leftOut('Tower has no wide part, so it has no optimizer of its own');
  for (const part of [first, second, third]) {
    if (part?.flag('use_moving_average', false))
      part.at('use_moving_average').leftOut('Tower keeps no moving average of the weights');
    if (part?.has('ema')) part.at('ema').leftOut('Tower keeps no moving average of the weights');
    part?.skip('ema', 'moving_average_decay');
  }
  const factor = first?.number('embedding_learning_rate_multiplier') ?? 1;
  const embeddings = optimizerOf(first);
  const dense = second === undefined ? embeddings : optimizerOf(second);
  const lines = [
    ...(dense ? [`dense = ${optimizerText(dense, dense2)}`] : []),
    ...(embeddings ? [`embeddings = ${optimizerText(embeddings, tables2, factor)}`] : []),
  ];
  if (lines.length === 0) (train ?? root).differs('the config names no optimizer: they are those of Tower');
  return lines;
}

function metricsOf(root: ConfigPart, model: ConfigPart, isLabelled: boolean): string[] {
  const sets = [
    ...(root.part('eval_config')?.parts('metrics_set') ?? []),
    ...model.parts('metrics'),
    ...model.parts('train_metrics'),
  ];
  const metricTexts = sets.flatMap((set) => {
    set.skip('decay_rate', 'decay_step');
    const [name] = set.names.filter((field) => field !== 'decay_rate' && field !== 'decay_step');
    if (name === undefined) return [];
    const part = set.part(name)!;
    const readMetric = Object.hasOwn(metricRows, name) ? metricRows[name] : undefined;
    if (readMetric) return [readMetric(part)];
    if (name === 'auc' && !isLabelled) return ['auc'];
    if (labelMetrics.has(name) && isLabelled) part.notNeeded('`tower evaluate` measures it of each task with a label');
    else part.leftOut(`Tower has no metric \`${name}\``);
    part.skip(...part.names);
    return [];
  });
  return [...new Set(metricTexts)];
}

export interface ConvertOptions {
  /** The features that identify a user and an item, if the config does not say. */
  readonly user?: string;
  readonly item?: string;
  readonly isList?: ConfigFeatureContext['isList'];
  readonly findFile?: ConfigFeatureContext['findFile'];
}

export interface ConvertedConfig {
  readonly dialect: ConfigDialect;
  readonly draft: ModelDraft;
  readonly paths: DataPaths;
  readonly notes: readonly ImportNote[];
}

/** Parses the message of a config. @throws Failure `config-syntax` */
function partOf(source: Source): ConfigPart {
  const read = readConfig(source.text.replace(/^\uFEFF/, ' '));
  if ('mistake' in read) {
    const { start, end, found, expected } = read.mistake;
    throw failure('config-syntax', { found, expected }, { source, start, end });
  }
  return new ConfigPart('', read.fields, { start: 0, end: 0 }, { source, read: new Set(), notes: new ImportNotes() });
}

/** @throws Failure `config-syntax`, `config-part`, `config-value`, `config-model`, `config-key` */
export function convertConfig(name: string, text: string, options: ConvertOptions = {}): ConvertedConfig {
  const source = makeSource(name, text);
  const root = partOf(source);
  const { notes } = root;
  const model = root.needed('model_config');
  const { row, dialect } = rowOf(model);
  const names = new Identifiers(['user', 'item', 'match', 'main']);
  const { isList = () => false, findFile = () => undefined } = options;
  const context = { names, isList, findFile };
  const features = dialect === 'EasyRec' ? easyrecFeatures(root, context) : torchFeatures(root, context);
  const groups = configGroups(model);
  const settings = model.needed(row.settings);
  const towers = row.towers({
    dialect,
    model,
    settings,
    groups,
    names,
    feature: (original) => features.get(original),
    sides: (read) => new TowerSides(features, names, read),
    refuse: (reason) => failure('config-model', { model: row.title, reason }, settings.span),
  });
  const isRanking = row.isRanking === true;
  const { task, labels } = scoringOf({ root, model, settings, dialect, names, isRanking });
  const keys = keysOf(root, towers, features, names, options);
  const usedFeatures = [...keys.more, ...towers.sides.used.values()];
  for (const [original, { name: own, line }] of features) {
    if (towers.sides.used.has(own) || own === keys.user || own === keys.item) continue;
    notes.add('left out', { path: original, line }, 'no tower reads this feature');
  }
  const sharedTables = withSharedTables(listsLast(usedFeatures), names, notes);
  const train = trainLines(root, model, dialect, task.label !== undefined);
  const paths = dataPathsOf(root, dialect);
  model.skip('model_class', 'num_class', 'model_name', 'loss_weight_strategy');
  notes.addUnread(root);
  const draft: ModelDraft = {
    name: names.free(nameOf(name)),
    kind: row.title,
    features: sharedTables,
    towers: { user: towers.user, item: towers.item },
    keys: { user: keys.user, item: keys.item },
    labels,
    task,
    train,
  };
  return { dialect, draft, paths, notes: notes.all };
}

function rowOf(model: ConfigPart): { readonly row: ModelRow; readonly dialect: ConfigDialect } {
  const modelClass = model.text('model_class');
  const knownModels = modelClass === undefined ? Object.keys(torchModels) : Object.keys(easyrecModels);
  if (modelClass !== undefined) {
    const row = Object.hasOwn(easyrecModels, modelClass) ? easyrecModels[modelClass] : undefined;
    if (row) return { row, dialect: 'EasyRec' };
    throw failure('config-model', { model: modelClass, reason: reasonOf(knownModels) }, model.span);
  }
  const modelName = knownModels.find((name) => model.has(name));
  if (modelName !== undefined) return { row: torchModels[modelName]!, dialect: 'TorchEasyRec' };
  const [other = 'no model'] = model.names.filter(
    (name) => !/^(feature_groups|losses|metrics|train_metrics|num_class|variational_dropout|kernel)$/.test(name),
  );
  throw failure('config-model', { model: other, reason: reasonOf(knownModels) }, model.span);
}

const reasonOf = (known: readonly string[]): string => `the import knows ${known.join(', ')}`;

const nameOf = (path: string): string =>
  path
    .replace(/^.*[/\\]/, '')
    .replace(/\.\w+$/, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(?![A-Za-z_])/, 'model_');

/** Sorts features so that a list comes after the list that it belongs to, and after the feature whose table it shares. */
function listsLast(features: readonly FeatureDraft[]): FeatureDraft[] {
  return [...features].sort((a, b) => Number(a.list?.along !== undefined) - Number(b.list?.along !== undefined));
}

const idWords = {
  user: /^(user|uid|member|customer)(_?id)?$/i,
  item: /^(item|adgroup|goods|sku|product|movie|book|video|doc|news|ad)_?id$/i,
} as const;

function keysOf(
  root: ConfigPart,
  towers: ConvertedTowers,
  features: ReadonlyMap<string, FeatureDraft>,
  names: Identifiers,
  options: ConvertOptions,
): { readonly user: string | undefined; readonly item: string; readonly more: readonly FeatureDraft[] } {
  const sampler = root.part('data_config')?.oneOf(samplers)?.part;
  const keyFeatures: FeatureDraft[] = [];
  const keyOf = (side: SideName, named: string | undefined): string | undefined => {
    const original = named ?? guessKey(side);
    if (original === undefined) return undefined;
    const feature = features.get(original);
    const read = feature && towers.sides.used.get(feature.name);
    const isOwnGroup = towers[side].groups.some((group) => read !== undefined && group.features.includes(read.name));
    if (read && isOwnGroup && /^id\(/.test(read.element) && !read.list) return read.name;
    const keyName = read ? names.free(`${read.name}_key`) : names.of(original);
    const column = feature?.reads[0] ?? original;
    keyFeatures.push({
      name: keyName,
      reads: [column],
      element: 'id(dim: 0)',
      rows: 0,
      line: feature?.line ?? 0,
      sql: column === keyName ? undefined : column,
    });
    return keyName;
  };
  /** Returns the feature of a tower whose name suggests an id, or that has the largest table. */
  const guessKey = (side: SideName): string | undefined => {
    const groups = towers[side].groups.flatMap((group) => group.features);
    const originals = [...features].filter(
      ([, { name, element, sql, list }]) =>
        groups.includes(name) && /^id\(/.test(element) && (list || sql === undefined),
    );
    const plainFeatures = originals.filter(([, { list }]) => !list);
    const guessedFeature =
      originals.find(([original]) => idWords[side].test(original)) ??
      plainFeatures.sort(([, a], [, b]) => b.rows - a.rows)[0] ??
      originals[0];
    if (!guessedFeature) return undefined;
    const [original, { line }] = guessedFeature;
    root.notes.add(
      'differs',
      { path: original, line },
      `the config does not say what identifies ${side === 'user' ? 'a user' : 'an item'}: \`${original}\` is taken, \`--${side} COLUMN\` names another`,
    );
    return original;
  };
  const user = keyOf('user', options.user ?? towers.keys.user ?? sampler?.text('user_id_field'));
  const item = keyOf('item', options.item ?? towers.keys.item ?? sampler?.text('item_id_field'));
  sampler?.skip('user_id_field', 'item_id_field');
  if (item === undefined) throw failure('config-key', {}, root.span);
  return { user, item, more: keyFeatures };
}
