/** A run with hostile names, for the tests of its report. */
import type { ReportParts } from '../../../src/app/report/report_parts.ts';
import type { Manifest } from '../../../src/training/artifact/run_manifest.ts';
import type { EpochRecord } from '../../../src/training/train_options.ts';

export const hostile = `<script>alert("1 & 2"), (window.wasRun = true)</script>`;
export const manifest = {
  plan: { model: hostile, tasks: [{ name: 'view' }, { name: 'like' }], train: { batch: 8 } },
  training: { status: 'epochs', epochs: 2, steps: 6, rows: 24, best: { epoch: 2, metric: 'recall@5', value: 0.5 } },
  data: { train: 24, validation: 4, test: 4, items: 5, users: 3, rejected: 1 },
  engine: { name: 'onnx', version: '1' },
  seed: 1,
  sources: [],
  files: {},
} as unknown as Manifest;
const epoch = (number: number): EpochRecord => ({
  epoch: number,
  step: 3 * number,
  loss: 2 / number,
  scalars: {
    'loss:view': 1 / number,
    'loss:like': 1,
    'weight:view': 0.5 + number / 8,
    'weight:like': 0.25,
    'temperature:like': 0.07,
  },
  rows: 24,
  rates: { dense: 1, embeddings: 1 },
  examplesPerSecond: 1234,
  milliseconds: { total: 100, feed: 10, engine: 60, scatter: 20, validation: 7 },
  validation: { 'recall@5': 0.25 * number, auc: 0.7 },
});
const steps = new Map(
  ['loss', 'loss:view', 'loss:like', 'weight:view', 'weight:like', 'temperature:like'].map((name) => [
    name,
    { name, points: [1, 2, 3, 4, 5, 6].map((at): [number, number] => [at, 1 / at]) },
  ]),
);
export const slice = (name: string, events: number, value: number) => ({
  name,
  events,
  figures: { 'recall@5': value },
});
export const parts = {
  manifest,
  curves: { epochs: [epoch(1), epoch(2)], steps, shortSteps: 0 },
  drawing: {
    towers: [
      {
        name: 'user',
        boxes: [
          {
            id: 'a',
            kind: 'channel' as const,
            name: hostile,
            lines: [{ text: 'mlp(4)', gives: 'vector[4]' }],
            reads: [],
          },
        ],
      },
      { name: 'item', boxes: [] },
    ],
    tasks: [{ id: 't', kind: 'task' as const, name: 'view', lines: [{ text: 'cosine(user, item)' }], reads: ['a'] }],
  },
  profile: {
    format: 'tower-profile-1' as const,
    engine: { name: 'onnx', version: '1' },
    steps: [3, 5],
    rows: 8,
    milliseconds: { step: 8, engine: 6, ops: 5 },
    blocks: [
      {
        ...{ name: hostile, where: 'engine' as const, milliseconds: 6, share: 0.75, calls: 3 },
        ...{ flops: 2e6, backward: 3, place: { file: hostile, line: 4, column: 2 } },
      },
      { name: 'host: embedding gather', where: 'host' as const, milliseconds: 2, share: 0.25, calls: 4 },
    ],
    ops: [{ name: 'Gemm', milliseconds: 6, share: 0.75, calls: 3, flops: 2e6 }],
    notes: [`Ops of ${hostile}.`],
  },
  evaluation: {
    part: 'test' as const,
    per: 'event' as const,
    rankings: 12,
    events: 104,
    items: 5,
    cold: { events: 0, absent: 0, items: 0 },
    metrics: ['recall@5'],
    rows: [{ name: hostile, doc: '', all: { 'recall@5': 0.4 }, warm: { 'recall@5': 0.4 }, milliseconds: 1 }],
    slices: {
      popularity: [slice('none (cold)', 30, 0), slice('1–2', 40, 0.125), slice('3–9', 30, 0.75), slice('10–29', 4, 0)],
      history: [slice('0', 104, 0.4)],
      historyIs: 'read' as const,
    },
    protocol: ['No negatives are sampled from `x`.'],
  },
};

/** The same with everything that an evaluation finds. */
export function partsOf({ seed = 1 } = {}): ReportParts {
  const item = { key: 'a', title: hostile };
  const interval = (low: number, high: number) => ({ 'recall@5': { mean: (low + high) / 2, low, high } });
  const [row] = parts.evaluation.rows;
  return {
    ...parts,
    manifest: { ...manifest, seed },
    sources: [{ name: hostile, text: hostile }],
    evaluation: {
      ...parts.evaluation,
      rows: [
        { ...row!, intervals: interval(0.3, 0.5), exposure: { coverage: 0.6, tail: 0.1, popularity: 9 } },
        { ...row!, name: 'ease', all: { 'recall@5': 0.5 }, intervals: interval(0.4, 0.6), lead: interval(-0.2, -0.1) },
      ],
      examples: [
        { user: hostile, history: [item], had: 3, held: [{ ...item, rank: 1 }], answers: [{ ...item, isHeld: true }] },
      ],
      attention: [
        { tower: 'user', block: hostile, over: '3 events', fields: [{ name: hostile, mean: 0.25, deviation: 0.1 }] },
      ],
      held: { coverage: 0.5, tail: 0.25, popularity: 4 },
      map: {
        ...{ column: hostile, groups: [hostile], share: 0.4 },
        points: [0, 1, 2].map((at) => ({ title: hostile, x: at, y: at * at, group: at === 0 ? -1 : 0 })),
      },
      tasks: [
        {
          ...{ task: hostile, label: 'liked', predicts: 'probability' as const, events: 40, figures: { auc: 0.7 } },
          calibration: [
            { events: 20, predicted: 0.1, observed: 0.2 },
            { events: 20, predicted: 0.8, observed: 0.6 },
          ],
        },
      ],
      spreads: [{ name: hostile, rows: 4, width: 2, lengths: [1, 1, 1, 1, 1], cosine: 0.5, directions: 1.5 }],
    },
  };
}
