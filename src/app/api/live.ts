/**
 * Closes a day of a model in use. The events that a server has taken go to files. A candidate that was trained before them is judged by them, beside the version
 * that answers and baselines; unless it is worse it is published, and a server that watches the folder of versions takes it. Then the next candidate is trained.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeTextDurably } from '../../base/storage/durable.ts';
import { makeLogFiles } from '../../base/storage/record_log/lines.ts';
import { readRecordLog } from '../../base/storage/record_log/record_log.ts';
import type { Until } from '../../data/dataset.ts';
import type { Access } from '../../data/files/access.ts';
import { findFiles } from '../../data/files/find_files.ts';
import { isAddress } from '../../data/files/remote/address.ts';
import { momentAsked, momentOf } from '../../data/rows/fresh.ts';
import { timeScale } from '../../data/rows/time_scale.ts';
import { fileEvents, type LoggedEvents } from '../../data/written/event_files.ts';
import type { GivenEvent } from '../../data/written/fields.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import { plugins } from '../../plugins.ts';
import type { EventWrite } from '../../serving/live/event_writes.ts';
import { decisionLog, type RejectedVersions, rejectedIn } from '../../serving/server/versions/swaps.ts';
import { eventLog, makeEventCompaction } from '../../serving/server/writes/event_log.ts';
import type { Comparison } from '../../training/evaluation/compare_models.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import { signedIntervalText } from '../../training/evaluation/sentences.ts';
import type { Interval } from '../../training/evaluation/slices.ts';
import { type ClosedDay, daysPage } from '../report/days_page.ts';
import { compare } from './compare.ts';
import { blockOf, type LoadRequest, load, type Run } from './run.ts';
import { listRuns, prunable, pruneRun, type RunSummary } from './runs.ts';
import { train } from './train.ts';
import { candidatesIn, closedDays, daysName, type RunCandidate } from './versions/watch_folder.ts';

export interface CloseRequest extends Pick<LoadRequest, 'data' | 'allow' | 'engine' | 'signal'> {
  /** The folder or the address of the events of servers: that of `tower serve --events`. */
  readonly events: string;
  /** The folder for their files, which must be among the events of the data block. */
  readonly into: string;
  /** The run whose settings train the new version. Default: the one that the latest version names. */
  readonly final?: string;
  /** True to go on from the version that answers, with the new events alone. Default: each candidate is trained anew on all events. */
  readonly continue?: boolean;
  /** With `continue`: number of earlier events, drawn anew in each epoch, to train on for each new one. Default: that of the settings' run. */
  readonly replay?: number;
  /** Number of versions that stay, at least 2, beside the first one of this month and of the month before. Default: 10. */
  readonly keep?: number;
  readonly say?: (line: string) => void;
}

/** A candidate is judged by so many events, or by `minEventsOfWeek` of a week or more: fewer events give an interval that says nothing. */
const minJudgedEvents = 500;
const minEventsOfWeek = 50;
const secondsOfWeek = 7 * 86_400;
/** Above this number of items, a linear baseline of all pairs of items takes too long. */
const maxEaseItems = 12_000;

