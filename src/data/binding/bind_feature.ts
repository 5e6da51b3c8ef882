/** Binds what features read: columns of the right file, and histories of events. */
import { diagnose } from '../../diagnostics/diagnose.ts';
import type { DataDescription } from '../../model/model.ts';
import { elementPlan, type FeaturePlan, madeOf } from '../../plan/plan.ts';
import { anywhere, type ColumnBinding } from './column_binding.ts';
import { kindOf } from './feature_sort.ts';
import type { BoundColumn, BoundHistory, JoinKey, Layout } from './layout.ts';
import { sequenceOf } from './needs.ts';

/** The keys of the towers, where they are bound. */
export interface BoundKeys {
  readonly userKey: JoinKey | undefined;
  readonly itemKey: JoinKey | undefined;
}

/** Binds every feature that is not made of others. */
export async function bindFeatures(
  binding: ColumnBinding,
  keys: BoundKeys,
): Promise<Pick<Layout, 'features' | 'histories' | 'listWeights'>> {
  const features = new Map<string, BoundColumn>();
  const histories = new Map<string, BoundHistory>();
  const listWeights = new Map<string, BoundColumn>();
  const isHistory = (name: string): boolean => binding.description.histories.some((each) => each.name === name);
  const read = async (feature: FeaturePlan): Promise<void> => {
    const { name, max } = feature;
    const history = binding.description.histories.find((each) => each.name === name || each.name === feature.column);
    if (history !== undefined) {
      const of = await bindHistory(binding, feature, history);
      if (of !== undefined)
        histories.set(name, { kind: history.kind, of, max: Math.min(history.max, max ?? history.max) });
    } else {
      const column = await bindFeature(binding, feature, keys);
      if (column !== undefined) features.set(name, column);
    }
  };
  for (const feature of binding.needs.features) {
    if (madeOf(feature).length > 0) continue;
    // Where the list is none, `checkAlong` says so.
    if (feature.each && !isHistory(feature.name)) continue;
    await read(feature);
    const weights = weightsOf(feature);
    // Where only one of the two is a history, `checkAlong` says so.
    if (weights && isHistory(weights.column) === isHistory(feature.name)) await read(weights);
  }
  for (const feature of binding.needs.features) {
    checkAlong(binding, feature, { features, histories });
    const weights = weightsOf(feature);
    if (!weights) continue;
    checkAlong(binding, weights, { features, histories });
    const column = histories.get(weights.name)?.of ?? features.get(weights.name);
    histories.delete(weights.name);
    features.delete(weights.name);
    if (column) listWeights.set(feature.name, column);
  }
  return { features, histories, listWeights };
}

/** The weights of a list as a feature along it, which belongs to the tower of the list. Its name is no name of a file. */
function weightsOf({ name, tower, weights }: FeaturePlan): FeaturePlan | undefined {
  if (weights === undefined) return undefined;
  const own = `${name}/weights`;
  const encoder = { kind: 'number', log: false } as const;
  return { name: own, tower, column: weights, gives: 'bag', encoder, encoderOf: own, along: name, width: 0 };
}

const areWeights = ({ name, column, along }: FeaturePlan): boolean => along !== undefined && name !== column;

/** What belongs to the elements of a list comes from the same events, or from the same rows of one file. */
function checkAlong(
  binding: ColumnBinding,
  { name: feature, column: name, along }: FeaturePlan,
  { features, histories }: Pick<Layout, 'features' | 'histories'>,
): void {
  if (along === undefined) return;
  const [plan] = binding.needs.features.filter((each) => each.name === feature);
  const historyOf = (feature: string) => binding.description.histories.find((each) => each.name === feature);
  const [own, list] = [historyOf(name), historyOf(along)];
  const missing = (what: string): void => binding.missing(own?.span ?? binding.placeOf(name), name, what);
  if (plan?.each && !own && !list)
    missing(
      `a history, since its elements have several values: \`${name} = past(…, 50)\`, and \`${along}\` is one too`,
    );
  else if (list && !own)
    missing(`a history, since \`${along}\` is one: add \`${name} = ${list.kind}(…, ${list.max})\` to the data block`);
  else if (own && !list)
    missing(`\`${along} = ${own.kind}(…, ${own.max})\` in the data block: it belongs to the elements of \`${along}\``);
  else if (own && list) {
    if (!histories.has(feature) || !histories.has(along)) return;
    if (own.max === list.max && own.kind === list.kind) return;
    const written = (of: string): string => `${list.kind}(${of}, ${list.max})`;
    missing(`the events of \`${along} = ${written(list.of)}\`: write \`${name} = ${written(own.of)}\``);
  } else {
    const [at, of] = [features.get(feature)?.at, features.get(along)?.at];
    if (at && of && at !== of)
      missing(`a column of the same file as \`${along}\`, which is in \`${of}\` and not in \`${at}\``);
  }
}

async function bindFeature(
  binding: ColumnBinding,
  feature: FeaturePlan,
  { userKey, itemKey }: BoundKeys,
): Promise<BoundColumn | undefined> {
  const { needs, diagnostics } = binding;
  const [query, item] = needs.towers;
  const [own, other] = feature.tower === item.name ? (['items', 'users'] as const) : (['users', 'items'] as const);
  const tower = own === 'items' ? item : query;
  const what = areWeights(feature) ? 'column of weights' : 'feature';
  const request = { what, name: feature.column, kind: kindOf(feature) };
  const read = areWeights(feature) ? feature.along! : feature.name;
  // Bound already, or reported as missing.
  if (feature.name === tower.key) return (own === 'items' ? itemKey : userKey)?.inEvents;
  if (needs.towers.every(({ features, key }) => features?.includes(read) === false && key !== read)) {
    return binding.bind({ ...request, scopes: [['events'], ['items'], ['users'], ...anywhere] });
  }
  const bound = await binding.attempt({ ...request, scopes: [[own], ['events'], ['events', own]] });
  if ('column' in bound) return bound.column;
  // An expression over the file of the other tower can be computed, which is then the mistake.
  const across = [[other], ['events', other], ['events', 'items', 'users']] as const;
  if ('column' in (await binding.attempt({ ...request, scopes: across }))) {
    const facts = { feature: feature.column, tower: tower.name, file: other };
    diagnostics.push(diagnose('column-side', binding.placeOf(feature.column), facts));
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
  const missing = (what: string): void => binding.missing(span, `history ${name} = ${kind}(${of}, ${max})`, what);
  if (kind === 'past' && description.time === undefined) missing('a time: add `time = "…"` to the data block');
  if (query.key === undefined && description.users?.by === undefined) {
    missing(`to know which user it belongs to: add the key, \`tower ${query.name}(…) keyed by …\``);
  }
  if (feature.tower !== query.name) missing(`a feature of the query tower \`${query.name}\``);
  if (feature.gives !== 'bag') missing(`\`${feature.column}\` to be a list: list(${of})`);
  if (kind === 'others') {
    // Its elements are in no order, and rows would see their own items among those of one another.
    if (sequenceOf(needs) === feature.name) {
      missing(`the order of time for \`targets = positions\`: ${name} = past(${of}, ${max})`);
    }
    const newest = needs.features.find(({ last }) => last === feature.name);
    if (newest)
      missing(`the order of time for \`${newest.name} : last(${feature.name})\`: ${name} = past(${of}, ${max})`);
  }
  const element = feature.each ? kindOf(elementPlan(feature)) : kindOf(feature) === 'numbers' ? 'number' : 'text';
  const scopes = [['events'], ['items'], ['events', 'items']] as const;
  return binding.bind({ what: 'history', name: of, kind: element, span, scopes });
}
