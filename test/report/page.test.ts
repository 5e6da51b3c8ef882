import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/artifact/manifest.ts';
import { reportPage } from '../../src/report/page.ts';
import type { EpochRecord } from '../../src/training/training_events.ts';

const hostile = `<script>alert("1 & 2")</script>`;
const manifest = {
  plan: { model: hostile, tasks: [{ name: 'view' }, { name: 'like' }], train: { batch: 8 } },
  training: { status: 'epochs', epochs: 2, steps: 6, rows: 24, best: { epoch: 2, metric: 'recall@5', value: 0.5 } },
  data: { train: 24, validation: 4, test: 4, items: 5, users: 3, rejected: 1 },
  engine: { name: 'onnx', version: '1' },
  seed: 1,
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
const slice = (name: string, events: number, value: number) => ({ name, events, figures: { 'recall@5': value } });
const parts = {
  manifest,
  curves: { epochs: [epoch(1), epoch(2)], steps },
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

describe('the page of a run', () => {
  const page = reportPage(parts);

  it('holds no markup that a name brings, no script and nothing from elsewhere', () => {
    expect(page).toContain('&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;');
    expect(page).not.toMatch(/<script|<link|<img|url\((?!#)|https?:|src=/);
  });

  it('is the same bytes for the same run', () => expect(reportPage(parts)).toBe(page));

  it('names every picture, and opens and closes every element', () => {
    const pictures = page.match(/<svg[^>]*role="img"[^>]*>/g)!;
    expect(pictures.length).toBeGreaterThanOrEqual(8);
    for (const picture of pictures) expect(picture).toMatch(/aria-label="[^"]+"/);
    const open: string[] = [];
    for (const [, end, name, attributes] of page.matchAll(/<(\/?)([a-zA-Z0-9]+)([^>]*)>/g)) {
      if (name === 'meta' || attributes!.endsWith('/')) continue;
      if (end === '') open.push(name!);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    expect(page).not.toContain('NaN');
  });

  it('draws the weights of tasks that change, and lists those that do not', () => {
    expect(page).toContain('Weights by step');
    const fixed = reportPage({
      ...parts,
      curves: { epochs: [], steps: new Map() },
      fixedWeights: { view: 1, like: 0.5 },
    });
    expect(fixed).toContain('<th scope="row">like</th><td>0.5</td>');
    expect(fixed).not.toContain('Weights by step');
  });

  it('says who is served worst, cold items and slices of few events aside', () => {
    expect(page).toContain('lowest recall@5 for 1–2, 0.125 over 40 events');
    expect(page).toContain('Length of the history read: no two slices have 20 events or more to compare.');
  });

  it('slices by a feature where the evaluation does, and counts rounds where validation does', () => {
    const by = { feature: 'device', slices: [slice('phone', 30, 0.25), slice('tablet', 25, 0.75)] };
    const { evaluation } = parts;
    const sliced = reportPage({ ...parts, evaluation: { ...evaluation, slices: { ...evaluation.slices, by } } });
    expect(sliced).toContain('Value of device: lowest recall@5 for phone, 0.25 over 30 events');
    const plan = { ...manifest.plan, train: { ...manifest.plan.train, validate: { steps: 3 } } };
    expect(reportPage({ ...parts, manifest: { ...manifest, plan } })).toContain('2 rounds, 6 steps of 8 rows.');
    expect(page).toContain('2 epochs, 6 steps of 8 rows.');
  });

  it('counts the time of the loop that is neither engine, feed nor scatter', () => {
    // Of 107 ms an epoch: 60, 20, 10, and 100 − 90 = 10.
    expect(page).toContain('0.12 s, 56 %');
    expect(page).toContain('0.02 s, 9 %');
  });

  it('says that it is not evaluated, and not drawn, where it is not', () => {
    const { evaluation, drawing, ...early } = parts;
    expect(reportPage(early)).toContain('Not evaluated yet');
    expect(reportPage(early)).toContain('The model is not drawn');
  });
});
