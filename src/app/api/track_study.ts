/** Sends a study to a tracking server: a run for the study, and within it a run for each trial. */
import { basename, dirname, resolve } from 'node:path';
import { defined } from '../../base/util/defined.ts';
import { reportFile } from '../../training/artifact/manifest.ts';
import {
  experimentId,
  findOrCreateRun,
  logTags,
  type Metric,
  type MlflowClient,
  metricKey,
  type RemoteRun,
  type RunStatus,
  type TextsByKey,
  updateRun,
} from '../../training/tracking/mlflow/client.ts';
import { domainWords } from '../../training/tune/space.ts';
import { journalFile, readRecords, studyFile, trialsFile } from '../../training/tune/study_files.ts';
import type { JobRecord, Study } from '../../training/tune/trial.ts';
import {
  byKey,
  commitOf,
  openBackground,
  pageOf,
  remembered,
  sendFiles,
  sendNew,
  sendNewParams,
  type TrackingRecord,
  tagsOf,
} from './track/parts.ts';
import type { RunSenderOptions, Tracked } from './track/sender.ts';
import type { TrackerRequest } from './track.ts';
import type { Tuned, TuneEvent } from './tune.ts';
import { version } from './version.ts';

interface StudySenderOptions extends Pick<RunSenderOptions, 'folder' | 'experiment' | 'commit'> {
  readonly study: Study;
  readonly source: string;
  readonly began: number;
}

class StudySender {
  private parent: { readonly remote: RemoteRun; readonly own: TrackingRecord } | undefined;
  /** Runs of trials, by `ownName`. After a failed request, the run is looked up again, because the server may have created it. */
  private readonly nested = new Map<string, RemoteRun>();
  private records: readonly JobRecord[] = [];
  private sent = 0;
  private values = 0;
  private readonly count = (count: number): void => {
    this.values += count;
  };

  constructor(
    private readonly client: MlflowClient,
    private readonly of: StudySenderOptions,
  ) {}

  /** @throws Refused; Failure for problems with the folder */
  async send(): Promise<void> {
    this.parent ??= await this.begin();
    this.records = await readRecords(this.of.folder);
    while (this.sent < this.records.length) {
      await this.sendRecord(this.sent);
      this.sent++;
    }
  }

  /** @throws as `send` */
  async end(status: RunStatus, tuned: Tuned | undefined): Promise<Tracked> {
    await this.send();
    const { client, records } = this;
    const { folder } = this.of;
    const { remote } = this.parent!;
    // A trial that does not continue is not running.
    const lastRecords = new Map(records.map((record) => [ownName(record), record]));
    for (const [name, record] of lastRecords) {
      if (record.state === 'paused') await updateRun(client, this.nested.get(name)!.id, 'KILLED', endedAt(record));
    }
    if (tuned) {
      await logTags(client, remote.id, resultTags(tuned));
      await sendNew(client, remote, resultPoints(tuned, records), this.count);
    }
    const files = [reportFile, studyFile, trialsFile, journalFile];
    const artifacts = await sendFiles(client, remote, folder, files);
    await updateRun(client, remote.id, status, Date.now());
    return { folder, url: pageOf(client, remote), values: this.values, artifacts };
  }

  private async begin(): Promise<{ readonly remote: RemoteRun; readonly own: TrackingRecord }> {
    const { client } = this;
    const { folder, study, source, began, commit } = this.of;
    const trackingRecord = await remembered(folder, { began, ...defined({ commit }) });
    const experiment = await experimentId(client, this.of.experiment ?? study.model);
    const startTime = trackingRecord.began ?? began;
    const remote = await findOrCreateRun(client, experiment, {
      own: trackingRecord.run,
      name: basename(resolve(folder)),
      start: startTime,
    });
    const studyFacts = { plan: { model: study.model }, tower: version };
    await logTags(client, remote.id, { ...tagsOf(studyFacts, source, trackingRecord.commit), 'tower.kind': 'study' });
    await sendNewParams(client, remote, studyParams(study));
    await updateRun(client, remote.id, 'RUNNING');
    return { remote, own: trackingRecord };
  }

  private async sendRecord(at: number): Promise<void> {
    const { client, records } = this;
    const { study } = this.of;
    const record = records[at]!;
    const jobName = ownName(record);
    const knownRun = this.nested.get(jobName);
    this.nested.delete(jobName);
    const remote = knownRun ?? (await this.find(record, jobName));
    await sendNewParams(client, remote, nestedParams(record, study));
    await logTags(client, remote.id, nestedTags(record, study));
    await sendNew(client, remote, nestedPoints(records, at, study), this.count);
    const status = statusOf(record);
    await updateRun(client, remote.id, status, status === 'RUNNING' ? undefined : endedAt(record));
    await sendNew(client, this.parent!.remote, bestPoints(records, at, study), this.count);
    this.nested.set(jobName, remote);
  }

  private find(record: JobRecord, name: string): Promise<RemoteRun> {
    const { remote, own } = this.parent!;
    const startTime = startedAt(record);
    const newRun = { own: `${own.run}-${name}`, name: nestedName(record), start: startTime, parent: remote.id };
    return findOrCreateRun(this.client, remote.experiment, newRun);
  }
}

/** Reads only lines of the log, so that the parameters are the same each time. */
const studyParams = ({ space, set, metric, ...study }: Study): TextsByKey =>
  byKey([
    ['metric', metric],
    ...(['sampler', 'seed', 'halving', 'rungs', 'parallel', 'finalists', 'seeds'] as const).map(
      (name): [string, unknown] => [name, study[name]],
    ),
    ...space.map((dimension): [string, string] => [`search.${dimension.name}`, domainWords(dimension)]),
    ...Object.entries(set).map(([name, value]): [string, string] => [`set.${name}`, value]),
  ]);

