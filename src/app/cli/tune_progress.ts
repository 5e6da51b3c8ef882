/** A line on stderr for each job of a study that ends. */
import { domainWords } from '../../training/tune/space.ts';
import type { JobRecord } from '../../training/tune/trial.ts';
import type { TuneEvent } from '../api/tune.ts';
import { decisionWords } from './shards_progress.ts';

export function makeTuneView(say: (line: string) => void): (event: TuneEvent) => void {
  let best: { readonly value: number; readonly trial: number } | undefined;
  return (event) => {
    switch (event.kind) {
      case 'began': {
        const { study, known } = event;
        for (const dimension of study.space) say(`search: ${dimension.name} in ${domainWords(dimension)}`);
        say(`compared by ${study.metric} on validation, seed ${study.fileSeed}`);
        if (known > 0) say(`resumed after ${known} ${known === 1 ? 'job' : 'jobs'}`);
        return;
      }
      case 'rows':
        say(decisionWords(event.decision));
        return;
      case 'job': {
        const { record, study } = event;
        const isBetter = record.kind === 'search' && record.value !== undefined && record.value > (best?.value ?? -1);
        const isWhole = record.rung === undefined || record.rung === study.rungs - 1;
        if (isBetter && isWhole) best = { value: record.value!, trial: record.trial };
        say(`${nameOf(record)}: ${outcomeOf(record)}${isBetter && isWhole ? ' · best' : ''} · ${settingsOf(record)}`);
        return;
      }
      case 'search ended':
        say(endedWords[event.why]);
        return;
    }
  };
}

const endedWords = {
  trials: 'all trials have ended; the best go on to further seeds',
  time: 'the time of the search is over; the best trials go on to further seeds',
  points: 'all points are tried; the best go on to further seeds',
} as const;

const nameOf = ({ kind, trial, seed }: JobRecord): string =>
  kind === 'search' ? `trial ${trial}` : `${kind === 'final' ? 'finalist' : 'fresh run of'} ${trial}, seed ${seed}`;

function outcomeOf({ state, value, values, validations, message }: JobRecord): string {
  if (state === 'failed') return `failed: ${message}`;
  if (state === 'invalid') return `not trained: ${message}`;
  return `${value?.toFixed(4) ?? '–'} after validation ${values.length}${state === 'paused' ? ` of ${validations}` : ''}`;
}

const settingsOf = ({ settings, trial }: JobRecord): string =>
  trial === 0
    ? 'as written'
    : Object.entries(settings)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ');
