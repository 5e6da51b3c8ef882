import { notes } from '../../../base/diagnostics/wording.ts';
import type { Span } from '../../../base/text/source.ts';
import { type BoundKind, type FeatureUse, ShapeError, type SideArgument } from '../../library/contract.ts';
import { deepest, featureUse, usesOf } from '../../library/features/uses.ts';
import type { ExpressionNode } from '../../syntax/ast.ts';
import { towerOrder } from '../complete.ts';
import { guess } from '../guess.ts';
import { featuresNamed, featuresThrough, useOf, valuesNamed, withNamed } from '../references.ts';
import { noteAt, type Report } from '../report.ts';
import type { Resolution, ResolvedTower, Rule } from '../resolution.ts';

/** Reports conflicting arguments of a feature, and features that are defined by each other in a cycle. */
export const featureArguments: Rule = ({ features, library }, report) => {
  const reach = (name: string): ReadonlySet<string> => withNamed([name], features, library.features);
  const reported: string[] = [];
  const reportedKinds = new Set<BoundKind>();
  const naming = new Map([...features].map(([name, { call }]) => [name, featuresNamed(call, library.features)]));
  const unsettled = unsettledOf(features, naming);
  // With too many unsettled features, the uses of all features are not computed.
  const valid = unsettled.size > most ? new Map() : usesOf(features);
  if (valid.size === features.size) return;
  for (const [name, { call }] of features) {
    if (valid.has(name)) continue;
    // With very many features only one is reported, because each is compared with all others.
    if (unsettled.size > most && unsettled.has(name) && reported.some((other) => unsettled.has(other))) continue;
    const namesOthers = naming.get(name)!.length > 0;
    // A feature that names an invalid feature cannot be judged.
    if (namesOthers && [...reach(name)].some((other) => !features.has(other))) continue;
    // A cycle is reported once, regardless of its length.
    if (namesOthers && reported.some((other) => reach(other).has(name) && reach(name).has(other))) continue;
    try {
      featureUse(name, features);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      if (error.feature !== name) continue;
      reported.push(name);
      // Several names that one entry declares have the same error.
      if (reportedKinds.has(call)) continue;
      reportedKinds.add(call);
      report('arguments-conflict', call.span, { kind: call.kind, reason: error.reason });
    }
  }
};

/** Maximum number of features in cycles or in too long chains that are all judged. */
const most = 200;

/** Returns the features whose chain of named features does not end within `deepest`. */
function unsettledOf(
  features: ReadonlyMap<string, unknown>,
  naming: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  // Most features have no references and are finished first.
  const remainingNames = new Map([...naming].filter(([, named]) => named.some((other) => features.has(other))));
  for (let depth = 1; depth <= deepest; depth++) {
    const ended = [...remainingNames].filter(([, named]) => named.every((other) => !remainingNames.has(other)));
    if (ended.length === 0) break;
    for (const [name] of ended) remainingNames.delete(name);
  }
  return new Set(remainingNames.keys());
}

/** No feature may be an input of both towers. */
export const featureBothSides: Rule = ({ towers, features: declared, library }, report) => {
  /** Returns the given features and those whose values they read, transitively. */
  const valuesOf = (names: readonly string[]): readonly string[] => {
    const reachedNames = new Set<string>();
    const add = (name: string): void => {
      if (reachedNames.has(name)) return;
      reachedNames.add(name);
      const call = declared.get(name)?.call;
      if (call && library.features[call.kind]?.readsNamed) valuesNamed(call, library.features).forEach(add);
    };
    names.forEach(add);
    return [...reachedNames];
  };
  const placesByTower = new Map(
    towers.map((tower) => [
      tower,
      inputsAndKey(tower).map(({ features, span }) => ({ features: valuesOf(features), span })),
    ]),
  );
  const reported = new Set<string>();
  for (const [index, tower] of towers.entries()) {
    const seen = new Set(placesByTower.get(tower)!.flatMap(({ features }) => features));
    for (const other of towers.slice(index + 1)) {
      for (const { features, span } of placesByTower.get(other)!) {
        const both = features.filter((feature) => seen.has(feature) && !reported.has(feature));
        for (const feature of both) reported.add(feature);
        const [name] = both;
        if (name === undefined) continue;
        const firstPlace = placesByTower.get(tower)!.find((place) => place.features.includes(name))!;
        const featureFacts = { name, first: tower.name, second: other.name };
        // If the key is no input of its own tower, the error is at the key and not at the other tower.
        if (firstPlace.span === tower.key?.span) {
          const note = noteAt(notes.read(other.name, name), span);
          report('feature-both-sides', firstPlace.span, { ...featureFacts, keyOf: tower.name }, note);
        } else {
          const note = { message: notes.read(tower.name, name), at: firstPlace.span };
          const keyOf = span === other.key?.span ? other.name : undefined;
          report('feature-both-sides', span, { ...featureFacts, keyOf }, { notes: [note] });
        }
      }
    }
  }
};

