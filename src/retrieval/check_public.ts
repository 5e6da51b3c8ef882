/** Checks plain data of a page's folder before anything reads it as a `PublicServable`: shapes, names, the graph, and the memory that a query takes. */
import { findKeyPartsError } from '../base/text/key_table.ts';
import { PackedTexts } from '../base/text/texts.ts';
import { isObject } from '../base/util/objects.ts';
import { countElements, printType, resolveShape } from '../graph/dims.ts';
import type { TensorType } from '../graph/graph.ts';
import { clockParts, requiredFeatures } from '../graph/plan/plan.ts';
import { verifyGraph } from '../graph/verify.ts';
import { checkPublicItems, checkShared, demand, isArrayOf, misfitIn } from './check_servable.ts';
import { weightsComplaint } from './scan/item_weights.ts';
import type { PublicServable, PublicSums, PublicTower } from './servable.ts';

/** Maximum numbers in the values of one query: 1 GiB. */
const maxNumbers = 2 ** 28;

/** Returns the first invalid entry; undefined if every entry is valid and there is no other one. */
export const publicComplaint = (value: unknown): string | undefined =>
  misfitIn(() => {
    const unknownEntry = Object.keys(value ?? {}).find((name) => !publicEntries.has(name));
    demand(unknownEntry === undefined, `the entry ${JSON.stringify(unknownEntry)}`);
    checkShared(value);
    checkPublic(value as PublicServable);
  });

const publicEntries: ReadonlySet<string> = new Set<keyof PublicServable>([
  ...(['seen', 'histories', 'items', 'plan', 'encodings', 'objectives', 'events', 'tower'] as const),
]);

/** @param servable plain data, whose entries are checked one after another */
function checkPublic(servable: PublicServable): void {
  const { items, plan, encodings, objectives, events, tower } = servable;
  demand(hasPublicItems(items), 'what is known of the items');
  checkPublicItems(items, items.keys?.ends?.length);
  demand(isPlan(plan), 'the plan');
  for (const feature of plan.features) demand(isFeature(feature), `feature ${JSON.stringify(feature?.name)}`);
  demand(encodings instanceof Map, 'the encodings');
  for (const [name, encoding] of encodings) demand(isEncoding(encoding), `encoding ${JSON.stringify(name)}`);
  checkFeatures(servable);
  demand(isEvents(events), 'what events give');
  const rows = items.keys.ends.length;
  demand(isObject(tower), 'the query tower');
  if ('list' in tower) checkSums(tower as PublicSums, servable, rows);
  else checkTower(tower, rows);
  const width = 'list' in tower ? rows : tower.width;
  demand(Array.isArray(objectives), 'the tasks');
  for (const objective of objectives) {
    const isWithin = isObjective(objective) && objective.from < objective.to && objective.to <= width;
    demand(isWithin && objective.factor !== 0, `task ${JSON.stringify(objective?.name)}`);
  }
}

// The shapes of entries.

type Fits = (value: unknown) => boolean;

const isAnything: Fits = () => true;
const isText: Fits = (value) => typeof value === 'string';
const isTruth: Fits = (value) => typeof value === 'boolean';
const isNumber: Fits = (value) => Number.isFinite(value);
const isWhole =
  (least = 0, most = 2 ** 31 - 1): Fits =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const isOneOf =
  (...values: readonly unknown[]): Fits =>
  (value) =>
    values.includes(value);
const isListOf =
  (fits: Fits): Fits =>
  (value) =>
    Array.isArray(value) && value.every(fits);
const isRecordOf =
  (fits: Fits): Fits =>
  (value) =>
    isObject(value) && Object.values(value).every(fits);

type EntryTests = Readonly<Record<string, Fits>>;

/** True for an object with these entries and no others. */
const hasEntries = (required: EntryTests, optional: EntryTests = {}): Fits => {
  const entries = { ...required, ...optional };
  return (value) =>
    isObject(value) &&
    Object.keys(required).every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, entry]) => Object.hasOwn(entries, name) && entries[name]!(entry));
};