/** @param folder of the versions, which has at least one @throws Failure `no-version`, `no-later-events`, `data-needs`, and those of training and comparing */
export async function closeDay(folder: string, request: CloseRequest): Promise<ClosedDay> {
  const { say = () => {}, keep = 10, data, allow, engine, signal } = request;
  const versions = await versionsIn(folder, await rejectedBy(request.events));
  const [latest, previous] = versions;
  if (latest === undefined) throw failure('no-version', { folder, refused: 0 });
  const options = { data, allow, engine, signal };
  const run = await load(latest.folder, options);
  const filed = await fileNewEvents(run, request).finally(run.close);
  const candidate = await candidateOf(folder, latest, say);
  const since = candidate?.until ?? untilOf(run);
  const judged = await judgedSince(since, options, {
    now: latest.folder,
    ...(candidate && { next: candidate.folder }),
    ...(previous && { before: previous.folder }),
    ...(versions.length > 2 && { oldest: versions.at(-1)!.folder }),
  });
  const { knownUntil, comparison } = judged;
  const events = comparison?.events ?? 0;
  const version = basename(latest.folder);
  const late = filed.late > 0 ? `; ${filed.late} of these came late, so they are trained and judge nothing` : '';
  say(
    `${events.toLocaleString('en')} events are later than ${basename(candidate?.folder ?? version)}; ${filed.events} are new in ${request.into}${late}`,
  );
  const day = { until: momentOf(knownUntil), events, late: filed.late || undefined, version, ...judged.figures };
  const isGone = candidate !== undefined && knownUntil < candidate.until.time;
  const canBeLate = request.continue || (candidate !== undefined && !isGone && isFuture(since.time));
  if (canBeLate && filed.events > 0 && events === 0) {
    const trained = candidate?.folder ?? latest.folder;
    throw failure('no-later-events', { events: filed.events, trained, until: momentOf(since.time) });
  }
  if (candidate === undefined || isGone) {
    if (events + filed.events === 0 && knownUntil === since.time) return { ...day, outcome: 'nothing new' };
    if (isGone) {
      say(`the data no longer reach ${momentOf(since.time)}, up to which ${candidate.folder} was trained`);
      await rm(candidate.folder, { recursive: true });
    }
    const next = await trainCandidate(folder, latest.folder, request);
    const reason = `${next} is judged by the events that follow`;
    return recordDay(folder, { ...day, outcome: 'waiting', reason }, say);
  }
  const lastDay = (await closedDays(folder)).at(-1);
  if (filed.events === 0 && lastDay?.until === day.until) return { ...day, outcome: 'nothing new' };
  if (!isEnough(events, since.time, knownUntil)) {
    const reason = `${candidate.folder} is judged by ${minJudgedEvents} events, or by ${minEventsOfWeek} of a week`;
    return recordDay(folder, { ...day, outcome: 'waiting', reason }, say);
  }
  const change = differenceOf(judged, 'next');
  const drift = driftOf(judged, versions.at(-1)!.folder);
  if (change !== undefined && change.high < 0) {
    await rm(candidate.folder, { recursive: true });
    const reason = `the candidate is worse than ${version}: ${judged.metric} ${signedIntervalText(change)}`;
    const refused = await recordDay(folder, { ...day, outcome: 'refused', reason, drift }, say);
    await trainCandidate(folder, latest.folder, request);
    return refused;
  }
  const published = await freeName(folder, String(momentOf(candidate.until.time)).slice(0, 10));
  await rename(candidate.folder, join(folder, published));
  for (const oldRun of outdatedRuns(await listRuns(folder), Math.max(2, keep))) await pruneRun(oldRun);
  const closed = await recordDay(folder, { ...day, published, outcome: 'published', drift }, say);
  await trainCandidate(folder, join(folder, published), request);
  return closed;
}

function isEnough(events: number, since: number, until: number): boolean {
  const { perSecond } = timeScale(since, Date.now() / 1000);
  const isWeek = perSecond !== undefined && until - since >= secondsOfWeek * perSecond;
  return events >= minJudgedEvents || (isWeek && events >= minEventsOfWeek);
}

function isFuture(time: number): boolean {
  const now = Date.now() / 1000;
  const { perSecond } = timeScale(time, now);
  return perSecond !== undefined && time / perSecond > now + 86_400;
}

/** Returns the runs that need not stay: neither of the newest ones, nor the first of this period of four weeks or of the one before, by which drift shows. */
function outdatedRuns(runs: readonly RunSummary[], keep: number): RunSummary[] {
  const periodOf = (time: number): number => Math.floor(time / (4000 * secondsOfWeek));
  const thisPeriod = periodOf(Date.now());
  const isReference = (run: RunSummary): boolean =>
    [thisPeriod, thisPeriod - 1].some((period) => runs.findLast(({ changed }) => periodOf(changed) === period) === run);
  return prunable(runs, keep).filter((run) => !isReference(run));
}

interface Candidate {
  readonly folder: string;
  readonly until: Until;
}

/** Returns the candidate that an earlier day has trained, unless somebody has published a version since. */
async function candidateOf(
  folder: string,
  latest: RunCandidate,
  say: (line: string) => void,
): Promise<Candidate | undefined> {
  const candidateFolder = `${folder}.candidate`;
  if (!existsSync(candidateFolder)) return undefined;
  const [found] = await candidatesIn(candidateFolder);
  if (found?.isWhole && found.written >= latest.written) {
    const run = await load(found.folder);
    await run.close();
    return { folder: candidateFolder, until: untilOf(run) };
  }
  say(`${candidateFolder} is ${found?.isWhole ? `older than ${latest.folder}` : 'damaged'}, so another one is trained`);
  await rm(candidateFolder, { recursive: true });
  return undefined;
}

