/** Binds the columns that a model reads to the files of a data block, from the headers of the files alone. */
import { type Diagnostic, diagnose, Failure } from '../../base/diagnostics/diagnostic.ts';
import type { Span } from '../../base/text/source.ts';
import type { DataDescription, ModelSpans } from '../../graph/plan/data_description.ts';
import { type FeaturePlan, madeOf } from '../../graph/plan/plan.ts';
import type { Access } from '../files/access.ts';
import { describeSources } from '../files/data_source.ts';
import { Copies, type Database, openDatabase } from '../files/duckdb.ts';
import { type FeatureFile, readFeatureFiles } from '../files/feature_files.ts';
import { findFiles, type Role } from '../files/find_files.ts';
import { listRemote } from '../files/remote/list_remote.ts';
import { connectStores, inStores } from '../files/remote/stores.ts';
import { type Binder, makeBinder } from './binder.ts';
import { bindMetrics, ColumnBinding, eventScopes } from './column_binding.ts';
import {
  type BoundColumn,
  type BoundHistory,
  columnKindOf,
  columnsOfLayout,
  type DataLayout,
  elementKindOf,
  type JoinKey,
  type Needs,
  sequenceOf,
  type TowerNeeds,
} from './data_layout.ts';
import { leakWarnings } from './leaks.ts';

export interface BindOptions {
  /** Positions of the model's features for messages, and its metrics. */
  readonly model?: ModelSpans;
  readonly signal?: AbortSignal;
  readonly access?: Access;
}

export interface BoundData {
  readonly layout: DataLayout;
  readonly featureFiles: ReadonlyMap<string, FeatureFile>;
  readonly warnings: readonly Diagnostic[];
  /** Removes the copies of good records that were made for the database. */
  discard(): void;
}

/**
 * Binds every column of a data block, and reads only the headers of its files. The result has no `output` if there are errors. Column expressions are tried in a
 * second, empty database, and only after this one is sealed.
 */
export async function bindData(
  description: DataDescription,
  needs: Needs,
  options: BindOptions = {},
): Promise<{ readonly output?: BoundData; readonly diagnostics: readonly Diagnostic[] }> {
  const spanOf = (feature: string): Span => options.model?.features.get(feature)?.span ?? description.events.span;
  const files = await readFeatureFiles(description, needs.features, spanOf, options.access);
  const copies = new Copies();
  const database = await openDatabase(options.signal);
  let output: BoundData | undefined;
  try {
    const { signal } = options;
    const remote = await listRemote(description, options.access, { database, copies, signal });
    const foundFiles = findFiles(description, options.access, remote);
    const fileErrors = [...foundFiles.diagnostics, ...files.diagnostics];
    if (fileErrors.length > 0) return { diagnostics: fileErrors };
    const describedSources = await describeSources(database, foundFiles.output, copies, options.signal);
    if (describedSources.diagnostics.length > 0) return { diagnostics: describedSources.diagnostics };
    await database.seal();
    const binder = await makeBinder(database, describedSources.output);
    const { layout, binding } = await bindLayout(binder, description, needs, options.model);
    const { diagnostics } = binding;
    if (diagnostics.length > 0) return { diagnostics };
    const warnings = leakWarnings(binding, layout);
    output = { layout, featureFiles: files.output, warnings, discard: () => copies.discard() };
    return { output, diagnostics };
  } finally {
    database.close();
    if (output === undefined) copies.discard();
  }
}

async function bindLayout(
  binder: Binder,
  description: DataDescription,
  needs: Needs,
  model: ModelSpans | undefined,
): Promise<{ readonly layout: DataLayout; readonly binding: ColumnBinding }> {
  const binding = new ColumnBinding(binder, description, needs, model);
  const [query, item] = needs.towers;
  const userKey = await bindKey(binding, 'users', query);
  const itemKey = await bindKey(binding, 'items', item);
  const { features, histories, listWeights } = await bindFeatures(binding, { userKey, itemKey });
  const labels = new Map<string, BoundColumn>();
  const scopes = eventScopes;
  for (const { name, sort: labelType } of needs.labels) {
    const column = await binding.bind({ what: 'label', name, kind: labelType, scopes });
    if (column !== undefined) labels.set(name, column);
  }
  const { split } = description;
  const time =
    description.time && (await binding.bind({ what: 'time', name: 'time', kind: 'time', scopes, ...description.time }));
  const where =
    description.where &&
    (await binding.bind({ what: 'where', name: 'where', kind: 'condition', scopes, ...description.where }));
  const fold =
    split.kind === 'column'
      ? await binding.bind({ what: 'split column', name: split.column, kind: 'text', scopes })
      : undefined;
  reportSplitNeeds(binding, { userKey, itemKey });
  const title = itemKey && (await bindTitleIfAny(binding));
  const metricColumns = await bindMetrics(binding, itemKey, model?.train?.metrics ?? []);
  const layout: DataLayout = {
    ...{ sources: binding.sources, features, labels, histories, listWeights, metricColumns },
    ...{ userKey, itemKey, time, where, fold, title },
  };
  await bindUnread(binding, layout);
  return { layout, binding };
}