const hasPublicItems = hasEntries({ keys: isAnything, columns: isAnything }, { titles: isAnything });

const isPackedTexts: Fits = (value) => value instanceof PackedTexts && findKeyPartsError(value) === undefined;
const pieces = hasEntries({ kind: isText, buckets: isWhole(1) }, { values: isPackedTexts });

const encodingKinds: EntryTests = {
  vocabulary: hasEntries({ kind: isText, values: isPackedTexts }),
  hash: hasEntries({ kind: isText, buckets: isWhole(1) }),
  boundaries: hasEntries({ kind: isText, boundaries: isListOf(isNumber), log: isTruth }),
  standardize: hasEntries({ kind: isText, mean: isNumber, deviation: isNumber, log: isTruth }),
  number: hasEntries({ kind: isText, log: isTruth }),
  clock: hasEntries({ kind: isText, part: isOneOf(...Object.keys(clockParts)) }),
  vector: hasEntries({ kind: isText, size: isWhole(1) }),
  words: pieces,
  bigrams: pieces,
  trigrams: pieces,
};

const isEncoding: Fits = (value) => {
  const kind = isObject(value) ? String(value.kind) : '';
  return Object.hasOwn(encodingKinds, kind) && encodingKinds[kind]!(value);
};

const isFeature = hasEntries(
  {
    name: isText,
    tower: isText,
    gives: isOneOf('code', 'bag', 'numbers'),
    column: isText,
    encoderOf: isText,
    encoder: (value) => isObject(value) && isText(value.kind),
    width: isWhole(),
  },
  {
    crosses: isListOf(isText),
    last: isText,
    along: isText,
    each: hasEntries({ max: isWhole(1), pool: isOneOf('mean', 'sum') }, { skipsUnseen: isOneOf(true) }),
    weights: isText,
    max: isWhole(1),
    through: hasEntries({ tower: isText, channel: isText }),
    keeps: isOneOf('latest'),
    skipsUnseen: isOneOf(true),
  },
);

const isQueryTower = hasEntries({ name: isText, features: isListOf(isText) }, { key: isText });
const isItemTower = hasEntries({}, { key: isText });
const isPlan = hasEntries({
  towers: (value) => Array.isArray(value) && value.length === 2 && isQueryTower(value[0]) && isItemTower(value[1]),
  features: isListOf(isAnything),
});

const isObjective = hasEntries({ name: isText, from: isWhole(), to: isWhole(1), factor: isNumber });

const isClosed = hasEntries({ closed: isText });
const isSource: Fits = (value) =>
  hasEntries({ entry: isOneOf('item', 'time') })(value) || hasEntries({ column: isText })(value);
const isOpen = hasEntries({ sources: isRecordOf(isSource), columns: isListOf(isText) });
const isEvents: Fits = (value) => isClosed(value) || isOpen(value);

const isDim: Fits = (value) => isWhole()(value) || hasEntries({ symbol: isOneOf('batch'), times: isWhole(1) })(value);
const leaf: EntryTests = { name: isText, node: isWhole() };
const isGraph = hasEntries({
  name: isText,
  nodes: isListOf(
    hasEntries({
      op: isText,
      inputs: isListOf(isWhole()),
      attributes: isRecordOf(isAnything),
      type: hasEntries({ dtype: isOneOf('float32', 'int32', 'bool'), shape: isListOf(isDim) }),
      label: isText,
    }),
  ),
  inputs: isListOf(hasEntries(leaf)),
  parameters: isListOf(hasEntries({ ...leaf, initial: isAnything, trainable: isTruth })),
  outputs: isListOf(hasEntries(leaf)),
  updates: (value) => Array.isArray(value) && value.length === 0,
});

// What entries mean together.

