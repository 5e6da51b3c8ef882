import { describe, expect, it } from 'vitest';
import { reportPage } from '../../../src/app/report/run_page.ts';
import { hostile, manifest, parts, partsOf, slice } from './parts.ts';

describe('the page of a run', () => {
  const page = reportPage(parts);

  it('begins with what the model beats and what beats it', () => {
    const interval = (low: number, high: number) => ({ 'recall@5': { mean: (low + high) / 2, low, high } });
    const row = (name: string, value: number, low: number, high: number) => ({
      ...parts.evaluation.rows[0]!,
      name,
      all: { 'recall@5': value },
      intervals: interval(value - 0.1, value + 0.1),
      ...(name === 'own' ? {} : { lead: interval(low, high) }),
    });
    const judged = (...rows: ReturnType<typeof row>[]) =>
      reportPage({ ...parts, evaluation: { ...parts.evaluation, rows: [row('own', 0.4, 0, 0), ...rows] } });
    const lost = judged(row('ease', 0.5, -0.2, -0.01), row(hostile, 0.45, -0.1, 0), row('random', 0.1, 0.2, 0.4));
    expect(lost).toContain('<h2>ease beats own in recall@5</h2>');
    expect(lost).toContain('<td>0.5000</td><td>0.4000 to 0.6000</td><td>−0.1050 (−0.2000 to −0.0100)</td>');
    expect(lost.indexOf('ease beats own')).toBeLessThan(lost.indexOf('<dt>Trained</dt>'));
    expect(lost).not.toContain('<script');
    expect(judged(row('ease', 0.39, -0.1, 0.2), row('random', 0.1, 0.2, 0.4))).toContain(
      'own beats 1 of 2 baselines in recall@5; 1 is too close to call',
    );
    expect(judged(row('random', 0.1, 0.2, 0.4))).toContain('own beats random in recall@5');
    expect(page).toContain('no verdict yet');
  });

  it('shows users, attention and spreads as the text that they are, and all settings', () => {
    const whole = reportPage(partsOf());
    expect(whole).not.toMatch(/<script/);
    expect(whole).toContain('1.5 of 2');
    expect(whole).toContain('0.250 ± 0.100');
    expect(whole).toContain('and 2 other items');
    expect(whole).not.toContain('latest first');
    const dated = { ...partsOf().manifest.data, until: { time: 5, events: 24 } };
    const ordered = reportPage({ ...partsOf(), manifest: { ...partsOf().manifest, data: dated } });
    expect(ordered).toContain('and 2 earlier items');
    expect(ordered).toContain('had, the latest first');
    expect(whole).toContain('<th scope="row">batch</th><td>8</td>');
  });

  it('says that weights of fields which stayed where they begin weigh none', () => {
    const parts = partsOf();
    const [own] = parts.evaluation!.attention!;
    const attention = [{ ...own!, block: 'senet', fields: [{ name: 'year', mean: 0.5, deviation: 0.001 }] }];
    const whole = reportPage({ ...parts, evaluation: { ...parts.evaluation!, attention } });
    expect(whole).toContain('senet weighs no field: all weights stayed near 0.5');
    expect(whole).not.toContain('0.500 ±');
  });

  it('maps items, compares what is shown with what users took, and predictions with what happened', () => {
    const whole = reportPage(partsOf());
    for (const title of ['Map of items', 'Coverage and popularity bias', 'Calibration']) {
      expect(whole).toContain(`<h2>${title}</h2>`);
      expect(page).not.toContain(title);
    }
    expect(whole).toContain('have 9 training events on average, those that users took 4.');
    expect(whole).toContain('20 events: 0.1, 0.2');
    expect(whole).not.toMatch(/<script|NaN/);
  });

  it('shows where time goes by block, with shares, and nothing of a run that was not profiled', () => {
    expect(page).toContain('A step by block of the model');
    expect(page).toContain('6 ms, 75.0 %');
    expect(page).toContain('<th scope="row">host: embedding gather</th><td></td><td>2</td><td>25.0 %</td>');
    const { profile, ...others } = parts;
    expect(profile.steps).toHaveLength(2);
    expect(reportPage(others)).not.toContain('A step by block of the model');
  });

  it('holds no markup that a name brings, no script and nothing from elsewhere', () => {
    expect(page).toContain('&lt;script&gt;alert(&quot;1 &amp; 2&quot;), (window.wasRun = true)&lt;/script&gt;');
    expect(page.match(/<link[^>]*>/g)!.every((link) => link.includes('href="data:image/svg+xml,'))).toBe(true);
    expect(page).not.toMatch(/<script|<img|url\((?!#)|https?:|src=/);
  });

  it('is the same bytes for the same run', () => expect(reportPage(parts)).toBe(page));

  it('names every picture, and opens and closes every element', () => {
    const pictures = page.match(/<svg[^>]*role="img"[^>]*>/g)!;
    expect(pictures.length).toBeGreaterThanOrEqual(7);
    for (const picture of pictures) expect(picture).toMatch(/aria-label="[^"]+"/);
    const open: string[] = [];
    for (const [, end, name, attributes] of page.matchAll(/<(\/?)([a-zA-Z0-9]+)([^>]*)>/g)) {
      if (name === 'meta' || name === 'link' || attributes!.endsWith('/')) continue;
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
      curves: { epochs: [], steps: new Map(), shortSteps: 0 },
      fixedWeights: { view: 1, like: 0.5 },
    });
    expect(fixed).toContain('<th scope="row">like</th><td>0.5</td>');
    expect(fixed).not.toContain('Weights by step');
  });

  it('says who is served worst, cold items and slices of few events aside', () => {
    expect(page).toContain('Lowest for 1–2: 0.125 over 40 events.');
    expect(page).toContain('No two slices have 20 events or more to compare.');
  });

  it('slices by a feature where the evaluation does, and counts rounds where validation does', () => {
    const by = { feature: 'device', slices: [slice('phone', 30, 0.25), slice('tablet', 25, 0.75)] };
    const { evaluation } = parts;
    const sliced = reportPage({ ...parts, evaluation: { ...evaluation, slices: { ...evaluation.slices, by } } });
    expect(sliced).toContain('Lowest for phone: 0.25 over 30 events.');
    const plan = { ...manifest.plan, train: { ...manifest.plan.train, validate: { steps: 3 } } };
    expect(reportPage({ ...parts, manifest: { ...manifest, plan } })).toContain('2 rounds, 6 steps of 8 rows');
    expect(page).toContain('2 epochs, 6 steps of 8 rows');
  });

  it('draws metrics that describe lists on axes of their own', () => {
    const epochs = parts.curves.epochs.map((each) => ({ ...each, validation: { ...each.validation, 'gini@5': 0.9 } }));
    const described = reportPage({ ...parts, curves: { ...parts.curves, epochs } });
    expect(described).toContain('aria-label="gini@5');
    expect(page).not.toContain('aria-label="gini@5');
  });

  it('draws popularity below the curves, and baselines where they were measured by the same events', () => {
    const { evaluation } = partsOf();
    const levels = (more: object) => reportPage({ ...partsOf(), evaluation: { ...evaluation!, ...more } });
    expect(levels({ linesToBeat: { popularity: { 'recall@5': 0.125 } } })).toContain('>popularity</text>');
    expect(levels({ part: 'validation' })).toMatch(/>ease<\/text>.*The other metrics/s);
    expect(levels({})).not.toMatch(/>popularity<\/text>/);
  });

  it('gives each metric of validation an axis of its own, that of the verdict first', () => {
    const [, charts] = page.split('<h2>Validation</h2>');
    const titles = [...charts!.matchAll(/<svg class="plot (\w+)"[^>]*aria-label="([^"]+)"/g)].slice(0, 2);
    expect(titles.map(([, size, title]) => [size, title])).toEqual([
      ['half', 'recall@5'],
      ['third', 'auc'],
    ]);
  });

  it('says after which epoch a metric was highest, if no `stop` kept it', () => {
    const { best: _, ...training } = parts.manifest.training;
    const without = (...epochs: typeof parts.curves.epochs) =>
      reportPage({ ...parts, manifest: { ...parts.manifest, training }, curves: { ...parts.curves, epochs } });
    const [first, second] = parts.curves.epochs;
    expect(without(first!, second!)).toContain('It was highest after the last epoch, 2.');
    expect(without(second!, { ...first!, epoch: 3 })).toContain(
      'It was highest after epoch 2, and the weights are those of the last: <code>stop</code> would keep the best.',
    );
    expect(page).not.toContain('It was highest');
    expect(page).toContain('Validation has no loss');
  });

  it('keeps what a validation said about the run', () => {
    const [first, ...others] = parts.curves.epochs;
    const warning = { code: 'ranks-below-popularity', message: 'the loss falls, but `recall@5` is 0' } as const;
    const warned = { ...parts, curves: { ...parts.curves, epochs: [{ ...first!, warning }, ...others] } };
    expect(reportPage(warned)).toContain(
      'Warning: the loss falls, but <code>recall@5</code> is 0 [ranks-below-popularity].',
    );
    expect(reportPage(parts)).not.toContain('Warning: ');
  });

  it('says that a run ended before its first validation, where the data has a validation part', () => {
    const stopped = { ...parts, curves: { ...parts.curves, epochs: [] } };
    expect(reportPage(stopped)).toContain('Training ended before its first validation.');
    const data = { ...manifest.data, validation: 0 };
    const without = reportPage({ ...stopped, manifest: { ...manifest, data } });
    expect(without).toContain('The data has no validation part.');
  });

  it('counts the time of the loop that is neither engine, feed nor scatter', () => {
    // Of 107 ms an epoch: 60, 20, 10, and 100 − 90 = 10.
    expect(page).toContain('0.12 s, 56 %');
    expect(page).toContain('0.02 s, 9 %');
  });

  it('says that it is not evaluated, and not drawn, where it is not', () => {
    const { evaluation, drawing, ...early } = parts;
    expect(reportPage(early)).toContain('This run is not evaluated yet');
    expect(reportPage(early)).toContain('The model is not drawn');
  });
});