function reportSplitNeeds(binding: ColumnBinding, { userKey }: BoundKeys): void {
  const { split, span, time } = binding.description;
  const [query] = binding.needs.towers;
  const ordersUsers = split.kind === 'by_user' && split.order === 'time';
  if (time === undefined && (split.kind === 'by_time' || split.kind === 'leave_one_out' || ordersUsers)) {
    binding.reportMissing(span, `split = ${split.kind}`, 'a time: add `time = "…"` to the data block');
  }
  const readsUsers = split.kind === 'leave_one_out' || split.kind === 'by_user';
  if (readsUsers && userKey === undefined && query.key === undefined) {
    const needed = `to know the user: key the tower, \`tower ${query.name}(…) keyed by …\``;
    binding.reportMissing(span, `split = ${split.kind}`, needed);
  }
}

/** Binds a column `title` of the items or, without an items file, of the events, if there is one. */
async function bindTitleIfAny(binding: ColumnBinding): Promise<BoundColumn | undefined> {
  const role: Role = binding.sources.has('items') ? 'items' : 'events';
  const hasTitle = binding.sources.get(role)!.columns.some(({ name }) => name.toLowerCase() === 'title');
  if (!hasTitle && !binding.entries.has('title')) return undefined;
  return binding.bind({ what: 'column', name: 'title', kind: 'text', scopes: [[role]] });
}

/** Binds the columns that this model does not read, because a data block serves many models and all of its columns must be computable. */
async function bindUnread(binding: ColumnBinding, layout: DataLayout): Promise<void> {
  // The block's `time` and `where` do not count: `columns` may have entries of these names, which are still unbound.
  const { time, where, ...otherEntries } = layout;
  const boundNames = new Set([
    ...binding.needs.features.flatMap(({ column, weights }) => (weights === undefined ? [column] : [column, weights])),
    ...binding.needs.labels.map(({ name }) => name),
    ...columnsOfLayout(otherEntries).map(({ name }) => name),
  ]);
  const scopes: readonly (readonly Role[])[] = [...eventScopes, ['items'], ['users']];
  for (const entry of binding.entries.values()) {
    if (boundNames.has(entry.name)) continue;
    const bound = await binding.attempt({ what: 'column', kind: 'any', scopes, ...entry });
    if ('diagnostic' in bound) binding.diagnostics.push(bound.diagnostic);
  }
}

async function bindKey(
  binding: ColumnBinding,
  role: 'items' | 'users',
  tower: TowerNeeds,
): Promise<JoinKey | undefined> {
  const { needs, diagnostics } = binding;
  const file = binding.description[role];
  const keyColumn = needs.features.find(({ name }) => name === tower.key)?.column ?? tower.key;
  const name = keyColumn ?? file?.by;
  if (name === undefined) return undefined;
  if (file !== undefined && file.by !== name) {
    const reason = `tower \`${tower.name}\` is keyed by \`${name}\``;
    const hint = `join by it: ${role} = "${file.path}" by ${name}`;
    diagnostics.push(diagnose('key-does-not-join', file.span, { key: file.by ?? '', file: role, reason, hint }));
    return undefined;
  }
  const inEvents = await binding.bind({ what: 'key', name, kind: 'text', scopes: [['events']] });
  const inFile = file && (await bindInFile(binding, role, name));
  if (inEvents === undefined || (file !== undefined && inFile === undefined)) return undefined;
  return { feature: tower.key ?? name, inEvents, inFile };
}

async function bindInFile(
  binding: ColumnBinding,
  role: 'items' | 'users',
  name: string,
): Promise<BoundColumn | undefined> {
  const { span } = binding.description[role]!;
  const request = { what: 'key', name, kind: 'text', scopes: [[role]], span } as const;
  const bound = await binding.attempt(request);
  if ('column' in bound) return bound.column;
  // A misspelled entry was already reported with the key in the events.
  if (!binding.hasFailed(request)) {
    const { message, hint } = bound.diagnostic;
    binding.diagnostics.push(diagnose('key-does-not-join', span, { key: name, file: role, reason: message, hint }));
  }
  return undefined;
}

interface BoundKeys {
  readonly userKey: JoinKey | undefined;
  readonly itemKey: JoinKey | undefined;
}