/** @throws Failure `data-needs` */
function untilOf({ trained }: Run): Until {
  const { until } = trained.manifest.data;
  if (until === undefined) throw failure('data-needs', { what: '`tower live`', needs: 'a `time` in the data block' });
  return until;
}

/** Trains the next candidate on all events of the data block. @returns its folder */
async function trainCandidate(folder: string, latest: string, request: CloseRequest): Promise<string> {
  const { data, allow, engine, signal, replay } = request;
  const nextFolder = `${folder}.next`;
  const settings = await settingsRun(latest, request.final);
  const earlier = request.continue ? { from: latest, replay } : {};
  await train(undefined, { final: settings, out: nextFolder, force: true, data, allow, engine, signal, ...earlier });
  const candidateFolder = `${folder}.candidate`;
  await rename(nextFolder, candidateFolder);
  return candidateFolder;
}

/** Returns the complete runs, the newest first. Servers do not answer with rejected ones, so nothing is trained on from them. */
async function versionsIn(folder: string, rejected: RejectedVersions): Promise<readonly RunCandidate[]> {
  const candidates = await candidatesIn(folder);
  return candidates.filter(({ isWhole, checksum }) => isWhole && checksum !== undefined && !rejected.has(checksum));
}

/** Returns the versions that the servers of a log rolled back from. */
async function rejectedBy(events: string): Promise<RejectedVersions> {
  const decisions = isAddress(events)
    ? (await (await plugins.redis()).readSharedLog(events, decisionLog)).writes.map(({ write }) => write)
    : (await readRecordLog(makeLogFiles(events), decisionLog)).records.flat();
  return rejectedIn({ latest: new Map(decisions.map((decision) => [decision.version, decision])) });
}

/** Writes the new events of the log to files. Those are late that are earlier than the latest event of the files. */
async function fileNewEvents(run: Run, { events: folder, into, say = () => {}, ...request }: CloseRequest) {
  const logged = await eventsOf(folder, say);
  if (logged === undefined) return { events: 0, late: 0 };
  const { eventBasis, knownUntil = Number.NEGATIVE_INFINITY } = await run.knownRows();
  const { description, reading } = await blockOf(run.trained, request);
  const { plan } = run.trained;
  const { events, files } = await fileEvents(into, logged, {
    ...reading,
    description,
    needs: plan,
    types: eventBasis.types,
  });
  await refuseOtherFolder(description, files, into, reading.access);
  const isLate = ({ time }: GivenEvent): boolean =>
    time !== undefined && momentAsked(time, '--events').time < knownUntil;
  return { events: events.length, late: events.filter(isLate).length };
}

/** @throws Failure `data-needs` if the data block does not read the files */
async function refuseOtherFolder(
  description: DataDescription,
  files: readonly string[],
  into: string,
  access: Access,
): Promise<void> {
  if (files.length === 0) return;
  const { output } = findFiles(description, access, new Map());
  const paths = new Set(output.flatMap(({ files: ofRole }) => ofRole.map(({ path }) => basename(path))));
  if (files.every((path) => paths.has(basename(path)))) return;
  const needs = `the folder ${into} among its events, such as \`events = "…/**/*.{csv,parquet}"\``;
  throw failure('data-needs', { what: 'the data block', needs }, description.events.span);
}

/** Reads the log of servers, which may be running. Events of deleted users are left out, and those whose id an earlier one has. */
async function eventsOf(folder: string, say: (line: string) => void): Promise<LoggedEvents | undefined> {
  const { id, before, end, entries } = await (isAddress(folder) ? sharedEntriesOf(folder, say) : entriesOf(folder));
  if (id === undefined) return undefined;
  const compaction = makeEventCompaction();
  for (const { writes } of entries) compaction.add(writes);
  const remaining = compaction.makeRemainingFilter();
  const ids = new Set<string>();
  const isNew = ({ id: eventId }: GivenEvent): boolean =>
    eventId === undefined || (!ids.has(eventId) && ids.add(eventId).has(eventId));
  const isEvent = (write: EventWrite): write is GivenEvent => !('deleted' in write) && isNew(write);
  const logged = entries.map(({ position, writes }) => ({ position, events: remaining(writes)!.filter(isEvent) }));
  return { log: id, before, end, entries: logged };
}

