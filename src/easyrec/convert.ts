/** A config of EasyRec or TorchEasyRec as a model and its data. It reads no file but the text that it gets. */
import { readConfig } from '../../grammar/text_format.ts';
import { failure } from '../diagnostics/failure.ts';
import { makeSource, type Source } from '../text/source.ts';
import { type DataPaths, dataPathsOf } from './data_paths.ts';
import type { Draft, FeatureDraft, SideName } from './draft.ts';
import { easyrecFeatures } from './features.ts';
import { configGroups, Sides, withSharedTables } from './groups.ts';
import { Identifiers } from './identifiers.ts';
import type { FindFile, IsList } from './kinds.ts';
import type { Towers } from './model_context.ts';
import { easyrecModels, type ModelRow, torchModels } from './models.ts';
import { type Note, Notes } from './notes.ts';
import { Part } from './part.ts';
import { type Dialect, samplers, scoringOf } from './scoring.ts';
import { torchFeatures } from './torch_features.ts';
import { trainLines } from './training.ts';

export interface ConvertOptions {
  /** The features that identify a user and an item, where the config does not say. */
  readonly user?: string;
  readonly item?: string;
  readonly isList?: IsList;
  readonly findFile?: FindFile;
}

export interface Converted {
  readonly dialect: Dialect;
  readonly draft: Draft;
  readonly paths: DataPaths;
  readonly notes: readonly Note[];
}

/**
 * The message of a config.
 * @throws Failure `config-syntax`
 */
function partOf(source: Source): Part {
  const read = readConfig(source.text.replace(/^\uFEFF/, ' '));
  if ('mistake' in read) {
    const { start, end, found, expected } = read.mistake;
    throw failure('config-syntax', { found, expected }, { source, start, end });
  }
  return new Part('', read.fields, { start: 0, end: 0 }, { source, read: new Set() });
}

/** @throws Failure `config-syntax`, `config-part`, `config-value`, `config-model`, `config-key` */
export function convert(name: string, text: string, options: ConvertOptions = {}): Converted {
  const source = makeSource(name, text);
  const root = partOf(source);
  const notes = new Notes();
  const model = root.needed('model_config');
  const { row, dialect } = rowOf(model);
  const names = new Identifiers(['user', 'item', 'match', 'main']);
  const { isList = () => false, findFile = () => undefined } = options;
  const context = { names, notes, isList, findFile };
  const features = dialect === 'EasyRec' ? easyrecFeatures(root, context) : torchFeatures(root, context);
  const groups = configGroups(model, notes);
  const settings = model.needed(row.settings);
  const towers = row.towers({
    dialect,
    model,
    settings,
    groups,
    names,
    notes,
    feature: (original) => features.get(original),
    sides: (read) => new Sides(features, names, notes, read),
    refuse: (reason) => failure('config-model', { model: row.title, reason }, settings.span),
  });
  const isRanking = row.isRanking === true;
  const { task, labels } = scoringOf({ root, model, settings, dialect, names, notes, isRanking });
  const keys = keysOf(root, towers, features, names, notes, options);
  const used = [...keys.more, ...towers.sides.used.values()];
  for (const [original, { name: own, line }] of features) {
    if (towers.sides.used.has(own) || own === keys.user || own === keys.item) continue;
    notes.leftOut({ path: original, line }, 'no tower reads this feature');
  }
  const shared = withSharedTables(ordered(used), names, notes);
  const train = trainLines(root, model, dialect, task.label !== undefined, notes);
  const paths = dataPathsOf(root, dialect, notes);
  model.skip('model_class', 'num_class', 'model_name', 'loss_weight_strategy');
  notes.unread(root);
  const draft: Draft = {
    name: names.free(nameOf(name)),
    kind: row.title,
    features: shared,
    towers: { user: towers.user, item: towers.item },
    keys: { ...(keys.user === undefined ? {} : { user: keys.user }), item: keys.item },
    labels,
    task,
    train,
  };
  return { dialect, draft, paths, notes: notes.all };
}