/** Checks that all names exist and that no feature depends on itself. */
function checkFeatures({ plan: { towers, features }, encodings }: PublicServable): void {
  const featureByName = new Map(features.map((feature) => [feature.name, feature]));
  demand(featureByName.size === features.length, 'a feature whose name another one has');
  const placedFeatures = new Set<string>();
  const placeFeature = (name: string, under: readonly string[]): void => {
    const feature = featureByName.get(name);
    demand(feature !== undefined && !under.includes(name), `feature \`${name}\`, which is missing or needs itself,`);
    if (placedFeatures.has(name)) return;
    for (const neededName of requiredFeatures(feature)) placeFeature(neededName, [...under, name]);
    placedFeatures.add(name);
  };
  for (const name of [...featureByName.keys(), ...towers[0].features]) placeFeature(name, []);
  for (const name of towers[0].features) {
    demand(encodings.has(featureByName.get(name)!.encoderOf), `feature \`${name}\`, which has no encoding,`);
  }
}

/** @param items number of items */
function checkTower({ graph, parameters, vectors, width, interests }: PublicTower, items: number): void {
  demand(isWhole(1, 2 ** 20)(width) && isWhole(1, 2 ** 16)(interests), 'the shape of the vectors');
  demand(areRows(vectors, items, width), 'the vectors');
  demand(isGraph(graph), 'the graph');
  const [problem] = verifyGraph(graph);
  demand(problem === undefined, `the graph, which has a mistake (${problem}),`);
  const batch = { symbol: 'batch', times: 1 };
  const shape = interests === 1 ? [batch, width] : [batch, interests, width];
  const vectorType = printType({ dtype: 'float32', shape });
  const vector = graph.outputs.find(({ name }) => name === 'vector');
  const typeOf = (node: number): TensorType => graph.nodes[node]!.type;
  demand(
    vector !== undefined && printType(typeOf(vector.node)) === vectorType,
    `the graph, which does not give ${vectorType},`,
  );
  demand(parameters instanceof Map && parameters.size === graph.parameters.length, 'the parameters');
  for (const { name, node } of graph.parameters) {
    const { dtype, shape } = typeOf(node);
    const isKnown = dtype === 'float32' && shape.every((dim) => typeof dim === 'number');
    const [rows = 1, ...rest] = shape as readonly number[];
    const rowSize = rest.reduce((product, length) => product * length, 1);
    demand(isKnown && areRows(parameters.get(name), rows, rowSize), `parameter \`${name}\``);
  }
  const parameterNodes = new Set(graph.parameters.map(({ node }) => node));
  let numberCount = 0;
  graph.nodes.forEach(({ type }, node) => {
    if (!parameterNodes.has(node)) numberCount += countElements(resolveShape(type.shape, { batch: 1 }));
  });
  demand(numberCount <= maxNumbers, `the graph, of which a query would take ${numberCount} numbers,`);
}

/** @param items number of items */
function checkSums(sums: PublicSums, { plan, encodings }: PublicServable, items: number): void {
  const { list, neighbours, weights, events, codes } = sums;
  const feature = plan.features.find(({ name }) => name === list);
  const encoding = feature && encodings.get(feature.encoderOf);
  demand(feature?.max !== undefined && encoding?.kind === 'vocabulary', 'the list of items');
  const knownCount = encoding.values.length + 1;
  demand(
    isArrayOf(events, Float32Array, knownCount) && isArrayOf(codes, Float32Array, items),
    'the events of the items',
  );
  const keep = neighbours?.length / knownCount;
  demand(isWhole(1, 2 ** 16)(keep) && isArrayOf(neighbours, Float32Array), 'the neighbours of the items');
  demand(areRows(weights, knownCount, keep), 'the weights of the neighbours');
  const reason = weightsComplaint({ ...sums, weights: events, most: feature.max });
  demand(reason === undefined, `the neighbours of the items (${reason})`);
}

/** True for the numbers of a matrix, as they are or as bytes. */
function areRows(value: unknown, rows: number, width: number): boolean {
  if (!hasEntries({ codes: isAnything, scales: isAnything })(value))
    return isArrayOf(value, Float32Array, rows * width);
  const { codes, scales } = value as { readonly codes: unknown; readonly scales: unknown };
  return isArrayOf(codes, Uint8Array, rows * width) && isArrayOf(scales, Float32Array, rows);
}
