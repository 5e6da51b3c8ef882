/**
 * A study as Optuna's journal, which `optuna.storages.JournalStorage(JournalFileBackend(path))` reads: one operation a line, with the
 * numbers of `optuna/storages/journal/_storage.py`.
 */
import type { Dimension, SearchSpace } from './space.ts';
import type { JobRecord } from './trial.ts';

const operation = {
  createStudy: 0,
  createTrial: 4,
  parameter: 5,
  state: 6,
  intermediate: 7,
  userAttribute: 8,
} as const;
const state = { complete: 1, pruned: 2, failed: 3 } as const;
const maximize = 2;

export interface JournalOptions {
  readonly name: string;
  readonly space: SearchSpace;
  readonly records: readonly JobRecord[];
  /** Rungs of a whole trial. */
  readonly rungs: number;
}

/** The lines of the file. Trials that ended below the last rung are pruned; the values of all epochs are intermediate values. */
export function journalOf({ name, space, records, rungs }: JournalOptions): string {
  const lines: string[] = [];
  const write = (op_code: number, facts: Readonly<Record<string, unknown>>): void => {
    lines.push(JSON.stringify({ op_code, worker_id: 'tower', ...facts }));
  };
  write(operation.createStudy, { study_name: name, directions: [maximize] });
  const lastRecords = lastOfTrials(records);
  // Optuna numbers trials in the order of their lines, which is that of our numbers.
  for (const [trial_id, record] of [...lastRecords.entries()].sort(([a], [b]) => a - b)) {
    const firstRecord = records.find(({ kind, trial }) => kind === 'search' && trial === trial_id)!;
    write(operation.createTrial, { study_id: 0, datetime_start: optunaTime(firstRecord.begun) });
    const { point } = firstRecord;
    for (const dimension of point ? space : []) {
      const { name: param_name } = dimension;
      const param_value_internal = point![param_name]!;
      write(operation.parameter, {
        trial_id,
        param_name,
        param_value_internal,
        distribution: distributionOf(dimension),
      });
    }
    record.values.forEach((intermediate_value, at) => {
      write(operation.intermediate, { trial_id, step: at + 1, intermediate_value });
    });
    if (record.message !== undefined) {
      write(operation.userAttribute, { trial_id, user_attr: { message: record.message } });
    }
    const hasFailed = record.value === undefined || record.state === 'failed' || record.state === 'invalid';
    const isWhole = record.rung === rungs - 1 || record.state === 'done';
    write(operation.state, {
      trial_id,
      state: hasFailed ? state.failed : isWhole ? state.complete : state.pruned,
      values: hasFailed ? null : [record.value],
      datetime_complete: optunaTime(new Date(Date.parse(record.begun) + 1000 * record.seconds).toISOString()),
    });
  }
  return `${lines.join('\n')}\n`;
}

function lastOfTrials(records: readonly JobRecord[]): Map<number, JobRecord> {
  const last = new Map<number, JobRecord>();
  for (const record of records) if (record.kind === 'search') last.set(record.trial, record);
  return last;
}

/** `2026-01-31T12:00:00.123Z` as Python's `datetime.fromisoformat` of all versions reads it. */
const optunaTime = (time: string): string => time.replace('Z', '000+00:00');

function distributionOf({ domain }: Dimension): string {
  if (domain.kind === 'choices') {
    return JSON.stringify({ name: 'CategoricalDistribution', attributes: { choices: domain.texts } });
  }
  const { from: low, to: high, log, whole } = domain;
  return whole
    ? JSON.stringify({ name: 'IntDistribution', attributes: { log, step: 1, low, high } })
    : JSON.stringify({ name: 'FloatDistribution', attributes: { step: null, low, high, log } });
}