function rowOf(model: Part): { readonly row: ModelRow; readonly dialect: Dialect } {
  const name = model.text('model_class');
  const known = name === undefined ? Object.keys(torchModels) : Object.keys(easyrecModels);
  if (name !== undefined) {
    const row = Object.hasOwn(easyrecModels, name) ? easyrecModels[name] : undefined;
    if (row) return { row, dialect: 'EasyRec' };
    throw failure('config-model', { model: name, reason: reasonOf(known) }, model.span);
  }
  const found = known.find((each) => model.has(each));
  if (found !== undefined) return { row: torchModels[found]!, dialect: 'TorchEasyRec' };
  const [other = 'no model'] = model.names.filter(
    (each) => !/^(feature_groups|losses|metrics|train_metrics|num_class|variational_dropout|kernel)$/.test(each),
  );
  throw failure('config-model', { model: other, reason: reasonOf(known) }, model.span);
}

const reasonOf = (known: readonly string[]): string => `the import knows ${known.join(', ')}`;

const nameOf = (path: string): string =>
  path
    .replace(/^.*[/\\]/, '')
    .replace(/\.\w+$/, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^(?![A-Za-z_])/, 'model_');

/** A list comes after what it belongs to, and after the feature whose table it shares. */
function ordered(features: readonly FeatureDraft[]): FeatureDraft[] {
  return [...features].sort((a, b) => Number(a.list?.along !== undefined) - Number(b.list?.along !== undefined));
}

interface Keys {
  readonly user: string | undefined;
  readonly item: string;
  /** Features that are keys alone. */
  readonly more: readonly FeatureDraft[];
}

const idWords = {
  user: /^(user|uid|member|customer)(_?id)?$/i,
  item: /^(item|adgroup|goods|sku|product|movie|book|video|doc|news|ad)_?id$/i,
} as const;

function keysOf(
  root: Part,
  towers: Towers,
  features: ReadonlyMap<string, FeatureDraft>,
  names: Identifiers,
  notes: Notes,
  options: ConvertOptions,
): Keys {
  const sampler = root.part('data_config')?.oneOf(samplers)?.part;
  const more: FeatureDraft[] = [];
  const keyOf = (side: SideName, named: string | undefined): string | undefined => {
    const original = named ?? guessed(side);
    if (original === undefined) return undefined;
    const feature = features.get(original);
    const read = feature && towers.sides.used.get(feature.name);
    const mine = towers[side].groups.some((group) => read !== undefined && group.features.includes(read.name));
    if (read && mine && /^id\(/.test(read.element) && !read.list) return read.name;
    const name = read ? names.free(`${read.name}_key`) : names.of(original);
    const column = feature?.reads[0] ?? original;
    more.push({
      name,
      reads: [column],
      element: 'id(dim: 0)',
      rows: 0,
      line: feature?.line ?? 0,
      ...(column === name ? {} : { sql: column }),
    });
    return name;
  };
  /** The feature of a tower whose name says that it is an id, or which has the largest table. */
  const guessed = (side: SideName): string | undefined => {
    const groups = towers[side].groups.flatMap((group) => group.features);
    const originals = [...features].filter(
      ([, { name, element, sql, list }]) =>
        groups.includes(name) && /^id\(/.test(element) && (list || sql === undefined),
    );
    const plain = originals.filter(([, { list }]) => !list);
    const found =
      originals.find(([original]) => idWords[side].test(original)) ??
      plain.sort(([, a], [, b]) => b.rows - a.rows)[0] ??
      originals[0];
    if (!found) return undefined;
    const [original, { line }] = found;
    notes.differs(
      { path: original, line },
      `the config does not say what identifies ${side === 'user' ? 'a user' : 'an item'}: \`${original}\` is taken, \`--${side} COLUMN\` names another`,
    );
    return original;
  };
  const user = keyOf('user', options.user ?? towers.keys.user ?? sampler?.text('user_id_field'));
  const item = keyOf('item', options.item ?? towers.keys.item ?? sampler?.text('item_id_field'));
  sampler?.skip('user_id_field', 'item_id_field');
  if (item === undefined) throw failure('config-key', {}, root.span);
  return { user, item, more };
}