interface FeatureReads {
  readonly features: readonly string[];
  readonly span: Span;
}

/** Returns the features of each input of a tower and of its key, with their spans. */
function inputsAndKey({ inputs, key }: ResolvedTower): FeatureReads[] {
  return [...inputs, ...(key ? [{ features: [key.name], span: key.span }] : [])];
}

/** A list that passes through a tower must use the item tower and contain values of its key. */
export const throughTower: Rule = (resolution, report) => {
  const { features, scope, library } = resolution;
  const order = towerOrder(resolution);
  if (!order) return;
  const [query, item] = order;
  const reported = new Set<ExpressionNode>();
  for (const [name, through] of featuresThrough(features)) {
    const writtenFeature = scope.features.get(name)?.value;
    // Several names of one kind are reported together.
    if (writtenFeature === undefined || reported.has(writtenFeature)) continue;
    const throughSpan = argumentIn(writtenFeature) ?? writtenFeature.span;
    const declared = { message: notes.declared('tower', item.name), at: item.span };
    const refuse = (reason: string, instead: string): void => {
      reported.add(writtenFeature);
      report('through-tower', throughSpan, { name, reason, instead }, { notes: [declared] });
    };
    if (through.tower === query.name) {
      refuse(
        `\`${query.name}\` is the query tower, and elements of a list are items`,
        `name the item tower: \`through: ${item.name}\``,
      );
      continue;
    }
    if (through.tower !== item.name) continue;
    const reads = withNamed(item.features, features, library.features);
    if (reads.has(name)) {
      reported.add(writtenFeature);
      const note = noteAt(notes.read(item.name, name), inputOf(item, name));
      report('through-cycle', throughSpan, { name, tower: item.name, other: query.name }, note);
      continue;
    }
    if (!item.node.key) {
      refuse(`tower \`${item.name}\` has no key`, `add \`keyed by\` to tower \`${item.name}\``);
      continue;
    }
    const key = item.key && ownerOf(item.key.name, features);
    const ownerFeature = ownerOf(name, features);
    if (key !== undefined && ownerFeature !== undefined && key !== ownerFeature) {
      refuse(
        `its elements are values of \`${ownerFeature}\`, and tower \`${item.name}\` is keyed by \`${item.key!.name}\``,
        `list \`${item.key!.name}\`, or remove \`through\``,
      );
      continue;
    }
    if (reportChannel(through, item, throughSpan, report)) reported.add(writtenFeature);
  }
};

/** Reports an invalid channel. Returns true if it is invalid. */
function reportChannel({ channel }: SideArgument, tower: ResolvedTower, at: Span, report: Report) {
  const channels = tower.steps.filter((step) => step.channel).map(({ name }) => name);
  if (channel === undefined) {
    // A tower without channels is reported at its declaration.
    if (channels.length < 2) return channels.length === 0;
    report('channel-needed', at, { tower: tower.name, channels, by: 'list' });
    return true;
  }
  if (channels.includes(channel)) return false;
  const { extra, ...meant } = guess(channel, { ...at, start: at.end - channel.length }, channels);
  const channelWords = `channel of tower \`${tower.name}\``;
  report('unknown-name', at, { what: channelWords, name: channel, known: channels, ...meant }, extra);
  return true;
}

/** Returns the feature that owns the table of a feature, which may be itself. */
function ownerOf(name: string, features: Resolution['features']): string | undefined {
  const use = useOf(name, features);
  return use && ('owner' in use.encoder ? use.encoder.owner : name);
}

/** Returns the span of the value of `through`. */
function argumentIn(value: ExpressionNode): Span | undefined {
  if (value.kind !== 'Call') return undefined;
  return value.arguments.find(({ name }) => name?.name === 'through')?.value.span;
}

const inputOf = ({ inputs, span }: ResolvedTower, name: string): Span =>
  inputs.find(({ features }) => features.includes(name))?.span ?? span;

/** A key identifies one user or one item, so its value must be a single code. */
export const keyKind: Rule = ({ towers, features }, report) => {
  for (const { name: tower, key } of towers) {
    const feature = key && features.get(key.name);
    if (!key || !feature || tellsApart(key.name, features) !== false) continue;
    const declared = { message: notes.declared('feature', key.name), at: feature.span };
    report('key-kind', key.span, { tower, key: key.name }, { notes: [declared] });
  }
};

/** Returns undefined if the declaration itself is wrong. */
function tellsApart(name: string, features: Resolution['features']): boolean | undefined {
  const use = useOf(name, features);
  const owner = use && 'owner' in use.encoder ? useOf(use.encoder.owner, features) : use;
  return owner && use?.gives === 'code' && use.crosses === undefined && use.last === undefined && namesValues(owner);
}

const namesValues = ({ encoder }: FeatureUse): boolean =>
  'kind' in encoder && (encoder.kind === 'vocabulary' || encoder.kind === 'hash');
