/**
 * Sends what a tracking server does not have of a run: the server is asked what it has, so a run can be sent in parts, again, and after
 * requests whose answer was lost.
 */
import { basename, resolve } from 'node:path';
import { readManifest } from '../../artifact/load.ts';
import { type Manifest, manifestFile } from '../../artifact/manifest.ts';
import { defined } from '../../defined.ts';
import { readEvaluation } from '../../report/evaluation_file.ts';
import type { MlflowClient } from '../../tracking/mlflow/client.ts';
import { keyOf } from '../../tracking/mlflow/names.ts';
import {
  experimentId,
  findOrCreateRun,
  logTags,
  type Metric,
  type RemoteRun,
  type RunStatus,
  updateRun,
} from '../../tracking/mlflow/runs.ts';
import { metricsFile } from '../../training/metrics_log.ts';
import { evaluationFile, reportFile } from '../../training/result_files.ts';
import { endTagsOf, paramsOf, type RunFacts, tagsOf } from './facts.ts';
import { pageOf, sendFiles, sendNew, sendNewParams } from './parts.ts';
import { type RunPoints, runPoints } from './points.ts';
import { remembered } from './remembered.ts';

export interface OfRun {
  readonly folder: string;
  /** Its name. Default: the model's. */
  readonly experiment?: string;
  readonly facts: RunFacts;
  /** Of the whole run. */
  readonly steps: number;
  /** The file of the model, as the user named it. */
  readonly source?: string;
  readonly commit?: string;
  /** Where it trains now. */
  readonly began?: number;
}

export interface Tracked {
  readonly folder: string;
  /** The page of the run. */
  readonly url: string;
  /** Figures that were sent, each with its step. */
  readonly values: number;
  /** Files that were sent, or why they were not. */
  readonly artifacts: number | string;
}

export class Sender {
  private readonly points: RunPoints;
  private readonly waiting: Metric[] = [];
  private remote: RemoteRun | undefined;
  private values = 0;
  private readonly count = (count: number): void => {
    this.values += count;
  };

  constructor(
    private readonly client: MlflowClient,
    private readonly of: OfRun,
  ) {
    this.points = runPoints(of.folder, of.steps);
  }

  /**
   * Sends the curves as far as the logs have them.
   * @throws Refused; Failure for what is wrong with the folder
   */
  async send(isLast = false): Promise<void> {
    this.waiting.push(...(await this.points.more(isLast)));
    this.remote ??= await this.begin();
    await sendNew(this.client, this.remote, this.waiting, this.count);
  }

  /** Sends what is known at the end of a training, and says that it has ended. @throws as `send` */
  async end(status: RunStatus): Promise<Tracked> {
    await this.send(true);
    const { folder } = this.of;
    const remote = this.remote!;
    // A training that failed may have no model.
    const manifest = await readManifest(folder).catch(() => undefined);
    if (manifest) {
      await logTags(this.client, remote.id, endTagsOf(manifest));
      await sendNew(this.client, remote, await evaluated(folder, manifest), this.count);
    }
    const paths = [reportFile, evaluationFile, metricsFile, manifestFile, ...(manifest?.sources ?? [])];
    const artifacts = await sendFiles(this.client, remote, folder, paths);
    const ended = manifest?.training.status === 'interrupted' ? 'KILLED' : status;
    await updateRun(this.client, remote.id, ended, this.points.ended() ?? Date.now());
    return { folder, url: pageOf(this.client, remote), values: this.values, artifacts };
  }

  private async begin(): Promise<RemoteRun> {
    const { client } = this;
    const { folder, facts, source } = this.of;
    const began = this.of.began ?? this.points.began();
    const own = await remembered(folder, defined({ began, commit: this.of.commit }));
    const experiment = await experimentId(client, this.of.experiment ?? facts.plan.model);
    const name = basename(resolve(folder));
    const remote = await findOrCreateRun(client, experiment, { own: own.run, name, start: own.began ?? Date.now() });
    await logTags(client, remote.id, { ...tagsOf(facts, source, own.commit), ...changed(remote, facts) });
    await sendNewParams(client, remote, paramsOf(facts));
    if (this.of.began !== undefined) await updateRun(client, remote.id, 'RUNNING');
    return remote;
  }
}

/** Parameters cannot change at a server: what a run that goes on has otherwise is a tag. */
const changed = ({ params }: RemoteRun, facts: RunFacts): Record<string, string> =>
  Object.fromEntries(
    Object.entries(paramsOf(facts))
      .filter(([key, value]) => params.has(key) && params.get(key) !== value)
      .map(([key, value]) => [`changed.${key}`, value]),
  );

/** Figures of the model in its last evaluation. */
async function evaluated(folder: string, manifest: Manifest): Promise<Metric[]> {
  const evaluation = await readEvaluation(folder, manifest).catch(() => undefined);
  const [own] = evaluation?.rows ?? [];
  if (!evaluation || !own) return [];
  return Object.entries(own.all)
    .filter(([, value]) => Number.isFinite(value))
    .map(([name, value]) => ({
      key: keyOf(`${evaluation.part}/${name}`),
      value,
      timestamp: Date.now(),
      step: manifest.training.steps,
    }));
}
