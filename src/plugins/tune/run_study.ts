/** Runs a study: trials find better values for the `search` of a model, then the finalists are trained on further seeds, and the winner on fresh ones. */
import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type CheckRequest, checkAndLower, loadUsed, readSource } from '../../app/api/check.ts';
import { compare } from '../../app/api/compare.ts';
import { format } from '../../app/api/format.ts';
import { refuseFitted } from '../../app/api/refuse_fitted.ts';
import { load } from '../../app/api/run.ts';
import { defaultShardFolder, memoryBytes } from '../../app/api/shards.ts';
import type { Finalist, JobRecord, Study, Trial, TrialJob, Tuned, TuneRequest } from '../../app/api/tune.ts';
import { awaitWrite, failure, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { applyEdits } from '../../base/diagnostics/fixes.ts';
import { makeFolder } from '../../base/storage/durable.ts';
import { lockFolder } from '../../base/storage/lock.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import { findSlot } from '../../compiler/model/settings/slots.ts';
import { checkSource } from '../../compiler/pipeline.ts';
import { leastMemory } from '../../data/files/query_guard.ts';
import { contentsOf, readRecords, readStudy, writeRecords, writeStudy } from './study_files.ts';
import { finalistsOf, ranked, trialsOf } from './study_log.ts';
import { JobStopped, searchTrials, studyOf, TuneJobs } from './study_search.ts';
import { makeWorkers, trainJob } from './train_job.ts';

export { writeStudyReport } from './study_page.ts';
export { makeTuneView, tunedText } from './study_text.ts';

const defaultTrials = 30;

export async function tune(path: string, request: TuneRequest): Promise<Tuned> {
  const checkedModel = await checkAndLower(path, request);
  if (!checkedModel.data) throw failure('data-missing', { path });
  const what = 'its fit chooses the settings on the validation part itself';
  refuseFitted(checkedModel.lowered.plan, what, 'train it with `tower train`');
  if (request.write !== undefined) refuseTunedFile(request.write);
  const { out } = request;
  const contents = await contentsOf(out);
  if (request.resume && contents !== 'study') throw failure('not-a-study', { folder: out });
  if (!request.resume && contents === 'study') throw failure('study-exists', { folder: out, holds: 'a study' });
  if (contents === 'other') throw failure('study-exists', { folder: out, holds: 'other files' });
  await makeFolder(out);
  const lock = await lockFolder(out, { purpose: 'tower tune' });
  try {
    const earlierStudy = request.resume ? await readStudy(out) : undefined;
    const study = studyOf(path, request, checkedModel, earlierStudy);
    if (!earlierStudy) await writeStudy(out, study);
    const records = await readRecords(out);
    await writeRecords(out, records);
    return await goOn(path, request, study, records);
  } finally {
    await lock.release();
  }
}

/** Returns the memory of a trial of those side by side; undefined for that of the machine. @throws Failure `memory-text` */
function memoryOfTrial(memory: TuneRequest['memory'], parallel: number): number | undefined {
  if (memory === undefined && parallel === 1) return undefined;
  const bytes = Math.floor(memoryBytes(memory) / parallel);
  if (memory === undefined || bytes >= leastMemory) return Math.max(leastMemory, bytes);
  throw failure('memory-text', { text: `${memory} ÷ ${parallel}`, least: parallel * leastMemory, bytes });
}

async function goOn(path: string, request: TuneRequest, study: Study, records: readonly JobRecord[]): Promise<Tuned> {
  const { out, onEvent, data, allow, engine, shardSizes } = request;
  // The end of the study also ends all running jobs.
  const studyEnd = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, studyEnd.signal]) : studyEnd.signal;
  const workers = study.parallel > 1 ? makeWorkers() : undefined;
  const memory = memoryOfTrial(request.memory, study.parallel);
  const shards = request.shards ?? defaultShardFolder(out);
  const runJob = workers ? workers.run : trainJob;
  let decided = false;
  const jobs = new TuneJobs({
    folder: out,
    study,
    request: { path, shards, memory, data, allow, engine, shardSizes },
    records,
    async run(job, signal) {
      const { decision, ...trained } = await runJob(job, signal);
      if (decision && !decided) onEvent?.({ kind: 'rows', decision });
      decided ||= decision !== undefined;
      return trained;
    },
    onBegin: (job) => onEvent?.({ kind: 'job began', job }),
    onRecord: (record) => onEvent?.({ kind: 'job', record, study }),
  });
  onEvent?.({ kind: 'began', study, known: records.length });
  try {
    const searchEnd = await searchTrials(jobs, {
      study,
      trials: Math.max(1, request.trials ?? defaultTrials),
      signal,
      timer: () => timerOf(request.time, jobs, study),
    });
    const trials = trialsOf(jobs.records, study);
    onEvent?.({ kind: 'search ended', why: searchEnd, trials });
    const best = ranked(trials).filter(({ values }) => values.length > 0);
    if (!request.keep) await removeRuns(out, trials, best.slice(0, study.finalists));
    // If the unchanged file is the only candidate, there is nothing to choose.
    const isUsualAlone = best.length === 1 && best[0]!.number === 0;
    const finalists = isUsualAlone ? [] : await trainFinalists(jobs, study, best.slice(0, study.finalists), signal);
    const winner = finalists[0] && trials[finalists[0].trial]!;
    const studyResult = { folder: out, study, trials, ended: searchEnd, finalists };
    if (!winner) return studyResult;
    // The unchanged file needs no comparison with itself.
    if (winner.number === 0 && !request.test) {
      return { ...studyResult, winner: { trial: 0, settings: {}, run: join(out, 'trials', '0000') } };
    }
    const freshRecords = await trainFresh(jobs, study, winner.number, signal);
    const runs = await comparisonOf(out, freshRecords, winner.number, request);
    const winnerFolder = join(out, freshRecords.find(({ trial }) => trial === winner.number)!.folder);
    const { write } = request;
    if (write !== undefined) await writeTunedFile(path, write, winner.settings, request);
    const { number: trial, settings } = winner;
    return { ...studyResult, winner: { trial, settings, run: winnerFolder }, ...runs, written: write };
  } catch (error) {
    studyEnd.abort(error);
    await jobs.dropStopped().catch(() => {});
    throw error instanceof JobStopped ? signal.reason : error;
  } finally {
    await workers?.close();
  }
}

