import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tune } from '../../../src/api.ts';
import type { JobRecord, TuneRequest } from '../../../src/app/api/tune.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { writeStudyReport } from '../../../src/plugins/tune/study_page.ts';
import { tunedText } from '../../../src/plugins/tune/study_text.ts';
import { model, writeProject } from '../../app/cli/project.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const search = `
search {
  width      : one of 4, 8
  dense.rate : log 1e-6 .. 1e-1
  task.watch.loss.temperature : 0.05 .. 0.5
}
`;
// The rate of the file learns nothing, so that others are better.
const poor = model
  .replace('epochs = 2', 'epochs = 3, dense = adam(rate: 1e-6), embeddings = adagrad(rate: 1e-6)')
  .replace('recall(10, patience: 2)', 'ndcg(10, patience: 3)');
const request: TuneRequest = {
  out: at('study'),
  data: at('data.tower'),
  engine: 'onnx',
  trials: 6,
  finalists: 2,
  seeds: 1,
};

beforeAll(() => {
  writeProject(root);
  writeFileSync(at('poor.tower'), `${poor}${search}`);
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(problem).toBeInstanceOf(Failure);
  return (problem as Failure).diagnostics[0]!.code;
}

/** The log without what a clock says. */
const logOf = (folder: string): readonly Partial<JobRecord>[] =>
  readFileSync(join(folder, 'trials.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { begun: _, seconds: __, elapsed: ___, ...record } = JSON.parse(line) as JobRecord;
      return record;
    });

describe('a study', () => {
  it('goes on after it was stopped wherever it was, with the same bits', async () => {
    const whole = await tune(at('poor.tower'), { ...request, write: at('tuned.tower') });
    expect(whole.ended).toBe('trials');
    expect(whole.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
    // The first is trained whole, others to the first rung, and the best of them on.
    expect(whole.trials[0]!.validations).toHaveLength(3);
    expect(whole.trials.filter(({ values }) => values.length === 2).length).toBeGreaterThan(1);
    expect(whole.finalists).toHaveLength(2);
    expect(whole.winner!.trial).toBeGreaterThan(0);
    const [written, tuned] = whole.validation!.rows;
    expect([written!.name, tuned!.name]).toEqual(['as written', 'tuned']);
    expect(whole.validation!.part).toBe('validation');
    expect(whole.test).toBeUndefined();
    expect(readdirSync(at('study/trials')).length).toBeLessThanOrEqual(3);

    const stopped = { ...request, out: at('stopped') };
    // Each call is stopped after a little more: in a step of a job, or between two.
    for (let events = 1; ; events += 3) {
      const control = new AbortController();
      let left = events;
      const resume = existsSync(join(stopped.out, 'study.json'));
      const work = tune(at('poor.tower'), {
        ...stopped,
        resume,
        signal: control.signal,
        onEvent: ({ kind }) => {
          if ((kind === 'job' || kind === 'job began') && --left === 0) control.abort(new Error('enough'));
        },
      });
      const done = await work.then(
        ({ ended }) => {
          // Also where it goes on after the search.
          expect(ended).toBe('trials');
          return true;
        },
        (error: unknown) => {
          expect(String(error)).toContain('enough');
          return false;
        },
      );
      if (done) break;
    }
    expect(logOf(stopped.out)).toEqual(logOf(request.out));
    const weights = (folder: string): Buffer => readFileSync(join(folder, 'weights.safetensors'));
    const { folder } = logOf(request.out).at(-1)!;
    expect(weights(join(stopped.out, folder!)).equals(weights(join(request.out, folder!)))).toBe(true);

    const page = readFileSync(await writeStudyReport(whole), 'utf8');
    expect(page).toContain('Each parameter');
    expect(page).not.toContain('NaN');
    const text = tunedText('poor.tower', whole, 'report.html');
    expect(text).toContain(`--set width=${whole.winner!.settings.width}`);
    // The file that was written says what the settings say.
    const copy = readFileSync(at('tuned.tower'), 'utf8');
    expect(copy).toContain(`let width = ${whole.winner!.settings.width}`);
    expect(copy).toContain(`adam(rate: ${whole.winner!.settings['dense.rate']})`);
    expect(copy).toContain(`temperature: ${whole.winner!.settings['task.watch.loss.temperature']}`);
  }, 120_000);

  it('goes on after a trial that fails, and after one that does not check', async () => {
    const failing = poor.replace('search', '').concat('search { dense : one of sgd(rate: 1e30), adam(rate: 1e-2) }');
    writeFileSync(at('failing.tower'), failing);
    const { trials, ended, winner } = await tune(at('failing.tower'), { ...request, out: at('failing') });
    expect(ended).toBe('points');
    expect(trials.map(({ state }) => state).toSorted()).toEqual(['done', 'done', 'failed']);
    expect(trials.find(({ state }) => state === 'failed')!.message).toContain('the loss became');
    expect(trials[winner!.trial]!.settings).toEqual({ dense: 'adam(rate: 1e-2)' });
  }, 120_000);

  it('of a space with one point, or a budget of no time, trains the file as it is written', async () => {
    writeFileSync(at('one.tower'), `${poor}search { width : one of 8 }`);
    const one = await tune(at('one.tower'), { ...request, out: at('one') });
    expect([one.ended, one.trials.length, one.winner]).toEqual(['points', 1, undefined]);
    const none = await tune(at('poor.tower'), { ...request, out: at('none'), time: 1e-3 });
    expect([none.ended, none.trials.length]).toEqual(['time', 1]);
  }, 120_000);

  it('is refused where it cannot begin or go on', async () => {
    const of = (path: string, others: Partial<TuneRequest>) =>
      tune(at(path), { ...request, out: at('new'), ...others });
    writeFileSync(at('plain.tower'), poor);
    expect(await codeOf(of('plain.tower', {}))).toBe('no-search');
    expect(await codeOf(of('poor.tower', { resume: true }))).toBe('not-a-study');
    expect(await codeOf(of('poor.tower', { metric: 'map@3' }))).toBe('unknown-measure');
    expect(await codeOf(of('poor.tower', { write: at('poor.tower') }))).toBe('file-exists');
    expect(await codeOf(of('poor.tower', { out: at('study') }))).toBe('study-exists');
    expect(await codeOf(of('poor.tower', { out: root }))).toBe('study-exists');
    expect(await codeOf(of('poor.tower', { out: at('study'), resume: true, seeds: 2 }))).toBe('other-study');
    expect(await codeOf(of('one.tower', { out: at('study'), resume: true }))).toBe('other-study');
    const log = at('study/trials.jsonl');
    const lines = readFileSync(log, 'utf8');
    writeFileSync(log, lines.replace('"job":1', '"job":7'));
    expect(await codeOf(of('poor.tower', { out: at('study'), resume: true }))).toBe('damaged-file');
    rmSync(at('new'), { recursive: true, force: true });
  });
});
