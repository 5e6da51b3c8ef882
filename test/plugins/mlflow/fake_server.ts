/** A tracking server in memory. It takes what MLflow's REST API documents and nothing else, and remembers every request. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** JSON, or the bytes of an artifact as text. */
  readonly body: unknown;
  readonly authorization: string | undefined;
}

export interface FakeRun {
  readonly info: Record<string, unknown>;
  readonly metrics: { key: string; value: number; timestamp: number; step: number }[];
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
}

export interface FakeServer {
  readonly url: string;
  readonly asked: Asked[];
  readonly runs: Map<string, FakeRun>;
  readonly files: Map<string, string>;
  /** What is answered in place of an answer: a status, `never`, or a text with status 200. */
  instead: ((asked: Asked) => number | 'never' | string | undefined) | undefined;
  artifactUri: string;
  close(): Promise<void>;
}

class Wrong extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const invalid = (message: string): Wrong => new Wrong(400, 'INVALID_PARAMETER_VALUE', message);

interface Text {
  readonly key: string;
  readonly value: string;
}

/** Fields of all requests. */
interface Body {
  readonly name: string;
  readonly experiment_name: string;
  readonly experiment_id: string;
  readonly experiment_ids: readonly string[];
  readonly filter: string;
  readonly run_id: string;
  readonly run_name: string;
  readonly start_time: number;
  readonly end_time?: number;
  readonly status: string;
  readonly metrics?: FakeRun['metrics'];
  readonly params?: readonly Text[];
  readonly tags?: readonly Text[];
}

export async function fakeServer(): Promise<FakeServer> {
  const experiments = new Map<string, string>();
  const fake = {
    ...{ url: '', asked: [] as Asked[], runs: new Map<string, FakeRun>(), files: new Map<string, string>() },
    instead: undefined as FakeServer['instead'],
    artifactUri: 'mlflow-artifacts:/',
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const runNamed = (id: unknown): FakeRun => {
    const run = fake.runs.get(String(id));
    if (!run) throw new Wrong(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
    return run;
  };
  const seen = (run: FakeRun) => ({
    info: run.info,
    data: {
      metrics: [...new Map(run.metrics.toSorted((a, b) => a.step - b.step).map((each) => [each.key, each])).values()],
      params: [...run.params].map(([key, value]) => ({ key, value })),
      tags: [...run.tags].map(([key, value]) => ({ key, value })),
    },
  });
  const routes: Record<string, (body: Body) => object> = {
    'GET mlflow/experiments/get-by-name'({ experiment_name }) {
      const id = experiments.get(experiment_name);
      if (id === undefined) throw new Wrong(404, 'RESOURCE_DOES_NOT_EXIST', `no experiment ${experiment_name}`);
      return { experiment: { experiment_id: id, name: experiment_name, lifecycle_stage: 'active' } };
    },
    'POST mlflow/experiments/create'({ name }) {
      if (experiments.has(name)) throw new Wrong(400, 'RESOURCE_ALREADY_EXISTS', `Experiment(name=${name})`);
      experiments.set(name, String(experiments.size + 1));
      return { experiment_id: experiments.get(name) };
    },
    'POST mlflow/runs/search'({ experiment_ids, filter }) {
      const [, key, value] = /^tags\.`([\w.]+)` = '([^']*)'$/.exec(filter) ?? [];
      if (key === undefined) throw invalid(`cannot read ${filter}`);
      const found = [...fake.runs.values()].filter(
        ({ info, tags }) => experiment_ids.includes(String(info.experiment_id)) && tags.get(key) === value,
      );
      return { runs: found.map(seen) };
    },
    'POST mlflow/runs/create'({ experiment_id, run_name, start_time, tags = [] }) {
      if (!Number.isSafeInteger(start_time)) throw invalid('start_time');
      const id = randomUUID().replaceAll('-', '');
      const info = { run_id: id, experiment_id, run_name, start_time, status: 'RUNNING', lifecycle_stage: 'active' };
      const run: FakeRun = {
        info: { ...info, artifact_uri: `${fake.artifactUri}${experiment_id}/${id}/artifacts` },
        metrics: [],
        params: new Map(),
        tags: new Map(tags.map(({ key, value }) => [key, value])),
      };
      fake.runs.set(id, run);
      return { run: seen(run) };
    },
    'POST mlflow/runs/log-batch'({ run_id, metrics = [], params = [], tags = [] }) {
      const run = runNamed(run_id);
      if (metrics.length > 1000 || params.length > 100 || tags.length > 100) throw invalid('too many');
      for (const { key } of [...metrics, ...params, ...tags]) {
        if (!/^[\w\-./ ]{1,250}$/.test(key)) throw invalid(`name ${key}`);
      }
      for (const { value, timestamp, step } of metrics) {
        if (!Number.isFinite(value) || !Number.isSafeInteger(timestamp) || !Number.isSafeInteger(step)) {
          throw invalid('metric');
        }
      }
      for (const { key, value } of params) {
        if (typeof value !== 'string' || value.length > 6000) throw invalid(`param ${key}`);
        if (run.params.has(key) && run.params.get(key) !== value) throw invalid(`Changing param ${key} is not allowed`);
        run.params.set(key, value);
      }
      for (const { key, value } of tags) run.tags.set(key, value);
      run.metrics.push(...metrics);
      return {};
    },
    'POST mlflow/runs/update'({ run_id, status, end_time }) {
      Object.assign(runNamed(run_id).info, { status, ...(end_time === undefined ? {} : { end_time }) });
      return {};
    },
  };
  const answer = ({ method, path, query, body }: Asked): object => {
    if (method === 'PUT' && path.startsWith('mlflow-artifacts/artifacts/')) {
      fake.files.set(path.slice('mlflow-artifacts/artifacts/'.length), String(body));
      return {};
    }
    const route = routes[`${method} ${path}`];
    if (!route) throw new Wrong(404, 'ENDPOINT_NOT_FOUND', path);
    return route((method === 'GET' ? query : body) as Body);
  };
  const server: Server = createServer(async (request, response) => {
    const asked = await read(request);
    fake.asked.push(asked);
    const instead = fake.instead?.(asked);
    if (instead === 'never') return;
    if (typeof instead === 'string') return void response.end(instead);
    try {
      if (instead !== undefined) throw new Wrong(instead, 'INTERNAL_ERROR', 'a proxy\u001b[31m is\nhere');
      response.end(JSON.stringify(answer(asked)));
    } catch (error) {
      const { status = 500, code, message } = error as Partial<Wrong>;
      response.writeHead(status, { location: 'https://elsewhere.example/' });
      response.end(JSON.stringify({ error_code: code, message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

async function read(request: IncomingMessage): Promise<Asked> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  const { pathname, searchParams } = new URL(request.url!, 'http://fake');
  return {
    method: request.method!,
    path: decodeURIComponent(pathname.replace(/^\/api\/2\.0\//, '')),
    query: Object.fromEntries(searchParams),
    body: request.headers['content-type'] === 'application/json' ? JSON.parse(text) : text,
    authorization: request.headers.authorization,
  };
}