async function entriesOf(folder: string) {
  const { id, basePosition, records } = await readRecordLog(makeLogFiles(folder), eventLog);
  const entries = records.map((writes, index) => ({ position: basePosition + index + 1, writes }));
  return { id, before: basePosition, end: basePosition + records.length, entries };
}

async function sharedEntriesOf(address: string, say: (line: string) => void) {
  const { readSharedLog } = await plugins.redis();
  const { id, end, writes } = await readSharedLog(address, eventLog, { say });
  return { id, before: 0, end, entries: writes.map(({ position, write }) => ({ position, writes: [write] })) };
}

interface JudgedVersions {
  readonly knownUntil: number;
  /** Absent if no event is later. */
  readonly comparison?: Comparison;
  readonly metric?: string;
  /** What the day keeps of the comparison. */
  readonly figures: Pick<ClosedDay, 'metric' | 'figures'>;
}

/** Compares versions and baselines on the events after a training. The first version is the one with which the others are compared. */
async function judgedSince(
  later: Until,
  options: Pick<LoadRequest, 'data' | 'allow' | 'engine' | 'signal'>,
  versions: Readonly<Record<string, string>>,
): Promise<JudgedVersions> {
  const runs: { readonly name: string; readonly run: Run }[] = [];
  try {
    for (const [name, folder] of Object.entries(versions))
      runs.push({ name, run: await load(folder, { ...options, later }) });
    const { corpus, parts, knownUntil = later.time } = await runs[0]!.run.dataset();
    if (parts.test.rows === 0) return { knownUntil, figures: {} };
    const baselines = ['popularity', corpus.rows <= maxEaseItems ? 'ease' : 'item_cf'];
    const comparison = await compare(runs, { baselines, part: 'test' });
    const metric = comparison.metrics.find(isOfAccuracy)!;
    const figures = Object.fromEntries(comparison.rows.map((row) => [row.name, row.figures[metric]!]));
    return { knownUntil, comparison, metric, figures: { metric, figures } };
  } finally {
    for (const { run } of runs) await run.close();
  }
}

const differenceOf = ({ comparison, metric }: JudgedVersions, name: string): Interval | undefined =>
  comparison?.rows.find((row) => row.name === name)?.differences?.[metric!];

/** Says that the oldest version ranks better than the one that answers: each version was not worse than the one before, and all together are. */
function driftOf(judged: JudgedVersions, oldest: string): string | undefined {
  const lead = differenceOf(judged, 'oldest');
  if (lead === undefined || lead.low <= 0) return undefined;
  return `${basename(oldest)}, the oldest version that is kept, ranks better: ${judged.metric} ${signedIntervalText(lead)}`;
}

/** Returns the folder of the run whose settings train the next version. */
async function settingsRun(version: string, runFolder: string | undefined): Promise<string> {
  if (runFolder !== undefined) return runFolder;
  const { manifest } = (await load(version)).trained;
  const name = manifest.final?.name ?? version;
  if (existsSync(name)) return name;
  throw failure('data-needs', {
    what: 'the next version',
    needs: `the run ${name}, whose settings it takes: name it with \`--final\``,
  });
}

async function freeName(folder: string, day: string): Promise<string> {
  const name = day.replaceAll(/[^\w-]/g, '_');
  for (let number = 1; ; number++) {
    const candidateName = number === 1 ? name : `${name}-${number}`;
    if (!existsSync(join(folder, candidateName))) return candidateName;
  }
}

/** Adds a line to the days, and draws their page. */
async function recordDay(folder: string, day: ClosedDay, say: (line: string) => void): Promise<ClosedDay> {
  const days = [...(await closedDays(folder)), day];
  await makeFolder(folder);
  await writeTextDurably(join(folder, daysName), days.map((closedDay) => `${JSON.stringify(closedDay)}\n`).join(''));
  await writeTextDurably(join(folder, 'days.html'), daysPage(days));
  say(`${join(folder, 'days.html')} shows ${days.length === 1 ? 'this day' : `these ${days.length} days`}`);
  return day;
}