/** Ends the search in time for the finalists, which take as long as the first trial for each seed, and at most half of the time. */
function timerOf(time: number | undefined, jobs: TuneJobs, { finalists, seeds, parallel }: Study): AbortSignal {
  if (time === undefined) return new AbortController().signal;
  const firstTrialSeconds = jobs.records[0]?.seconds ?? 0;
  const finalistSeconds = Math.min(time / 2, (firstTrialSeconds * (finalists + 2) * seeds) / parallel);
  const searchSeconds = Math.max(0, time - finalistSeconds - jobs.elapsed);
  return searchSeconds === 0
    ? AbortSignal.abort()
    : AbortSignal.timeout(Math.min(2 ** 31 - 1, Math.ceil(1000 * searchSeconds)));
}

async function trainFinalists(
  jobs: TuneJobs,
  { fileSeed, seeds, parallel }: Study,
  best: readonly Trial[],
  signal: AbortSignal,
): Promise<readonly Finalist[]> {
  for (const { number: trial } of best) {
    for (let index = 1; index <= seeds; index++)
      await begin(jobs, { kind: 'final', trial, seed: fileSeed + index }, parallel, signal);
  }
  await jobs.settle(0);
  return finalistsOf(jobs.records);
}

/** Trains the winner and the unchanged file on fresh seeds, which the search has not used. */
async function trainFresh(
  jobs: TuneJobs,
  { fileSeed, seeds, parallel }: Study,
  winner: number,
  signal: AbortSignal,
): Promise<readonly JobRecord[]> {
  const firstFresh = jobs.records.length;
  for (const trial of winner === 0 ? [0] : [0, winner]) {
    for (let index = 1; index <= seeds; index++) {
      await begin(jobs, { kind: 'fresh', trial, seed: fileSeed + seeds + index }, parallel, signal);
    }
  }
  await jobs.settle(0);
  return jobs.records.slice(firstFresh);
}

