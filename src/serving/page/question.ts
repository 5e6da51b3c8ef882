/** What a person asks on the page, and the request that it is. */
import { defined } from '../../base/util/defined.ts';
import type { DescribedFeature } from '../serve/describe.ts';
import type { About } from '../server/about.ts';
import type { RecommendAnswer, RecommendBody, SimilarAnswer, SimilarBody } from '../server/schemas.ts';

export type AboutAnswer = About & { readonly mostItems: number };

export type PageAnswer = RecommendAnswer | SimilarAnswer;

export interface NamedChoice {
  readonly key: string;
  readonly title?: string;
}

export interface QueryForm {
  readonly user: string;
  /** By feature, as typed: one text, or one for each element of a list. */
  readonly values: Readonly<Record<string, string | readonly string[]>>;
  readonly k: number;
  readonly filter: string;
  readonly exclude: readonly NamedChoice[];
  readonly removeSeen: boolean;
  /** By task: weights that are other than the factors of the model. */
  readonly weights: Readonly<Record<string, number>>;
  /** Shows the items near this one, in place of those for a user. */
  readonly near?: NamedChoice | undefined;
}

export const firstQuestion = ({ removeSeen, mostItems }: AboutAnswer): QueryForm => ({
  user: '',
  values: {},
  k: Math.min(10, mostItems),
  filter: '',
  exclude: [],
  removeSeen,
  weights: {},
});

const mostHistory = 30;
const mostColumns = 6;

export interface PageRequest {
  readonly path: '/v1/recommend' | '/v1/similar';
  readonly body: RecommendBody | SimilarBody;
}

export function requestOf(question: QueryForm, about: AboutAnswer): PageRequest {
  const { user, near, k, filter, exclude, removeSeen, weights } = question;
  const columns = columnsShown(about);
  const querySelection = {
    k,
    ...(filter.trim() === '' ? {} : { filter }),
    ...(exclude.length > 0 ? { exclude: exclude.map(({ key }) => key) } : {}),
    ...(columns.length > 0 ? { columns } : {}),
  };
  if (near) return { path: '/v1/similar', body: { item: near.key, ...querySelection } };
  const values = valuesOf(question, about);
  const isMoved = Object.keys(weights).length > 0;
  return {
    path: '/v1/recommend',
    body: {
      ...defined({ user: user === '' ? undefined : user }),
      ...(user === '' || Object.keys(values).length > 0 ? { values } : {}),
      ...querySelection,
      ...(removeSeen === about.removeSeen ? {} : { removeSeen }),
      ...(isMoved ? { weights } : {}),
      ...(user === '' ? {} : { history: mostHistory }),
      ...(about.objectives.length > 0 ? { shares: true } : {}),
    },
  };
}

function columnsShown({ columns }: AboutAnswer): string[] {
  const pictureColumns = columns.filter(({ picture }) => picture).slice(0, 1);
  const otherColumns = columns.filter(({ picture }) => !picture).slice(0, mostColumns);
  return [...pictureColumns, ...otherColumns].map(({ name }) => name);
}

function valuesOf({ values }: QueryForm, { query }: AboutAnswer): Record<string, unknown> {
  return Object.fromEntries(
    query.features.flatMap((feature) => {
      const value = typedValue(feature, values[feature.name]);
      return value === undefined ? [] : [[feature.name, value]];
    }),
  );
}

/** A command for a shell. The token is never part of it. */
export function curlOf({ path, body }: PageRequest, origin: string, hasToken: boolean): string {
  const quotedBody = JSON.stringify(body).replaceAll("'", String.raw`'\''`);
  const token = hasToken ? ` \\\n  -H "Authorization: Bearer $TOKEN"` : '';
  return `curl ${origin}${path} \\\n  -H 'Content-Type: application/json'${token} \\\n  -d '${quotedBody}'`;
}

// Texts of a form to values of features, as a request has them.

/** Undefined where nothing was typed, so that the feature is left out. What a server would refuse is sent, so that its own words say why. */
function typedValue({ kind, list, each }: DescribedFeature, typed: string | readonly string[] | undefined): unknown {
  if (typed === undefined || typed.length === 0) return undefined;
  if (typeof typed !== 'string') return typed.map((text) => (each ? jsonOr(text) : singleOf(kind, text)));
  if (kind === 'vector')
    return list
      ? jsonOr(typed)
      : typed
          .split(/[\s,;[\]]+/)
          .filter(Boolean)
          .map(numberOr);
  return singleOf(kind, typed);
}

const singleOf = (kind: DescribedFeature['kind'], text: string): unknown => (kind === 'number' ? numberOr(text) : text);

const numberOr = (text: string): number | string => {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
};

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
