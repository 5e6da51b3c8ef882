/** Serves the report of a run on this machine while it trains. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { declaredMeasures, makeMeasures } from '../../training/evaluation/figures.ts';
import { linesToBeat } from '../../training/evaluation/lines_to_beat.ts';
import { seenRule } from '../../training/evaluation/ranking_questions.ts';
import type { EpochRecord, TrainingEvent } from '../../training/train_options.ts';
import { type LiveTraining, livePage } from '../report/live_page.ts';

export interface TrainingPage {
  readonly url: string;
  ready(plan: Pick<Plan, 'model' | 'tasks'>): void;
  /** Measures the lines to beat. */
  compare(ready: { readonly plan: Plan; readonly dataset: Dataset }): Promise<void>;
  event(event: TrainingEvent): void;
  /** Serves the last page for a few seconds at most, then closes. */
  end(state: 'ended' | 'failed', outcome?: Pick<LiveTraining, 'report' | 'reason'>): Promise<void>;
}

type ShownStep = LiveTraining['steps'][number];

/** Maximum points of a chart. */
const maxSteps = 400;
/** Milliseconds between two reloads of the page. */
const reloadInterval = 5000;
const host = '127.0.0.1';

/**
 * @param port 0: any free port
 * @param model the name of its file, until the model is read
 * @throws Failure `cannot-listen`
 */
export async function openWatch(port: number, model = 'A run'): Promise<TrainingPage> {
  let live: LiveTraining = { model, tasks: [], state: 'reading', epochs: [], steps: [] };
  let lastSeen = Number.NEGATIVE_INFINITY;
  let onLastServed: (() => void) | undefined;
  const server = createServer((request, response) => {
    if (!isOurs(request.headers.host)) return answerRefusal(response, 403, 'this page answers to its own address only');
    if (request.method !== 'GET' || request.url !== '/') return answerRefusal(response, 404, 'there is no such page');
    lastSeen = performance.now();
    response.writeHead(200, headers('text/html')).end(livePage(live), () => onLastServed?.());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ message, code }: NodeJS.ErrnoException) => {
      const reason = code === 'EADDRINUSE' ? 'another program uses it' : message;
      reject(failure('cannot-listen', { host, port, reason, advice: 'choose another port with `--watch PORT`' }));
    });
    server.listen(port, host, resolve);
  });
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/`,
    ready({ model, tasks }) {
      live = { ...live, model, tasks, state: 'training' };
    },
    async compare({ plan, dataset }) {
      const { stop } = plan.train;
      const measures = makeMeasures([...(stop ? [stop] : []), ...declaredMeasures([plan])]);
      const lines = await linesToBeat({ dataset, plan }, measures, seenRule(dataset).removes);
      live = { ...live, linesToBeat: lines };
    },
    event(event) {
      live = { ...live, ...changes(live, event) };
    },
    async end(state, outcome) {
      live = { ...live, state, ...outcome };
      if (performance.now() - lastSeen < reloadInterval) {
        await new Promise<void>((resolve) => {
          onLastServed = resolve;
          setTimeout(resolve, reloadInterval).unref();
        });
      }
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function changes({ steps, epochs }: LiveTraining, event: TrainingEvent): Partial<LiveTraining> {
  if (event.kind === 'epoch') return { epochs: [...epochs, event.record] satisfies EpochRecord[], state: 'training' };
  if (event.kind === 'validating') return { state: 'validating' };
  if (event.kind !== 'step') return {};
  return { last: event, steps: thinned([...steps, event]), state: 'training' };
}

/** If there are too many points, every second one is dropped, so that the whole run remains visible. */
const thinned = (steps: readonly ShownStep[]): readonly ShownStep[] =>
  steps.length <= maxSteps ? steps : steps.filter((_, index) => index % 2 === 0);

/** True for a host name of this server. Any other name for this machine may come from a stranger's page (DNS rebinding). */
const isOurs = (name: string | undefined): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(name ?? '');

const headers = (type: string): Record<string, string> => ({
  'content-type': `${type}; charset=utf-8`,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  connection: 'close',
});

function answerRefusal(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, headers('text/plain')).end(`${words}\n`);
}