/** Returns the name of the run of a job: letters, digits and dashes, because it becomes part of a tag. All search jobs of a trial are one run. */
const ownName = ({ kind, trial, seed }: JobRecord): string =>
  kind === 'search' ? `search-${trial}` : `${kind}-${trial}-${seed}`;

const nestedName = ({ kind, trial, seed }: JobRecord): string =>
  kind === 'search' ? `trial ${trial}` : `${kind === 'final' ? 'finalist' : 'fresh run of'} ${trial}, seed ${seed}`;

/** The settings of a trial, by path. The trial of the unchanged file has none. */
const nestedParams = ({ settings, seed }: JobRecord, { fileSeed }: Study): TextsByKey =>
  byKey([...Object.entries(settings), ['seed', seed ?? fileSeed]]);

const nestedTags = ({ kind, trial, state, message }: JobRecord, { model }: Study): TextsByKey =>
  byKey([
    ['tower.model', model],
    ['tower.kind', kind],
    ['tower.trial', trial],
    ['tower.state', state],
    ...(message === undefined ? [] : [['tower.message', message] as [string, string]]),
  ]);

/** Returns the status of a run. A paused trial may continue. */
const statusOf = ({ state }: JobRecord): RunStatus =>
  state === 'paused' ? 'RUNNING' : state === 'done' ? 'FINISHED' : 'FAILED';

/** Milliseconds since 1970; 0 if the log has no valid time. */
function startedAt({ begun }: JobRecord): number {
  const time = Date.parse(begun);
  return Number.isSafeInteger(time) && time >= 0 ? time : 0;
}

const endedAt = (record: JobRecord): number => Math.round(startedAt(record) + 1000 * record.seconds);

/** Returns the metric of each validation that this record adds, and the value by which the trial is compared. */
function nestedPoints(records: readonly JobRecord[], at: number, { metric }: Study): Metric[] {
  const record = records[at]!;
  const { values, value, seconds } = record;
  const recordBefore = records.slice(0, at).findLast((other) => ownName(other) === ownName(record))?.values.length ?? 0;
  const [start, added] = [startedAt(record), Math.max(1, values.length - recordBefore)];
  const curve = values.slice(recordBefore).map(
    (each, i): Metric => ({
      key: metricKey(`validation/${metric}`),
      value: each,
      timestamp: Math.round(start + (1000 * seconds * (i + 1)) / added),
      step: recordBefore + i + 1,
    }),
  );
  if (value === undefined) return curve;
  return [...curve, { key: metricKey(`value/${metric}`), value, timestamp: endedAt(record), step: values.length }];
}

/** Returns the best value of the trials that were trained to the end, if this record has raised it. */
function bestPoints(records: readonly JobRecord[], at: number, { metric, rungs }: Study): Metric[] {
  const wholeValue = ({ kind, value, rung = rungs - 1 }: JobRecord): number =>
    kind === 'search' && rung === rungs - 1 && value !== undefined ? value : Number.NEGATIVE_INFINITY;
  const record = records[at]!;
  const trialValue = wholeValue(record);
  if (records.slice(0, at).some((record) => trialValue <= wholeValue(record))) return [];
  return [{ key: metricKey(`best/${metric}`), value: trialValue, timestamp: endedAt(record), step: record.job }];
}

const resultTags = ({ winner, ended }: Tuned): TextsByKey =>
  byKey([
    ['tower.ended', ended],
    ...(winner
      ? [
          ['tower.winner', winner.trial] as const,
          ...Object.entries(winner.settings).map(([k, v]) => [`winner.${k}`, v] as const),
        ]
      : []),
  ]);

/** Returns the results of the winner and of the unchanged file on fresh seeds, such as `validation/tuned/recall@50`, at the last job. */
function resultPoints({ validation, test }: Tuned, records: readonly JobRecord[]): Metric[] {
  const [timestamp, step] = [Date.now(), records.length];
  return [validation, test].flatMap((comparison) =>
    (comparison?.rows ?? []).flatMap(({ name, figures }) =>
      Object.entries(figures).map(([metric, { mean }]) => ({
        key: metricKey(`${comparison!.part}/${name.replaceAll(' ', '_')}/${metric}`),
        ...{ value: mean, timestamp, step },
      })),
    ),
  );
}

export interface StudyTracker {
  /** Takes `onEvent` of `tune`. It does not wait for the server. */
  event(event: TuneEvent): void;
  /** Sends the rest, for a few seconds at most. Undefined if the server does not have everything then. @param tuned the result of `tune`, if it has ended */
  end(status: RunStatus, tuned?: Tuned): Promise<Tracked | undefined>;
}

/**
 * Sends a study while it runs. Everything comes from the log of the study, so values that a server missed are sent when the study is tracked again,
 * as `resume` does.
 * @param address such as `mlflow:http://host:5000#experiment`
 * @throws Failure `track-address`
 */
export function openStudyTracker(address: string, request: Omit<TrackerRequest, 'settings'>): StudyTracker {
  const background = openBackground(address, request, true);
  const { client, experiment } = background;
  const { out: folder, model: source } = request;
  let sender: Promise<StudySender> | undefined;
  const beginSender = async (study: Study): Promise<StudySender> => {
    const commit = await commitOf(dirname(source));
    return new StudySender(client, { folder, study, source, began: Date.now(), ...defined({ experiment, commit }) });
  };
  return {
    event(event) {
      if (event.kind === 'began') {
        const begunSender = beginSender(event.study);
        sender = begunSender;
        background.begin(async () => (await begunSender).send());
      }
      if (event.kind === 'began' || event.kind === 'job') background.kick();
    },
    end: (status, tuned) => background.end(async () => (await sender!).end(status, tuned)),
  };
}
