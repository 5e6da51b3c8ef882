/** Rows of a study, made up. */
import type { Row } from '../../../scripts/study/rows.ts';

export const decides = { model: 'm', data: 'd', code: 'c' };
export const state = { subject: 'Add films', date: '2026-01-02', changed: false };

/** @param hits of a hundred questions of a hundred users, how many have their item among the best ten */
export function rowOf(name: string, hits: number, more: Partial<Row> = {}): Row {
  return {
    format: 'tower-study-1',
    set: 'films',
    name,
    decides,
    state,
    machine: '2 cores',
    seconds: 10,
    protocol: { checksum: 'p', sentences: ['Each event ranks 10 items.'] },
    values: {
      'recall@10': Float32Array.from({ length: 100 }, (_, at) => (at < hits ? 1 : 0)),
      auc: new Float32Array(100).fill(0.5),
    },
    groups: Int32Array.from({ length: 100 }, (_, at) => at),
    ranksCold: false,
    ...more,
  };
}
