/**
 * What a model can be asked by protocols of others: a row for each signature of TensorFlow Serving, which is a model of its own in the Open Inference
 * Protocol, where models have no signatures. All of them ask the core of the other routes.
 */
import type { About } from '../about.ts';
import type { AnswerOptions, Answers } from '../answers.ts';
import type { AnsweredItem, RecommendBody, SimilarBody } from '../schemas.ts';
import type { RequestTopic as Topic } from '../versions/versions.ts';
import { asker, featureFields, item, seen, selectionFields, type TensorField, weightFields } from './fields.ts';

/** Outputs of one row by name: a list of each, or of vectors. */
export type RowOutputs = Readonly<Record<string, NestedValue>>;
export type NestedValue = string | number | boolean | readonly NestedValue[];

export interface ServingSignature {
  readonly summary: string;
  /** The input that takes a request without names. */
  readonly first: string;
  /** The schema that the body of a row has. */
  readonly schema: 'Recommend' | 'Similar';
  inputs(about: About): readonly TensorField[];
  outputs(about: About): readonly TensorField[];
  ask(answers: Answers, body: never, options: AnswerOptions): Promise<RowOutputs>;
  /** Decides which of two versions answers. Vectors of two versions do not fit together, so those go to `stable`. */
  topic(body: Topic): Topic;
}

const ranked: readonly TensorField[] = [
  { name: 'keys', type: 'text', shape: [-1] },
  { name: 'titles', type: 'text', shape: [-1] },
  { name: 'scores', type: 'score', shape: [-1] },
];
const vectorOf = ({ width }: About): TensorField => ({ name: 'vector', type: 'number', shape: [width] });

const recommended = async (answers: Answers, body: RecommendBody, options: AnswerOptions): Promise<RowOutputs> =>
  columnsOf((await answers.recommend(body, options)).items);

export const signatures = {
  serving_default: {
    summary: 'The best items for a user, or for feature values.',
    first: 'user',
    schema: 'Recommend',
    inputs: (about) => [
      ...asker(about),
      ...featureFields(about),
      ...selectionFields,
      ...seen(about),
      ...weightFields(about),
    ],
    outputs: () => ranked,
    ask: recommended,
    topic: (body) => body,
  },
  search: {
    summary: 'The best items for a vector of the query tower.',
    first: 'vector',
    schema: 'Recommend',
    inputs: (about) => [vectorOf(about), ...asker(about), ...selectionFields, ...seen(about), ...weightFields(about)],
    outputs: () => ranked,
    ask: recommended,
    topic: () => ({}),
  },
  similar: {
    summary: 'The items near an item.',
    first: 'item',
    schema: 'Similar',
    inputs: () => [item, ...selectionFields],
    outputs: () => ranked,
    ask: async (answers, body: SimilarBody, options) => columnsOf((await answers.similar(body, options)).items),
    topic: (body) => body,
  },
  query_vector: {
    summary: 'The vector of the query tower for a user, or for feature values; with interests a vector for each.',
    first: 'user',
    schema: 'Recommend',
    inputs: (about) => [...asker(about), ...featureFields(about)],
    outputs: (about) => [
      {
        ...vectorOf(about),
        shape: about.query.interests === undefined ? [about.width] : [about.query.interests, about.width],
      },
    ],
    async ask(answers, body: RecommendBody) {
      const vectors = (await answers.queryVectors(body)).map((each) => [...each]);
      return { vector: answers.about().query.interests === undefined ? vectors[0]! : vectors };
    },
    topic: () => ({}),
  },
  item_vector: {
    summary: 'The vector of the item tower for an item.',
    first: 'item',
    schema: 'Similar',
    inputs: () => [item],
    outputs: (about) => [vectorOf(about)],
    ask: async (answers, body: SimilarBody) => ({ vector: [...(await answers.itemVector(body))] }),
    topic: () => ({}),
  },
} as const satisfies Readonly<Record<string, ServingSignature>>;

export type SignatureName = keyof typeof signatures;
export const signatureList = Object.entries(signatures) as readonly (readonly [SignatureName, ServingSignature])[];
export const servingSignature = (name: string): ServingSignature | undefined =>
  Object.hasOwn(signatures, name) ? signatures[name as SignatureName] : undefined;

/** An item without a title has an empty one, so that the lists are as long as each other. */
const columnsOf = (items: readonly AnsweredItem[]): RowOutputs => ({
  keys: items.map(({ key }) => key),
  titles: items.map(({ title }) => title ?? ''),
  scores: items.map(({ score }) => score),
});
