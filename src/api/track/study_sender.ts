/** Sends what a tracking server does not have of a study. All of it follows from the log of the study, which no kill takes away. */
import { basename, resolve } from 'node:path';
import { defined } from '../../defined.ts';
import type { MlflowClient } from '../../tracking/mlflow/client.ts';
import {
  experimentId,
  findOrCreateRun,
  logTags,
  type RemoteRun,
  type RunStatus,
  updateRun,
} from '../../tracking/mlflow/runs.ts';
import { reportFile } from '../../training/result_files.ts';
import { journalFile, readRecords, studyFile, trialsFile } from '../../tune/study_files.ts';
import type { JobRecord, Study } from '../../tune/trial.ts';
import type { Tuned } from '../tune.ts';
import { version } from '../version.ts';
import { tagsOf } from './facts.ts';
import { pageOf, sendFiles, sendNew, sendNewParams } from './parts.ts';
import { type Remembered, remembered } from './remembered.ts';
import type { Tracked } from './sender.ts';
import {
  bestPoints,
  endedAt,
  nestedName,
  nestedParams,
  nestedPoints,
  nestedTags,
  ownName,
  resultPoints,
  resultTags,
  startedAt,
  statusOf,
  studyParams,
} from './study_facts.ts';

export interface OfStudy {
  readonly folder: string;
  readonly study: Study;
  /** Name of the experiment. Default: the model's. */
  readonly experiment?: string;
  /** The file of the model, as the user named it. */
  readonly source: string;
  readonly commit?: string;
  readonly began: number;
}

export class StudySender {
  private parent: { readonly remote: RemoteRun; readonly own: Remembered } | undefined;
  /** By the name of `ownName`. Of a request that failed the run is looked up again: the server may have taken it. */
  private readonly nested = new Map<string, RemoteRun>();
  private records: readonly JobRecord[] = [];
  /** Lines of the log that were sent. */
  private sent = 0;
  private values = 0;
  private readonly count = (count: number): void => {
    this.values += count;
  };

  constructor(
    private readonly client: MlflowClient,
    private readonly of: OfStudy,
  ) {}

  /** @throws Refused; Failure for what is wrong with the folder */
  async send(): Promise<void> {
    this.parent ??= await this.begin();
    this.records = await readRecords(this.of.folder);
    while (this.sent < this.records.length) {
      await this.sendRecord(this.sent);
      this.sent++;
    }
  }

  /** Also what the study came to, and its files. @throws as `send` */
  async end(status: RunStatus, tuned: Tuned | undefined): Promise<Tracked> {
    await this.send();
    const { client, records } = this;
    const { folder } = this.of;
    const { remote } = this.parent!;
    // A trial that goes no further is not running.
    const last = new Map(records.map((record) => [ownName(record), record]));
    for (const [name, record] of last) {
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

  private async begin(): Promise<{ readonly remote: RemoteRun; readonly own: Remembered }> {
    const { client } = this;
    const { folder, study, source, began, commit } = this.of;
    const own = await remembered(folder, { began, ...defined({ commit }) });
    const experiment = await experimentId(client, this.of.experiment ?? study.model);
    const start = own.began ?? began;
    const remote = await findOrCreateRun(client, experiment, { own: own.run, name: basename(resolve(folder)), start });
    const facts = { plan: { model: study.model }, tower: version };
    await logTags(client, remote.id, { ...tagsOf(facts, source, own.commit), 'tower.kind': 'study' });
    await sendNewParams(client, remote, studyParams(study));
    await updateRun(client, remote.id, 'RUNNING');
    return { remote, own };
  }

  private async sendRecord(at: number): Promise<void> {
    const { client, records } = this;
    const { study } = this.of;
    const record = records[at]!;
    const name = ownName(record);
    const known = this.nested.get(name);
    this.nested.delete(name);
    const remote = known ?? (await this.find(record, name));
    await sendNewParams(client, remote, nestedParams(record, study));
    await logTags(client, remote.id, nestedTags(record, study));
    await sendNew(client, remote, nestedPoints(records, at, study), this.count);
    const status = statusOf(record);
    await updateRun(client, remote.id, status, status === 'RUNNING' ? undefined : endedAt(record));
    await sendNew(client, this.parent!.remote, bestPoints(records, at, study), this.count);
    this.nested.set(name, remote);
  }

  private find(record: JobRecord, name: string): Promise<RemoteRun> {
    const { remote, own } = this.parent!;
    const start = startedAt(record);
    const run = { own: `${own.run}-${name}`, name: nestedName(record), start, parent: remote.id };
    return findOrCreateRun(this.client, remote.experiment, run);
  }
}