async function bindFeatures(
  binding: ColumnBinding,
  keys: BoundKeys,
): Promise<Pick<DataLayout, 'features' | 'histories' | 'listWeights'>> {
  const features = new Map<string, BoundColumn>();
  const histories = new Map<string, BoundHistory>();
  const listWeights = new Map<string, BoundColumn>();
  const isHistory = (name: string): boolean => binding.description.histories.some((history) => history.name === name);
  const bindOne = async (feature: FeaturePlan): Promise<void> => {
    const { name, max } = feature;
    const history = binding.description.histories.find((one) => one.name === name || one.name === feature.column);
    if (history !== undefined) {
      const elementColumn = await bindHistory(binding, feature, history);
      if (elementColumn !== undefined)
        histories.set(name, { kind: history.kind, elementColumn, max: Math.min(history.max, max ?? history.max) });
    } else {
      const column = await bindFeature(binding, feature, keys);
      if (column !== undefined) features.set(name, column);
    }
  };
  for (const feature of binding.needs.features) {
    if (madeOf(feature).length > 0) continue;
    // If the list is not a history, `checkSameElements` reports it.
    if (feature.each && !isHistory(feature.name)) continue;
    await bindOne(feature);
    const weights = weightsOf(feature);
    // If only one of the two is a history, `checkSameElements` reports it.
    if (weights && isHistory(weights.column) === isHistory(feature.name)) await bindOne(weights);
  }
  for (const feature of binding.needs.features) {
    checkSameElements(binding, feature, { features, histories });
    const weights = weightsOf(feature);
    if (!weights) continue;
    checkSameElements(binding, weights, { features, histories });
    const column = histories.get(weights.name)?.elementColumn ?? features.get(weights.name);
    histories.delete(weights.name);
    features.delete(weights.name);
    if (column) listWeights.set(feature.name, column);
  }
  return { features, histories, listWeights };
}

/** Describes the weights of a list as a feature of the same tower, so that they are bound like one. `/` cannot occur in a name. */
function weightsOf({ name, tower, weights }: FeaturePlan): FeaturePlan | undefined {
  if (weights === undefined) return undefined;
  const ownName = `${name}/weights`;
  const encoder = { kind: 'number', log: false } as const;
  return { name: ownName, tower, column: weights, gives: 'bag', encoder, encoderOf: ownName, along: name, width: 0 };
}

const areWeights = ({ name, column, along }: FeaturePlan): boolean => along !== undefined && name !== column;

/** Checks that a feature along a list comes from the same events, or from the same rows of one file. */
function checkSameElements(
  binding: ColumnBinding,
  { name: feature, column: name, along }: FeaturePlan,
  { features, histories }: Pick<DataLayout, 'features' | 'histories'>,
): void {
  if (along === undefined) return;
  const [plan] = binding.needs.features.filter((candidate) => candidate.name === feature);
  const historyOf = (feature: string) => binding.description.histories.find((history) => history.name === feature);
  const [ownHistory, listHistory] = [historyOf(name), historyOf(along)];
  const reportMissing = (needs: string): void =>
    binding.reportMissing(ownHistory?.span ?? binding.spanOfColumn(name), name, needs);
  if (plan?.each && !ownHistory && !listHistory)
    reportMissing(
      `a history, since its elements have several values: \`${name} = past(…, 50)\`, and \`${along}\` is one too`,
    );
  else if (listHistory && !ownHistory)
    reportMissing(
      `a history, since \`${along}\` is one: add \`${name} = ${listHistory.kind}(…, ${listHistory.max})\` to the data block`,
    );
  else if (ownHistory && !listHistory)
    reportMissing(
      `\`${along} = ${ownHistory.kind}(…, ${ownHistory.max})\` in the data block: it belongs to the elements of \`${along}\``,
    );
  else if (ownHistory && listHistory) {
    if (!histories.has(feature) || !histories.has(along)) return;
    if (ownHistory.max === listHistory.max && ownHistory.kind === listHistory.kind) return;
    const historyExpression = (column: string): string => `${listHistory.kind}(${column}, ${listHistory.max})`;
    reportMissing(
      `the events of \`${along} = ${historyExpression(listHistory.of)}\`: write \`${name} = ${historyExpression(ownHistory.of)}\``,
    );
  } else {
    const [ownFile, listFile] = [features.get(feature)?.role, features.get(along)?.role];
    if (ownFile && listFile && ownFile !== listFile)
      reportMissing(`a column of the same file as \`${along}\`, which is in \`${listFile}\` and not in \`${ownFile}\``);
  }
}

