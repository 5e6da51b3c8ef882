/** Writes the model of a run: its weights, its other files, and the manifest. */
import { createHash } from 'node:crypto';
import { copyFile, link } from 'node:fs/promises';
import { join } from 'node:path';
import { awaitWrite, failure } from '../base/diagnostics/diagnostic.ts';
import { removeFile, syncFolder, writeDurably } from '../base/storage/durable.ts';
import { computeChecksum } from '../base/storage/run_files.ts';
import { writeSafetensors } from '../base/storage/safetensors.ts';
import type { Checksum } from '../base/storage/tensor_header.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { type BestEpoch, type Progress, type TrainingState, weightTensors } from './artifact/checkpoint.ts';
import type { Lineage, SettingChange } from './artifact/identity.ts';
import type { Manifest } from './artifact/run_manifest.ts';
import { type Origin, writeArtifact } from './artifact/write_artifact.ts';
import { labelOf } from './evaluation/figures.ts';
import { admissionFilesIn, bestFile, isBestFile, namesIn, runFile, weightsFile } from './folder.ts';
import { metricsFile, stepsFile } from './metrics_log.ts';

export interface ModelWriteOptions {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly folder: string;
  readonly origin: Origin;
  readonly tower: string;
}

/** The tables, and a program that gives the dense weights. */
interface WrittenState extends Pick<TrainingState, 'tables'> {
  readonly program: Pick<TrainingState['program'], 'read'>;
}

export async function writeWeights(
  { plan, folder }: ModelWriteOptions,
  { tables, program }: WrittenState,
  file: string,
): Promise<Checksum> {
  const tensors = weightTensors(plan, tables, await program.read());
  const hash = createHash('sha256');
  let bytes = 0;
  await writeDurably(join(folder, file), (sink) => {
    const write: typeof sink.write = async (piece) => {
      hash.update(piece);
      bytes += piece.byteLength;
      await sink.write(piece);
    };
    return writeSafetensors({ write }, tensors);
  });
  return { sha256: hash.digest('hex'), bytes };
}

interface TrainingEnding extends Pick<Manifest['training'], 'status' | 'precision' | 'measured' | 'fit'> {
  readonly changes: readonly SettingChange[];
  readonly from?: Lineage;
}

/** Writes the model of the best epoch if validation chooses one, else of the current weights. */
export async function writeModel(
  options: ModelWriteOptions,
  state: WrittenState,
  { best, epoch, step }: Progress,
  { status, precision, measured, changes, from, fit }: TrainingEnding,
): Promise<Manifest> {
  const { plan, dataset, engine, folder, origin, tower } = options;
  if (best) await linkOrCopy(folder, bestFile(best.epoch), weightsFile);
  else await writeWeights(options, state, weightsFile);
  return writeArtifact(folder, {
    plan,
    dataset,
    origin,
    tower,
    engine: { name: engine.name, version: engine.version },
    from,
    training: {
      status,
      epochs: epoch,
      steps: step,
      rows: dataset.parts.train.rows,
      precision,
      measured,
      best: best && { epoch: best.epoch, metric: labelOf(plan.train.stop!), value: best.value },
      ...(changes.length > 0 ? { changes } : {}),
      fit,
    },
    present: [weightsFile, runFile, metricsFile, stepsFile, ...(await admissionFilesIn(folder))],
  });
}

/** Links a file of the folder under a second name, or copies it if the file system has no links. */
async function linkOrCopy(folder: string, from: string, to: string): Promise<void> {
  const [source, target] = [join(folder, from), join(folder, to)];
  await removeFile(target);
  await awaitWrite(
    target,
    link(source, target).catch(() => copyFile(source, target)),
  );
  await awaitWrite(folder, syncFolder(folder));
}

/**
 * Makes sure that the weights of the best epoch exist and are unchanged. A finished run has them under their final name.
 * @throws Failure `lost-file`, `changed-file`, `damaged-file`, `cannot-read`
 */
export async function restoreBestWeights(folder: string, best: BestEpoch): Promise<void> {
  const file = bestFile(best.epoch);
  const fileNames = await namesIn(folder);
  const presentFile = !fileNames.includes(file) && fileNames.includes(weightsFile) ? weightsFile : file;
  const { sha256, bytes } = await computeChecksum(folder, presentFile);
  if (sha256 !== best.sha256 || bytes !== best.bytes)
    throw failure('changed-file', { path: join(folder, presentFile) });
  if (presentFile !== file) await linkOrCopy(folder, presentFile, file);
}

export async function removeOldBestWeights(folder: string, keep?: string): Promise<void> {
  for (const name of await namesIn(folder)) if (isBestFile(name) && name !== keep) await removeFile(join(folder, name));
}
