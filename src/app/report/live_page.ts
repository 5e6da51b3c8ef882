/** Makes the page of a run that trains. */
import type { LinesToBeat } from '../../training/evaluation/lines_to_beat.ts';
import { duration } from '../../training/evaluation/sentences.ts';
import type { EpochRecord, TrainingEvent } from '../../training/train_options.ts';
import { counted, escapeHtml, factList, figureText, paragraph, section, shell } from './html.ts';
import { lineChart } from './line_chart.ts';
import { validation, weightsSection } from './training_sections.ts';
import { verdictHead } from './verdict.ts';

type LiveStep = Extract<TrainingEvent, { kind: 'step' }>;

export interface LiveTraining {
  readonly model: string;
  readonly tasks: readonly { readonly name: string }[];
  /** While `training`, the page keeps requesting itself. */
  readonly state: 'reading' | 'training' | 'validating' | 'ended' | 'failed';
  readonly epochs: readonly EpochRecord[];
  /** Some of the steps, each with the mean over the epoch so far. */
  readonly steps: readonly LiveStep[];
  readonly last?: LiveStep;
  /** Baselines by the validation part, once they are measured. */
  readonly linesToBeat?: LinesToBeat;
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

/**
 * Returns the page of a run that is training. Its script requests the page again and replaces what changed, so that scroll position, keyboard focus and open
 * tables stay. Without scripts the page reloads itself.
 */
export function livePage(live: LiveTraining): string {
  const { model, epochs, steps, tasks, state } = live;
  const goesOn = state !== 'ended' && state !== 'failed';
  const best = epochs.findLast((record) => record.best);
  const training = { steps: live.last?.step ?? 0, best: best && { epoch: best.epoch } };
  const curves = { epochs, shortSteps: 0, steps: new Map() };
  const liveParts = {
    ...{ curves, manifest: { plan: { tasks }, training } },
    evaluation: { part: 'test' as const, rows: [], linesToBeat: live.linesToBeat },
  };
  return shell(
    { title: `${model}: ${stateWords[state]}`, kind: 'A run that trains' },
    [`<h1>${escapeHtml(model)}</h1>`, headOf(live)].join('\n'),
    [
      // There is nothing to draw before the first step.
      steps.length === 0
        ? ''
        : section(
            'Loss',
            lineChart({
              title: 'By step, the mean over the epoch so far',
              x: 'step',
              series: [{ name: 'loss', points: steps.map(({ step, loss }): [number, number] => [step, loss]) }],
            }),
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

function headOf({ state, last, epochs, steps, report, reason, linesToBeat = {} }: LiveTraining): string {
  const record = epochs.at(-1);
  const validated = epochs.findLast(({ validation }) => validation);
  const started = steps[0];
  const facts: [string, string][] = [];
  if (last) {
    const from = started && started !== last ? `, from ${figureText(started.loss)}` : '';
    facts.push(
      ['Step', `${last.step.toLocaleString('en')} of ${last.steps.toLocaleString('en')}, epoch ${last.epoch}`],
      ['Loss', `${figureText(last.loss)}${from}`],
      ['Speed', `${counted(Math.round(last.examplesPerSecond), 'example')} a second`],
    );
  }
  const [[label, value] = ['', 0]] = Object.entries(validated?.validation ?? {});
  if (validated) {
    const others = Object.entries(linesToBeat).flatMap(([name, { [label]: figure }]) =>
      figure === undefined ? [] : [`${name} ${figure.toFixed(4)}`],
    );
    facts.push([`Validation, epoch ${validated.epoch}`, [`${label} ${value.toFixed(4)}`, ...others].join('; ')]);
  }
  if (record) facts.push(['Time of an epoch', epochTime(record)]);
  facts.push(['Memory', `${figureText(Math.round(process.memoryUsage.rss() / 2 ** 20))} MB`]);
  return verdictHead(
    state === 'failed' ? 'bad' : state === 'ended' ? 'good' : 'open',
    headline(state, last),
    ...(state === 'reading'
      ? [paragraph('Events are read, split and encoded before the first step. The curves come with it.')]
      : []),
    ...(reason === undefined ? [] : [paragraph(`Reason: ${reason}.`)]),
    ...(report === undefined ? [] : [paragraph(`The whole report is in ${report}.`)]),
    ...(last ? [`<progress max="${last.steps}" value="${last.step}" aria-label="steps"></progress>`] : []),
    factList(facts),
  );
}

/** The state and what is left of it, which is what a reader wants to know first. */
function headline(state: LiveTraining['state'], last: LiveStep | undefined): string {
  const words = `${stateWords[state].charAt(0).toUpperCase()}${stateWords[state].slice(1)}`;
  if ((state !== 'training' && state !== 'validating') || !last) return words;
  const share = `${Math.floor((100 * last.step) / last.steps)} %`;
  return state === 'training'
    ? `${words}: ${share}, about ${duration(last.secondsLeft)} left`
    : `${words} epoch ${last.epoch}: ${share} of the training is done`;
}

const epochTime = ({ milliseconds: { total, engine, feed, scatter, validation } }: EpochRecord): string =>
  `${figureText(Number((total / 1000).toPrecision(3)))} s: ${[
    ['engine', engine] as const,
    ['feeding', feed] as const,
    ['scattering', scatter] as const,
  ]
    .map(([name, value]) => `${name} ${((100 * value) / Math.max(1, total)).toFixed(0)} %`)
    .join(', ')}${validation > 0 ? `; validation ${figureText(Number((validation / 1000).toPrecision(2)))} s` : ''}`;
