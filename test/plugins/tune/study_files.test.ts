/** The files of a study, as somebody may have changed them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobRecord, Study } from '../../../src/app/api/tune.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { addRecord, readRecords, readStudy, studyFile, trialsFile } from '../../../src/plugins/tune/study_files.ts';
import { trialsOf } from '../../../src/plugins/tune/study_log.ts';
import fc from '../../fast_check.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
let folders = 0;
const folderWith = (name: string, text: string): string => {
  const folder = join(root, `${folders++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), text);
  return folder;
};

const study: Study = {
  model: 'tuned',
  sources: 'ab',
  space: [{ name: 'dense.rate', domain: { kind: 'range', from: 0, to: 1, log: false, whole: false } }],
  set: { epochs: '3' },
  metric: 'ndcg@10',
  stops: true,
  fileSeed: 1,
  sampler: 'tpe',
  seed: 1,
  halving: true,
  rungs: 2,
  parallel: 1,
  finalists: 3,
  seeds: 3,
};
const record = (job: number): JobRecord => ({
  job,
  kind: 'search',
  trial: job,
  rung: 1,
  point: { 'dense.rate': 0.5 },
  settings: { 'dense.rate': '0.5' },
  state: 'done',
  validations: 2,
  values: [0.1, 0.2],
  value: 0.2,
  folder: `trials/000${job}`,
  begun: '2026-01-31T12:00:00.000Z',
  seconds: 1,
  elapsed: 2,
});

const reasonOf = async (work: Promise<unknown>): Promise<string> => {
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(problem instanceof Failure)) throw problem ?? new Error('nothing was refused');
  return problem.diagnostics.map(({ code, message }) => `${code}: ${message}`).join();
};

/** What JSON can have in the place of any value. */
const nonsense = fc.constantFrom<unknown>(
  null,
  -1,
  0.5,
  1e300,
  '',
  'x',
  '__proto__',
  [],
  [null],
  {},
  { a: null },
  true,
);

describe('a log', () => {
  it('that was changed is refused with its line, or what is read of it can be worked with', async () => {
    const names = Object.keys(record(0));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), nonsense, async (name, value) => {
        const lines = [record(0), { ...record(1), [name]: value }, record(2)].map((each) => JSON.stringify(each));
        const folder = folderWith(trialsFile, `${lines.join('\n')}\n`);
        const found = await readRecords(folder).catch((error: unknown) => {
          if (!(error instanceof Failure)) throw error;
          expect(error.diagnostics[0]).toMatchObject({ code: 'damaged-file' });
          expect(error.diagnostics[0]!.message).toContain('line 2');
          return undefined;
        });
        if (!found || (found[1]!.rung ?? 0) > 100) return;
        trialsOf(found, study);
      }),
    );
  });

  it('of which a value is missing is refused, but for values that may be', async () => {
    const refused: string[] = [];
    for (const name of Object.keys(record(0))) {
      const lines = [record(0), { ...record(1), [name]: undefined }, record(2)].map((each) => JSON.stringify(each));
      const problem = await readRecords(folderWith(trialsFile, lines.join('\n'))).catch((error: unknown) => error);
      if (problem instanceof Failure) refused.push(name);
    }
    const may = ['rung', 'point', 'validations', 'value'];
    expect(refused).toEqual(Object.keys(record(0)).filter((name) => !may.includes(name)));
  });

  it('whose last line a kill has cut ends before it', async () => {
    const folder = folderWith(trialsFile, `${JSON.stringify(record(0))}\n${JSON.stringify(record(1)).slice(0, 30)}`);
    expect(await readRecords(folder)).toEqual([record(0)]);
    await addRecord(folderWith(trialsFile, ''), record(0));
  });
});

describe('study.json', () => {
  const textOf = (changed: object): string => JSON.stringify({ format: 'tower-study-1', ...study, ...changed });

  it('is read as it was written', async () => {
    expect(await readStudy(folderWith(studyFile, textOf({})))).toMatchObject(study);
  });

  it.each([
    { sampler: 'toString' },
    { set: null },
    { set: { epochs: 3 } },
    { seeds: 0 },
    { parallel: 'many' },
    { rungs: 1.5 },
    { halving: 'no' },
    { space: {} },
    { format: 'tower-study-2' },
  ])('with %o is refused', async (changed) => {
    expect(await reasonOf(readStudy(folderWith(studyFile, textOf(changed))))).toMatch(/^damaged-file: .*study\.json/);
  });
});