async function begin(jobs: TuneJobs, job: TrialJob, parallel: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await jobs.settle(parallel - 1);
  jobs.begin(job, signal);
}

async function comparisonOf(
  out: string,
  fresh: readonly JobRecord[],
  winner: number,
  { allow, engine, test, memory, shards }: TuneRequest,
): Promise<Pick<Tuned, 'validation' | 'test'>> {
  const valid = fresh.filter(({ state }) => state === 'done');
  const hasBoth = [0, winner].every((trial) => valid.some((record) => record.trial === trial));
  if (!hasBoth || (winner === 0 && !test)) return {};
  const runs = [];
  for (const { trial, folder } of valid) {
    // Reads each run's own data, because none is named.
    const loadedRun = await load(join(out, folder), { allow, engine, memory, shards });
    runs.push({ name: trial === 0 ? 'as written' : 'tuned', run: loadedRun });
  }
  try {
    const validation = winner === 0 ? undefined : await compare(runs, { part: 'validation' });
    return { validation, test: test ? await compare(runs, { part: 'test' }) : undefined };
  } finally {
    for (const { run } of runs) await run.close();
  }
}

/** Removes the runs of trials that do not continue. Their results stay in the log. */
async function removeRuns(out: string, trials: readonly Trial[], kept: readonly Trial[]): Promise<void> {
  for (const { number } of trials) {
    if (number === 0 || kept.some((trial) => trial.number === number)) continue;
    await rm(join(out, 'trials', String(number).padStart(4, '0')), { recursive: true, force: true });
  }
}

// Writes a copy of the model with the winning values, always as a new file.

/** @throws Failure `file-exists`, before anything is trained */
function refuseTunedFile(path: string): void {
  if (existsSync(path)) throw failure('file-exists', { path });
}

/** @param settings the text of each value @throws Failure `file-exists`, `tuned-file`, `cannot-write` */
async function writeTunedFile(
  from: string,
  to: string,
  settings: Readonly<Record<string, string>>,
  { set = {} }: CheckRequest,
): Promise<void> {
  const allSettings = { ...set, ...settings };
  let source = moved(readSource(from), from, to);
  const depthOf = ([name]: readonly [string, unknown]): number => name.split('.').length;
  for (const [name, value] of Object.entries(allSettings).sort((a, b) => depthOf(a) - depthOf(b))) {
    const { scope, files, library } = checkSource(source, { load: loadUsed }).resolution;
    const at = { ...files.main.span, end: files.main.span.start };
    const slot = findSlot({ scope, files, library, report: () => {} }, { parts: name.split('.'), at });
    const edit = slot?.write(String(value));
    // The value is in another file, or in several places.
    const reason = `\`${name}\` is not in ${from}, or cannot be replaced in one place`;
    if (edit?.at.source !== source) throw failure('tuned-file', { path: to, reason });
    source = makeSource(to, applyEdits(source, [edit]));
  }
  const formattedText = format(source.text, to).output ?? source.text;
  const { diagnostics } = checkSource(makeSource(to, formattedText), { load: loadUsed });
  if (hasErrors(diagnostics)) throw failure('tuned-file', { path: to, reason: diagnostics[0]!.message });
  refuseTunedFile(to);
  // `wx` fails if another process has created the file in the meantime.
  const tunedFile = await awaitWrite(to, open(to, 'wx'));
  try {
    await awaitWrite(to, tunedFile.writeFile(formattedText));
  } finally {
    await tunedFile.close();
  }
}

/** Returns the text for another folder, with the paths of `use` relative to that folder. */
function moved({ text, ...source }: Source, from: string, to: string): Source {
  const [oldFolder, newFolder] = [resolve(dirname(from)), resolve(dirname(to))];
  if (oldFolder === newFolder) return makeSource(to, text);
  const { file } = checkSource(makeSource(source.name, text), { load: loadUsed });
  const edits = file.declarations.flatMap((declaration) => {
    if (declaration.kind !== 'Use') return [];
    const movedPath = relative(newFolder, resolve(oldFolder, declaration.path.value)).replaceAll('\\', '/');
    return [{ at: declaration.path.span, text: JSON.stringify(movedPath) }];
  });
  return makeSource(to, applyEdits(file.span.source, edits));
}