async function bindFeature(
  binding: ColumnBinding,
  feature: FeaturePlan,
  { userKey, itemKey }: BoundKeys,
): Promise<BoundColumn | undefined> {
  const { needs, diagnostics } = binding;
  const [query, item] = needs.towers;
  const [ownFile, otherFile] =
    feature.tower === item.name ? (['items', 'users'] as const) : (['users', 'items'] as const);
  const tower = ownFile === 'items' ? item : query;
  const what = areWeights(feature) ? 'column of weights' : 'feature';
  const request = { what, name: feature.column, kind: columnKindOf(feature) };
  const listOrOwnName = areWeights(feature) ? feature.along! : feature.name;
  // The key is already bound, or reported as missing.
  if (feature.name === tower.key) return (ownFile === 'items' ? itemKey : userKey)?.inEvents;
  if (needs.towers.every(({ features, key }) => features?.includes(listOrOwnName) === false && key !== listOrOwnName)) {
    return binding.bind({ ...request, scopes: [['events'], ['items'], ['users'], ...eventScopes] });
  }
  const bound = await binding.attempt({ ...request, scopes: [[ownFile], ['events'], ['events', ownFile]] });
  if ('column' in bound) return bound.column;
  // If the expression can be computed from the file of the other tower, that is the error.
  const otherScopes = [[otherFile], ['events', otherFile], ['events', 'items', 'users']] as const;
  if ('column' in (await binding.attempt({ ...request, scopes: otherScopes }))) {
    const facts = { feature: feature.column, tower: tower.name, file: otherFile };
    diagnostics.push(diagnose('column-side', binding.spanOfColumn(feature.column), facts));
  } else diagnostics.push(binding.misspeltEntry(request) ?? bound.diagnostic);
  return undefined;
}

async function bindHistory(
  binding: ColumnBinding,
  feature: FeaturePlan,
  { name, kind, of, max, span }: DataDescription['histories'][number],
): Promise<BoundColumn | undefined> {
  const { description, needs } = binding;
  const [query] = needs.towers;
  const reportMissing = (what: string): void =>
    binding.reportMissing(span, `history ${name} = ${kind}(${of}, ${max})`, what);
  if (kind === 'past' && description.time === undefined) reportMissing('a time: add `time = "…"` to the data block');
  if (query.key === undefined && description.users?.by === undefined) {
    reportMissing(`to know which user it belongs to: add the key, \`tower ${query.name}(…) keyed by …\``);
  }
  if (feature.tower !== query.name) reportMissing(`a feature of the query tower \`${query.name}\``);
  if (feature.gives !== 'bag') reportMissing(`\`${feature.column}\` to be a list: list(${of})`);
  if (kind === 'others') {
    // `others(…)` has no time order, and its lists would contain the target item itself.
    if (sequenceOf(needs) === feature.name) {
      reportMissing(`the order of time for \`targets = positions\`: ${name} = past(${of}, ${max})`);
    }
    const newestElement = needs.features.find(({ last }) => last === feature.name);
    if (newestElement)
      reportMissing(
        `the order of time for \`${newestElement.name} : last(${feature.name})\`: ${name} = past(${of}, ${max})`,
      );
  }
  const scopes = [['events'], ['items'], ['events', 'items']] as const;
  return binding.bind({ what: 'history', name: of, kind: elementKindOf(feature), span, scopes });
}

/**
 * Reads the headers of the files and binds every column that `needs` (a `Plan`, or part of one) reads. Errors are missing files, features without a column,
 * columns of the wrong kind, keys that do not join, and SQL that cannot be computed. Without an error it warns about columns that give an answer away.
 */
export async function checkHeaders(
  description: DataDescription,
  needs: Needs,
  options: BindOptions = {},
): Promise<readonly Diagnostic[]> {
  const { output, diagnostics } = await bindData(description, needs, options);
  output?.discard();
  return output ? output.warnings : diagnostics;
}

/** Binds the block to its files, calls `use`, and removes copies afterwards, also after an error. @throws Failure with the errors of the block and its files */
export async function withBound<T>(
  description: DataDescription,
  needs: Needs,
  options: BindOptions,
  use: (bound: BoundData) => Promise<T>,
): Promise<T> {
  const { output, diagnostics } = await bindData(description, needs, options);
  if (output === undefined) throw new Failure(diagnostics);
  try {
    return await use(output);
  } finally {
    output.discard();
  }
}

/** Like `withBound`, with a database that can open the files and is closed afterwards. `memory`: bytes for the database. */
export const withBoundDatabase = <T>(
  description: DataDescription,
  needs: Needs,
  options: BindOptions & { readonly memory?: number },
  use: (database: Database, bound: BoundData) => Promise<T>,
): Promise<T> =>
  withBound(description, needs, options, async (bound) => {
    const database = await openDatabase(options.signal, options.memory);
    try {
      const storeFiles = inStores([...bound.layout.sources.values()].flatMap(({ files }) => files));
      if (storeFiles.length > 0) await connectStores(database, storeFiles);
      return await use(database, bound);
    } finally {
      database.close();
    }
  });
