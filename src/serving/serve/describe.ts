/** What a question may say: the features that the query tower reads, what their values are, and examples of them. For forms and for people. */
import { defined } from '../../base/util/defined.ts';
import type { Encoding } from '../../data/dataset.ts';
import { type FeaturePlan, madeOf } from '../../graph/plan/plan.ts';
import type { QueryModel, QueryPlan } from './prepare.ts';
import type { Snapshot } from './snapshot.ts';

export interface QueryDescription {
  readonly model: string;
  readonly tower: string;
  /** The feature that identifies users; absent where the tower has no key. */
  readonly key?: string;
  /** Vectors of one query, where it has several. */
  readonly interests?: number;
  readonly features: readonly DescribedFeature[];
}

export interface DescribedFeature {
  readonly name: string;
  /** `category`: a value of a vocabulary, or any text that is hashed; `item`: the key of an item; `text`: words. */
  readonly kind: 'category' | 'item' | 'number' | 'moment' | 'text' | 'vector';
  /** It takes a list of such values. */
  readonly list?: true;
  readonly size?: number;
  /** The list to whose elements its values belong, one each. */
  readonly along?: string;
  readonly each?: true;
  /** The most frequent values, or a usual one. */
  readonly examples: readonly FeatureExample[];
}

interface FeatureExample {
  readonly value: string | number;
  readonly title?: string;
}

/** Values that help a person to choose, and that a page can hold. */
const mostExamples = 50;

/** @param items give keys and titles for examples */
export function describeQuery(
  plan: QueryPlan & { readonly model: string },
  encodings: QueryModel['encodings'],
  items: Pick<Snapshot, 'rows' | 'itemRow' | 'keyAt' | 'titleAt'>,
): QueryDescription {
  const [query, item] = plan.towers;
  const itemOwner = plan.features.find(({ name }) => name === item.key)?.encoderOf;
  const itemExample = (key: string): FeatureExample => {
    const row = items.itemRow(key);
    return { value: key, ...defined({ title: row < 0 ? undefined : items.titleAt(row) }) };
  };
  const firstItems = (): string[] =>
    Array.from({ length: Math.min(items.rows, mostExamples) }, (_, row) => items.keyAt(row));
  const describeFeature = (feature: FeaturePlan): DescribedFeature[] => {
    const encoding = encodings.get(feature.encoderOf);
    if (encoding === undefined || madeOf(feature).length > 0) return [];
    const isItem = itemOwner !== undefined && feature.encoderOf === itemOwner;
    const valueKind = isItem ? 'item' : kinds[encoding.kind];
    const values = isItem && encoding.kind === 'hash' ? firstItems() : examplesOf(encoding);
    const isList = feature.along !== undefined || (feature.gives === 'bag' && valueKind !== 'text');
    const ownFeature: DescribedFeature = {
      name: feature.name,
      kind: valueKind,
      ...(isList ? { list: true } : {}),
      ...(encoding.kind === 'vector' ? { size: encoding.size } : {}),
      ...defined({ along: feature.along }),
      ...(feature.each ? { each: true } : {}),
      examples: values.map((value) => (isItem ? itemExample(String(value)) : { value })),
    };
    const { weights } = feature;
    if (weights === undefined) return [ownFeature];
    return [ownFeature, { name: weights, kind: 'number', list: true, along: feature.name, examples: [{ value: 1 }] }];
  };
  const queryFeatures = plan.features.filter(({ name }) => query.features.includes(name) && name !== query.key);
  return {
    model: plan.model,
    tower: query.name,
    ...defined({ key: query.key, interests: query.interests }),
    features: queryFeatures.flatMap(describeFeature),
  };
}

const kinds: Readonly<Record<Encoding['kind'], DescribedFeature['kind']>> = {
  vocabulary: 'category',
  hash: 'category',
  boundaries: 'number',
  standardize: 'number',
  number: 'number',
  clock: 'moment',
  vector: 'vector',
  words: 'text',
  bigrams: 'text',
  trigrams: 'text',
};

function examplesOf(encoding: Encoding): readonly (string | number)[] {
  switch (encoding.kind) {
    case 'vocabulary':
      return Array.from({ length: Math.min(mostExamples, encoding.values.length) }, (_, at) => encoding.values.at(at)!);
    case 'boundaries': {
      const { boundaries, log } = encoding;
      const middle = boundaries[boundaries.length >> 1];
      return middle === undefined ? [] : [usual(middle, log)];
    }
    case 'standardize':
      return [usual(encoding.mean, encoding.log)];
    default:
      return [];
  }
}

/** Four digits are enough for an example. */
const usual = (number: number, log: boolean): number => Number((log ? Math.expm1(number) : number).toPrecision(4));
