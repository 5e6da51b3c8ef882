/** Serves the report of a run on this machine while it trains. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { failure } from '../../base/diagnostics/failure.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { EpochRecord, TrainingEvent } from '../../training/training_events.ts';
import { counted, escapeHtml, figureText, paragraph, section, shell } from '../report/html.ts';
import { lineChart } from '../report/line_chart.ts';
import { validation, weightsSection } from '../report/training_sections.ts';

/**
 * The page of a run that is training. Its script requests the page again and replaces what changed, so that scroll position, keyboard focus and open tables
 * stay. Without scripts the page reloads itself.
 */
type LiveStep = Extract<TrainingEvent, { kind: 'step' }>;

interface LiveTraining {
  readonly model: string;
  readonly tasks: readonly { readonly name: string }[];
  /** While `training`, the page keeps requesting itself. */
  readonly state: 'reading' | 'training' | 'validating' | 'ended' | 'failed';
  readonly epochs: readonly EpochRecord[];
  /** At most `mostSteps` of the steps, each the mean over the epoch so far. */
  readonly steps: readonly LiveStep[];
  readonly last?: LiveStep;
  /** Path of the full report, once the run has ended. */
  readonly report?: string;
  readonly reason?: string;
}

const refreshSeconds = 2;

/** The page of an ended run has no script, because it no longer changes. */
const updating = `
const places = (root) => [...root.querySelectorAll('a, summary, [tabindex]')];
const opened = (root) => [...root.querySelectorAll('details')];
async function update() {
  let next;
  try {
    const response = await fetch(location.href, { cache: 'no-store' });
    if (!response.ok) throw new Error(response.status);
    next = new DOMParser().parseFromString(await response.text(), 'text/html');
  } catch {
    const lost = document.createElement('p');
    lost.setAttribute('role', 'status');
    lost.textContent = 'The training does not answer any more. The figures above are the last ones.';
    document.querySelector('main section').append(lost);
    return;
  }
  const main = document.querySelector('main');
  const fresh = next.querySelector('main');
  const at = places(main).indexOf(document.activeElement);
  const open = opened(main).map((one) => one.open);
  opened(fresh).forEach((one, i) => { one.open = open[i] === true; });
  main.replaceChildren(...fresh.childNodes);
  if (at !== -1) places(main)[at]?.focus({ preventScroll: true });
  document.title = next.title;
  if (next.querySelector('script')) setTimeout(update, ${refreshSeconds * 1000});
}
setTimeout(update, ${refreshSeconds * 1000});
`;

function livePage(live: LiveTraining): string {
  const { model, epochs, steps, tasks, state } = live;
  const goesOn = state !== 'ended' && state !== 'failed';
  const best = epochs.findLast((record) => record.best);
  const training = { steps: live.last?.step ?? 0, ...(best ? { best: { epoch: best.epoch } } : {}) };
  const curves = { epochs, shortSteps: 0, steps: new Map() };
  const liveParts = { curves, manifest: { plan: { tasks }, training } };
  return shell(
    `${model}: ${stateWords[state]}`,
    [
      `<h1>${escapeHtml(model)}</h1>`,
      section('Now', ...now(live)),
      // There is nothing to draw before the first step.
      steps.length === 0
        ? ''
        : section(
            'Loss',
            `<div class="charts">${[
              lineChart({
                title: 'Loss by step, the mean over the epoch so far',
                x: 'step',
                series: [{ name: 'loss', points: steps.map(({ step, loss }): [number, number] => [step, loss]) }],
              }),
              lineChart({
                title: 'Loss by epoch',
                x: 'epoch',
                series: [{ name: 'loss', points: epochs.map(({ epoch, loss }): [number, number] => [epoch, loss]) }],
              }),
            ].join('\n')}</div>`,
          ),
      epochs.some((record) => record.validation) ? validation(liveParts) : '',
      weightsSection(liveParts),
    ],
    goesOn
      ? { head: `<noscript><meta http-equiv="refresh" content="${refreshSeconds}"></noscript>`, script: updating }
      : {},
  );
}

const stateWords: Readonly<Record<LiveTraining['state'], string>> = {
  reading: 'reading the data',
  training: 'training',
  validating: 'validating',
  ended: 'training has ended',
  failed: 'training has failed',
};

function now({ state, last, epochs, report, reason }: LiveTraining): string[] {
  const record = epochs.at(-1);
  return [
    paragraph(`State: ${stateWords[state]}.${report === undefined ? '' : ` The whole report is in ${report}.`}`),
    ...(reason === undefined ? [] : [paragraph(`Reason: ${reason}.`)]),
    ...(last
      ? [
          `<p><progress max="${last.steps}" value="${last.step}" aria-label="steps"></progress></p>`,
          paragraph(
            `Step ${last.step.toLocaleString('en')} of ${counted(last.steps, 'step')}, epoch ${last.epoch}: loss ${figureText(last.loss)}, ${counted(Math.round(last.examplesPerSecond), 'example')} a second${state === 'training' ? `, about ${counted(Math.round(last.secondsLeft), 'second')} left` : ''}.`,
          ),
        ]
      : []),
    ...(record?.validation
      ? [
          paragraph(
            `After epoch ${record.epoch}: ${Object.entries(record.validation)
              .map(([label, value]) => `${label} ${value.toFixed(4)}`)
              .join(', ')}.`,
          ),
        ]
      : []),
  ];
}

export interface TrainingPage {
  readonly url: string;
  ready(plan: Pick<Plan, 'model' | 'tasks'>): void;
  event(event: TrainingEvent): void;
  /** Serves the last page for a few seconds at most, then closes. */
  end(state: 'ended' | 'failed', more?: Pick<LiveTraining, 'report' | 'reason'>): Promise<void>;
}

type ShownStep = LiveTraining['steps'][number];

/** Maximum points of a chart. */
const mostSteps = 400;
/** Milliseconds between two reloads of the page. */
const patience = 5000;
const host = '127.0.0.1';

/** @param port 0: any free port @throws Failure `cannot-listen` */
export async function openWatch(port: number): Promise<TrainingPage> {
  let live: LiveTraining = { model: 'A run', tasks: [], state: 'reading', epochs: [], steps: [] };
  let lastSeen = Number.NEGATIVE_INFINITY;
  let sawLast: (() => void) | undefined;
  const server = createServer((request, response) => {
    if (!isOurs(request.headers.host)) return refuse(response, 403, 'this page answers to its own address only');
    if (request.method !== 'GET' || request.url !== '/') return refuse(response, 404, 'there is no such page');
    lastSeen = performance.now();
    response.writeHead(200, headers('text/html')).end(livePage(live), () => sawLast?.());
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
    event(event) {
      live = { ...live, ...changes(live, event) };
    },
    async end(state, more) {
      live = { ...live, state, ...more };
      if (performance.now() - lastSeen < patience) {
        await new Promise<void>((resolve) => {
          sawLast = resolve;
          setTimeout(resolve, patience).unref();
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
  steps.length <= mostSteps ? steps : steps.filter((_, at) => at % 2 === 0);

/** True for a host name of this server. Any other name for this machine may come from a stranger's page (DNS rebinding). */
const isOurs = (name: string | undefined): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(name ?? '');

const headers = (type: string): Record<string, string> => ({
  'content-type': `${type}; charset=utf-8`,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  connection: 'close',
});

function refuse(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, headers('text/plain')).end(`${words}\n`);
}
