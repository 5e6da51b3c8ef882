/**
 * Closes a day of a model in use: the events that a server has taken go to files, the versions are judged by them, a new version is trained on them, and it takes
 * the place of the one that answers unless it is worse. A server that watches the folder of versions takes the new one.
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
import { momentOf } from '../../data/rows/fresh.ts';
import { fileEvents, type LoggedEvents } from '../../data/written/event_files.ts';
import type { GivenEvent } from '../../data/written/fields.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import { plugins } from '../../plugins.ts';
import type { EventWrite } from '../../serving/live/event_writes.ts';
import { decisionLog, type RejectedVersions, rejectedIn } from '../../serving/server/versions/swaps.ts';
import { eventLog, makeEventCompaction } from '../../serving/server/writes/event_log.ts';
import type { Comparison } from '../../training/evaluation/compare_models.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import { signedText } from '../../training/evaluation/sentences.ts';
import { type ClosedDay, daysPage } from '../report/days_page.ts';
import { compare } from './compare.ts';
import { blockOf, type LoadRequest, load, type Run } from './run.ts';
import { listRuns, prunable, pruneRun } from './runs.ts';
import { train } from './train.ts';
import { candidatesIn, closedDays, daysName } from './versions/watch_folder.ts';

export interface CloseRequest extends Pick<LoadRequest, 'data' | 'allow' | 'engine' | 'signal'> {
  /** The folder or the address of the events of servers: that of `tower serve --events`. */
  readonly events: string;
  /** The folder for their files, which must be among the events of the data block. */
  readonly into: string;
  /** The run whose settings train the new version. Default: the one that the latest version names. */
  readonly final?: string;
  /** Number of earlier events, drawn anew in each epoch, to train on for each new one. Default: that of the settings' run. */
  readonly replay?: number;
  /** True to train each version anew on all events. Default: it goes on from the version before. */
  readonly whole?: boolean;
  /** Number of versions that stay, at least 2. Default: 10. */
  readonly keep?: number;
  readonly say?: (line: string) => void;
}

/** Below this number of events, no version is refused: with one or two users an interval says nothing. */
const minJudgedEvents = 100;
/** Above this number of items, a linear baseline of all pairs of items takes too long. */
const maxEaseItems = 12_000;

/** @param folder of the versions, which has at least one @throws Failure `no-version`, `data-needs`, and those of training and comparing */
export async function closeDay(folder: string, request: CloseRequest): Promise<ClosedDay> {
  const { say = () => {}, keep = 10, data, allow, engine, signal } = request;
  const [latest, previous] = await versionsIn(folder, await rejectedBy(request.events));
  if (latest === undefined) throw failure('no-version', { folder, refused: 0 });
  const options = { data, allow, engine, signal };
  const run = await load(latest, options);
  const filed = await fileNewEvents(run, request).finally(run.close);
  const { until } = run.trained.manifest.data;
  if (until === undefined) throw failure('data-needs', { what: '`tower live`', needs: 'a `time` in the data block' });
  const comparedVersions = await compared({ now: latest, ...(previous && { before: previous }) }, until, options);
  const lastMoment = comparedVersions?.lastMoment ?? momentOf(until.time);
  const day = { until: lastMoment, events: comparedVersions?.comparison.events ?? 0, version: basename(latest) };
  say(
    `${day.events.toLocaleString('en')} events are later than ${basename(latest)}; ${filed} of them are new in ${request.into}`,
  );
  if (comparedVersions === undefined) return { ...day, outcome: 'nothing new' };

  const { comparison, metric } = comparedVersions;
  const figures = Object.fromEntries(comparison.rows.map((row) => [row.name, row.figures[metric]!]));
  const measured = { ...day, metric, figures };
  // A version that is worse than the one before it was a mistake, which training must not go on from.
  const lead = comparison.rows.find(({ name }) => name === 'before')?.differences?.[metric];
  const canJudge = comparison.events >= minJudgedEvents;
  const isWorse = canJudge && previous !== undefined && lead !== undefined && lead.low > 0;
  const base = isWorse ? previous : latest;
  if (isWorse) say(`${basename(latest)} is worse than ${basename(previous)}, so training goes on from the latter`);
  const nextFolder = `${folder}.next`;
  const settings = await settingsRun(base, request.final);
  // A score that is fitted as a whole has no weights to go on from.
  const whole = request.whole || run.trained.plan.fitted !== undefined;
  await train(undefined, {
    ...{ final: settings, out: nextFolder, force: true, ...options },
    ...(whole ? {} : { from: base, replay: request.replay }),
  });
  const trial = await compared({ now: latest, next: nextFolder }, until, options);
  const change = trial?.comparison.rows.find(({ name }) => name === 'next')?.differences?.[metric];
  if (canJudge && change !== undefined && change.high < 0) {
    await rm(nextFolder, { recursive: true });
    const reason = `the new version is worse on events that it was trained on: ${metric} ${signedText(change.mean)}`;
    return recordDay(folder, { ...measured, outcome: 'refused', reason }, say);
  }
  const published = await freeName(folder, String(lastMoment).slice(0, 10));
  await rename(nextFolder, join(folder, published));
  for (const oldRun of prunable(await listRuns(folder), Math.max(2, keep))) await pruneRun(oldRun);
  if (!isWorse) return recordDay(folder, { ...measured, published, outcome: 'published' }, say);
  const reason = `${basename(latest)} is worse than ${basename(previous)}: ${metric} ${signedText(-lead.mean)}`;
  return recordDay(folder, { ...measured, published, outcome: 'rolled back', reason }, say);
}

