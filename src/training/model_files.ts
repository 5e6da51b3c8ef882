/** What a run leaves as a model: its weights, and the files and the manifest around them. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Progress } from '../artifact/checkpoint.ts';
import type { Change } from '../artifact/identity.ts';
import type { Lineage } from '../artifact/lineage.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { type TrainingState, weightTensors } from '../artifact/training_state.ts';
import { type Origin, writeArtifact } from '../artifact/write.ts';
import type { Dataset } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import type { Engine } from '../engine/engine.ts';
import { labelOf } from '../evaluation/measures.ts';
import type { Plan } from '../plan/plan.ts';
import type { Checksum } from '../storage/checksum.ts';
import { writeDurably } from '../storage/durable.ts';
import { writeSafetensors } from '../storage/safetensors.ts';
import { nameAlso } from './best_weights.ts';
import { admissionFilesIn, bestFile, runFile, weightsFile } from './folder.ts';
import { metricsFile, stepsFile } from './metrics_log.ts';

export interface OfModel {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly engine: Engine;
  /** Where the run is kept and the model written. */
  readonly folder: string;
  /** What the user wrote; kept with the model. */
  readonly origin: Origin;
  /** Version of Tower, for the manifest. */
  readonly tower: string;
}

/** The weights as they are now, into a file of the folder; answers that file's checksum. */
export async function writeWeights(
  { plan, folder }: OfModel,
  { tables, program }: TrainingState,
  file: string,
): Promise<Checksum> {
  const tensors = weightTensors(plan, tables, await program.read());
  const hash = createHash('sha256');
  let bytes = 0;
  await writeDurably(join(folder, file), (sink) =>
    writeSafetensors(
      {
        async write(piece) {
          hash.update(piece);
          bytes += piece.byteLength;
          await sink.write(piece);
        },
      },
      tensors,
    ),
  );
  return { sha256: hash.digest('hex'), bytes };
}

interface Ending extends Pick<Manifest['training'], 'status' | 'precision'> {
  readonly changes: readonly Change[];
  readonly from?: Lineage;
}

/** The model of the best epoch, where validation says which that is; else of the weights as they are now. */
export async function writeModel(
  of: OfModel,
  state: TrainingState,
  { best, epoch, step }: Progress,
  { status, precision, changes, from }: Ending,
): Promise<Manifest> {
  const { plan, dataset, engine, folder, origin, tower } = of;
  if (best) await nameAlso(folder, bestFile(best.epoch), weightsFile);
  else await writeWeights(of, state, weightsFile);
  return writeArtifact(folder, {
    plan,
    dataset,
    origin,
    tower,
    engine: { name: engine.name, version: engine.version },
    ...defined({ from }),
    training: {
      status,
      epochs: epoch,
      steps: step,
      rows: dataset.parts.train.rows,
      ...defined({ precision }),
      ...defined({ best: best && { epoch: best.epoch, metric: labelOf(plan.train.stop!), value: best.value } }),
      ...(changes.length > 0 ? { changes } : {}),
    },
    present: [weightsFile, runFile, metricsFile, stepsFile, ...(await admissionFilesIn(folder))],
  });
}
