/**
 * The page of a run that trains now. Its script asks for it again and puts what is new in place, so that a reader keeps the place, the
 * keyboard and the tables that are open. Without scripts the page loads itself again.
 */
import type { EpochRecord, TrainingEvent } from '../../training/training_events.ts';
import { counted, escapeHtml, figureText, paragraph, section, shell } from './html.ts';
import { lineChart } from './line_chart.ts';
import { validation, weightsSection } from './training_sections.ts';

type LiveStep = Extract<TrainingEvent, { kind: 'step' }>;

export interface LiveTraining {
  readonly model: string;
  readonly tasks: readonly { readonly name: string }[];
  /** `training`: the page asks for itself again. */
  readonly state: 'reading' | 'training' | 'validating' | 'ended' | 'failed';
  readonly epochs: readonly EpochRecord[];
  /** Thinned: the mean over the epoch so far. */
  readonly steps: readonly LiveStep[];
  readonly last?: LiveStep;
  /** Where the whole report is, once the run has ended. */
  readonly report?: string;
  readonly reason?: string;
}

const refreshSeconds = 2;

/** The page of a run that has ended has no script: then there is nothing to ask for. */
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

export function livePage(live: LiveTraining): string {
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
      // Before the first step there is nothing to draw.
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
