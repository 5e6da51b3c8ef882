/** What a run and a study send alike: parameters and figures that a server does not have, and files. */
import { closeRead, openRunFile, readRunFile } from '../../../base/storage/run_files.ts';
import { type MlflowClient, RequestRefused } from '../../../training/tracking/mlflow/client.ts';
import {
  artifactRoot,
  logMetrics,
  logParams,
  type Metric,
  type RemoteRun,
} from '../../../training/tracking/mlflow/runs.ts';

/**
 * In order, so that a server that is lost has all before a step, and nothing after it. What was taken leaves the list.
 * @param sent gets how many were taken, request by request
 */
export async function sendNew(
  client: MlflowClient,
  { id, last }: RemoteRun,
  metrics: Metric[],
  sent: (count: number) => void,
): Promise<void> {
  const isNew = ({ key, step, value }: Metric): boolean => {
    const lastValue = last.get(key);
    return lastValue === undefined || step > lastValue.step || (step === lastValue.step && value !== lastValue.value);
  };
  metrics.splice(0, metrics.length, ...metrics.filter(isNew));
  await logMetrics(client, id, [...metrics], (count) => {
    metrics.splice(0, count);
    sent(count);
  });
}

/** Parameters cannot change at a server: those that it has stay. */
export function sendNewParams(
  client: MlflowClient,
  { id, params }: RemoteRun,
  given: Readonly<Record<string, string>>,
): Promise<void> {
  return logParams(client, id, Object.fromEntries(Object.entries(given).filter(([key]) => !params.has(key))));
}

export const pageOf = ({ url }: MlflowClient, { experiment, id }: RemoteRun): string =>
  `${url}/#/experiments/${experiment}/runs/${id}`;

/** @returns how many files were sent, or why they were not */
export async function sendFiles(
  client: MlflowClient,
  remote: RemoteRun,
  folder: string,
  paths: readonly string[],
): Promise<number | string> {
  const root = artifactRoot(remote);
  if (root === undefined) return `the server keeps files at ${remote.artifacts.slice(0, 80)}, not through itself`;
  let count = 0;
  for (const path of paths) {
    if (!(await isThere(folder, path))) continue;
    try {
      await client.put(`${root}/${path}`, await readRunFile(folder, path));
    } catch (error) {
      // It may take figures and no files: that is its answer, and no failure of the run.
      if (!(error instanceof RequestRefused) || error.isPassing) throw error;
      return error.message;
    }
    count++;
  }
  return count;
}

async function isThere(folder: string, path: string): Promise<boolean> {
  const artifactFile = await openRunFile(folder, path, 'optional');
  if (artifactFile) await closeRead(artifactFile);
  return artifactFile !== undefined;
}