/** Returns the folders of complete runs, the newest first. Servers do not answer with rejected ones, so nothing is trained on from them. */
async function versionsIn(folder: string, rejected: RejectedVersions): Promise<readonly string[]> {
  const candidates = await candidatesIn(folder, new Map());
  return candidates
    .filter(({ isWhole, checksum }) => isWhole && checksum !== undefined && !rejected.has(checksum))
    .map((run) => run.folder);
}

/** Returns the versions that the servers of a shared log rolled back from. */
async function rejectedBy(events: string): Promise<RejectedVersions> {
  if (!isAddress(events)) return new Set();
  const { readSharedLog } = await plugins.redis();
  const { writes } = await readSharedLog(events, decisionLog);
  return rejectedIn({ latest: new Map(writes.map(({ write }) => [write.version, write])) });
}

/** Writes the new events of the log to files. @returns their number */
async function fileNewEvents(run: Run, { events: folder, into, say = () => {}, ...request }: CloseRequest) {
  const logged = await eventsOf(folder, say);
  if (logged === undefined) return 0;
  const { eventBasis } = await run.knownRows();
  const { description, reading } = await blockOf(run.trained, request);
  const { plan } = run.trained;
  const { events, files } = await fileEvents(into, logged, {
    ...reading,
    description,
    needs: plan,
    types: eventBasis.types,
  });
  await refuseOtherFolder(description, files, into, reading.access);
  return events;
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

interface ComparedVersions {
  readonly comparison: Comparison;
  readonly metric: string;
  readonly lastMoment: string | number;
}

/** Compares versions and baselines on the events after a training; undefined if there are none. */
async function compared(
  versions: Readonly<Record<string, string>>,
  later: Until,
  options: Pick<LoadRequest, 'data' | 'allow' | 'engine' | 'signal'>,
): Promise<ComparedVersions | undefined> {
  const runs: { readonly name: string; readonly run: Run }[] = [];
  try {
    for (const [name, folder] of Object.entries(versions))
      runs.push({ name, run: await load(folder, { ...options, later }) });
    const { corpus, parts, knownUntil = later.time } = await runs[0]!.run.dataset();
    if (parts.test.rows === 0) return undefined;
    const baselines = ['popularity', corpus.rows <= maxEaseItems ? 'ease' : 'item_cf'];
    const comparison = await compare(runs, { baselines, part: 'test' });
    return { comparison, metric: comparison.metrics.find(isOfAccuracy)!, lastMoment: momentOf(knownUntil) };
  } finally {
    for (const { run } of runs) await run.close();
  }
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
