/** A server over the small trained model, with columns and titles of its items. */
import { textColumn, textsColumn } from '../../../src/retrieval/filter/filter_columns.ts';
import { makeRecommender, type Recommender } from '../../../src/serving/live/recommender.ts';
import { type Answers, makeAnswers } from '../../../src/serving/server/answers.ts';
import type { AnsweredItem, ErrorDetail } from '../../../src/serving/server/schemas.ts';
import { makeServer, type Server, type ServerOptions } from '../../../src/serving/server/server.ts';
import { onlyVersion } from '../../../src/serving/server/versions/versions.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { dataset as kept, trainSmall } from '../../training/trained.ts';

export const dataset = { ...kept, seen: 'excluded' } as const;
export const { corpus, users } = dataset;

const rows = Array.from({ length: corpus.rows }, (_, row) => row);

export const columns = new Map([
  ['year', { kind: 'number', values: Float64Array.from(rows, (row) => (row === 5 ? Number.NaN : 1980 + row)) }],
  ['country', textColumn(rows.map((row) => (row % 3 === 0 ? 'NL' : row % 3 === 1 ? 'BE' : undefined)))],
  ['genres', textsColumn(rows.map((row) => (row % 2 === 0 ? ['Drama', 'War'] : row === 1 ? undefined : [])))],
  ['new', { kind: 'truth', values: Int8Array.from(rows, (row) => ((row % 4) - 1 > 0 ? 1 : (row % 4) - 1)) }],
] as const);

export interface Served {
  readonly trained: LoadedModel;
  readonly recommender: Recommender;
  readonly answers: Answers;
  server(options?: Partial<ServerOptions>, answers?: Answers): Promise<Server>;
}

export async function serveSmall(root: string): Promise<Served> {
  const trained = await trainSmall(root);
  const objectives = [{ name: 'watch', from: 0, to: trained.plan.towers[0].width, factor: 1 }];
  const recommender = await makeRecommender(trained, dataset, plainEngine, { version: 'v1', columns, objectives });
  const answers = makeAnswers({ recommender, removesSeen: true, notes: ['A note.'] });
  return {
    trained,
    recommender,
    answers,
    server: (options, own = answers) => makeServer(onlyVersion({ answers: own }), { tower: '0.0.0', ...options }),
  };
}

/** What a test reads of any body. */
interface Body {
  readonly [at: number]: Body;
  readonly user: string;
  readonly items: readonly AnsweredItem[];
  readonly history: readonly { readonly key: string }[];
  readonly notes: readonly string[];
  readonly request: string;
  readonly errors: readonly [ErrorDetail, ...ErrorDetail[]];
  readonly openapi: string;
  readonly paths: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Body;
  readonly text: string;
}

/** A request without a network: status, headers, and the body as JSON. */
export async function ask(
  { http }: Server,
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const answered = await http.inject(
    body === undefined
      ? { method: 'GET', url, headers }
      : {
          method: 'POST',
          url,
          headers: { 'content-type': 'application/json', ...headers },
          payload: typeof body === 'string' ? body : JSON.stringify(body),
        },
  );
  const isJson = String(answered.headers['content-type']).includes('json');
  return {
    status: answered.statusCode,
    headers: answered.headers,
    text: answered.body,
    body: isJson ? answered.json<Body>() : ({} as Body),
  };
}
