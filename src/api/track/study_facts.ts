/** What a tracking server gets of a study, and of each of its trials: from the lines of its log alone, so the same each time. */
import { keyOf } from '../../tracking/mlflow/names.ts';
import type { Metric, RunStatus, TextsByKey } from '../../tracking/mlflow/runs.ts';
import { domainWords } from '../../tune/space.ts';
import type { JobRecord, Study } from '../../tune/trial.ts';
import type { Tuned } from '../tune.ts';
import { byKey } from './facts.ts';

export const studyParams = ({ space, set, metric, ...study }: Study): TextsByKey =>
  byKey([
    ['metric', metric],
    ...(['sampler', 'seed', 'halving', 'rungs', 'parallel', 'finalists', 'seeds'] as const).map(
      (name): [string, unknown] => [name, study[name]],
    ),
    ...space.map((dimension): [string, string] => [`search.${dimension.name}`, domainWords(dimension)]),
    ...Object.entries(set).map(([name, value]): [string, string] => [`set.${name}`, value]),
  ]);

/** Letters, digits and dashes: it becomes part of a tag. All search jobs of a trial are one run. */
export const ownName = ({ kind, trial, seed }: JobRecord): string =>
  kind === 'search' ? `search-${trial}` : `${kind}-${trial}-${seed}`;

export const nestedName = ({ kind, trial, seed }: JobRecord): string =>
  kind === 'search' ? `trial ${trial}` : `${kind === 'final' ? 'finalist' : 'fresh run of'} ${trial}, seed ${seed}`;

/** The values that the trial tries, by their paths. The file as it is written has none. */
export const nestedParams = ({ settings, seed }: JobRecord, { fileSeed }: Study): TextsByKey =>
  byKey([...Object.entries(settings), ['seed', seed ?? fileSeed]]);

export const nestedTags = ({ kind, trial, state, message }: JobRecord, { model }: Study): TextsByKey =>
  byKey([
    ['tower.model', model],
    ['tower.kind', kind],
    ['tower.trial', trial],
    ['tower.state', state],
    ...(message === undefined ? [] : [['tower.message', message] as [string, string]]),
  ]);

/** A trial that has paused may go on. */
export const statusOf = ({ state }: JobRecord): RunStatus =>
  state === 'paused' ? 'RUNNING' : state === 'done' ? 'FINISHED' : 'FAILED';

/** Milliseconds since 1970. A log that names no time of this era gets none. */
export function startedAt({ begun }: JobRecord): number {
  const time = Date.parse(begun);
  return Number.isSafeInteger(time) && time >= 0 ? time : 0;
}

export const endedAt = (record: JobRecord): number => Math.round(startedAt(record) + 1000 * record.seconds);

/** The metric of each validation that this line adds, and what the trial is compared by. */
export function nestedPoints(records: readonly JobRecord[], at: number, { metric }: Study): Metric[] {
  const record = records[at]!;
  const { values, value, seconds } = record;
  const before = records.slice(0, at).findLast((other) => ownName(other) === ownName(record))?.values.length ?? 0;
  const [start, added] = [startedAt(record), Math.max(1, values.length - before)];
  const curve = values.slice(before).map(
    (each, i): Metric => ({
      key: keyOf(`validation/${metric}`),
      value: each,
      timestamp: Math.round(start + (1000 * seconds * (i + 1)) / added),
      step: before + i + 1,
    }),
  );
  if (value === undefined) return curve;
  return [...curve, { key: keyOf(`value/${metric}`), value, timestamp: endedAt(record), step: values.length }];
}

/** The best of the trials that were trained whole, where this line has raised it. */
export function bestPoints(records: readonly JobRecord[], at: number, { metric, rungs }: Study): Metric[] {
  const wholeValue = ({ kind, value, rung = rungs - 1 }: JobRecord): number =>
    kind === 'search' && rung === rungs - 1 && value !== undefined ? value : Number.NEGATIVE_INFINITY;
  const record = records[at]!;
  const value = wholeValue(record);
  if (value <= Math.max(Number.NEGATIVE_INFINITY, ...records.slice(0, at).map(wholeValue))) return [];
  return [{ key: keyOf(`best/${metric}`), value, timestamp: endedAt(record), step: record.job }];
}

export const resultTags = ({ winner, ended }: Tuned): TextsByKey =>
  byKey([
    ['tower.ended', ended],
    ...(winner
      ? [
          ['tower.winner', winner.trial] as const,
          ...Object.entries(winner.settings).map(([k, v]) => [`winner.${k}`, v] as const),
        ]
      : []),
  ]);

/** The winner and the file as it is written on fresh seeds: `validation/tuned/recall@50`, at the last job. */
export function resultPoints({ validation, test }: Tuned, records: readonly JobRecord[]): Metric[] {
  const [timestamp, step] = [Date.now(), records.length];
  return [validation, test].flatMap((comparison) =>
    (comparison?.rows ?? []).flatMap(({ name, figures }) =>
      Object.entries(figures).map(([metric, { mean }]) => ({
        key: keyOf(`${comparison!.part}/${name.replaceAll(' ', '_')}/${metric}`),
        ...{ value: mean, timestamp, step },
      })),
    ),
  );
}
