/** Prints the progress and the result of `tower tune`. */

import type { JobRecord, Tuned, TuneEvent } from '../../app/api/tune.ts';
import { heading, nextOf, tableOf } from '../../app/cli/layout.ts';
import { decisionWords } from '../../app/cli/progress.ts';
import { comparisonText } from '../../app/cli/views/comparison.ts';
import { quoteForShell } from '../../base/diagnostics/wording.ts';
import { domainWords, isAtEnd, valueText } from './search_space.ts';
import { settingsLine } from './study_log.ts';

/** Formats the result of `tower tune`: the finalists, the winner compared with the file, and its settings. */
export function tunedText(path: string, tuned: Tuned, report: string): string {
  const { finalists, winner, study, trials, validation, test, written } = tuned;
  const textParts: string[] = [];
  if (finalists.length > 0) {
    const finalistRows = finalists.map(({ trial, mean, values }) => [
      trial === 0 ? '0, as written' : String(trial),
      mean.toFixed(4),
      values.map((value) => value.toFixed(4)).join(' '),
      settingsLine(trials[trial]!),
    ]);
    textParts.push(tableOf(['finalist', study.metric, 'by seed', 'settings'], finalistRows));
  }
  const isUsualAlone = trials.every(({ number, values }) => number === 0 || values.length === 0);
  if (!winner && isUsualAlone) textParts.push('no trial besides the file as it is written came to a value');
  else if (!winner) textParts.push('no trial came to a value on all seeds; the messages above say why');
  else if (winner.trial === 0) textParts.push('no finalist was better than the file as it is written');
  if (validation) {
    const winnerDifference = validation.rows[1]?.differences?.[study.metric];
    const verdict =
      winnerDifference === undefined || winnerDifference.low > 0
        ? []
        : [`The interval of ${study.metric} is not above 0: on fresh seeds, the file as it is written may be as good.`];
    textParts.push([`${heading('Validation, fresh seeds')}\n${comparisonText(validation)}`, ...verdict].join('\n'));
  }
  if (test) textParts.push(`${heading('Test')}\n${comparisonText(test)}`);
  if (winner && winner.trial !== 0) {
    const { point } = trials[winner.trial]!;
    for (const dimension of point ? study.space : []) {
      const value = point![dimension.name]!;
      if (!isAtEnd(dimension, value)) continue;
      const place = `is at the end of its range, ${domainWords(dimension)}`;
      textParts.push(
        `${dimension.name} = ${valueText(dimension, value)} ${place}: a wider range may have a better value`,
      );
    }
    const set = Object.entries(winner.settings).map(([name, value]) => `--set ${quoted(`${name}=${value}`)}`);
    const command = `tower train ${quoteForShell(path)} … ${set.join(' ')}`;
    textParts.push(nextOf([[command, `train as the winner; ${winner.run} is its run of a fresh seed`]]));
  }
  if (written !== undefined && winner?.trial !== 0) textParts.push(`wrote ${written}`);
  textParts.push(`report: ${report}`);
  return textParts.join('\n\n');
}

/** Quotes a setting for a shell only if necessary. */
const quoted = (setting: string): string => (/^[\w.=+-]+$/.test(setting) ? setting : quoteForShell(setting));

/** Prints a line on stderr for each finished job of a study. */
export function makeTuneView(say: (line: string) => void): (event: TuneEvent) => void {
  let best = -1;
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
        const isBetter = record.kind === 'search' && record.value !== undefined && record.value > best;
        const isWhole = record.rung === undefined || record.rung === study.rungs - 1;
        const isBest = isBetter && isWhole;
        if (isBest) best = record.value!;
        const settings = record.trial === 0 ? 'as written' : settingsLine(record);
        say(`${nameOf(record)}: ${outcomeOf(record)}${isBest ? ' · best' : ''} · ${settings}`);
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
