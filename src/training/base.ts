/** The run that a new one goes on from: checked whole before anything is trained. */
import { realpath } from 'node:fs/promises';
import { failure, invariant } from '../base/diagnostics/failure.ts';
import { refuseHeld } from '../base/storage/lock.ts';
import { countOf, type LongNumbers } from '../base/storage/tensor_header.ts';
import { defined } from '../base/util/defined.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Fresh } from '../data/rows/fresh.ts';
import type { Plan } from '../graph/plan/plan.ts';
import { hasCheckpoint, type Progress, readCheckpoint } from './artifact/checkpoint.ts';
import { fingerprintOf, otherData } from './artifact/identity.ts';
import type { Lineage } from './artifact/lineage.ts';
import { load, type Trained } from './artifact/load.ts';
import type { Manifest } from './artifact/manifest.ts';
import { modelDifferences } from './artifact/model_differences.ts';

export interface Base {
  readonly folder: string;
  /** Without tables and weights: they are read once more when the new run takes them over, straight into its own. */
  readonly trained: Trained;
  readonly progress: Progress;
  /** True if it serves weights of an earlier epoch than its checkpoint: the new run begins with these. */
  readonly servesEarlier: boolean;
}

/** @throws Failure `from-itself` */
export async function refuseItself(from: string, out: string): Promise<void> {
  const realPaths = await Promise.all([from, out].map((folder) => realpath(folder).catch(() => undefined)));
  if (realPaths[0] !== undefined && realPaths[0] === realPaths[1]) throw failure('from-itself', { folder: out });
}

/**
 * @param plan of the new run
 * @throws Failure `not-a-run`, `unfinished-run`, `run-in-use`, `from-other-model`, `lost-file`, `changed-file`, `damaged-file`, …
 */
export async function readBase(folder: string, plan: Plan): Promise<Base> {
  await refuseHeld(folder);
  const baseRun = await load(folder, { withoutWeights: true });
  // As JSON has it: an entry that is absent is not there.
  const differences = modelDifferences(baseRun.plan, JSON.parse(JSON.stringify(plan)) as Plan);
  if (differences.length > 0) throw failure('from-other-model', { folder, differences });
  if (!(await hasCheckpoint(folder))) throw failure('lost-file', { path: 'checkpoint.safetensors', folder });
  const { progress } = await readCheckpoint(folder, undefined, (name, shape, kind) =>
    isOfTable(name) ? checkedOnly({ length: countOf(shape), kind }) : undefined,
  );
  const { training } = baseRun.manifest;
  if (progress.step !== training.steps || progress.epoch !== training.epochs) {
    const reason = `it is of step ${progress.step}, and the manifest of step ${training.steps}`;
    throw failure('damaged-file', { path: `${folder}/checkpoint.safetensors`, reason });
  }
  await refuseHeld(folder);
  return { folder, trained: baseRun, progress, servesEarlier: servesEarlier(baseRun) };
}

const isOfTable = (name: string): boolean => name.startsWith('table/') || name.startsWith('state/');

/** Stands for numbers that are only checked: those of a table may be as large as the memory. */
export const checkedOnly = ({ kind, length }: Pick<LongNumbers, 'kind' | 'length'>): LongNumbers => ({
  ...{ kind, length, width: 1 },
  read: () => invariant(false, 'numbers that are not kept are not read'),
  write: () => {},
});

/**
 * True if the served weights are those of an earlier epoch than the checkpoint. Of tables with a graph the served rows are what the graph
 * makes of them, so their checkpoint is all that there is to go on from.
 */
const servesEarlier = ({ manifest: { training }, plan }: Trained): boolean =>
  training.best !== undefined && training.best.epoch !== training.epochs && plan.train.graph === undefined;

export function lineageOf(
  { trained, folder }: Pick<Base, 'trained' | 'folder'>,
  { fresh, replay }: { readonly fresh?: Fresh | undefined; readonly replay?: number | undefined } = {},
): Lineage {
  const { checksum, from, training, data }: Manifest = trained.manifest;
  const { runs, steps, epochs } = from ?? { runs: 0, steps: 0, epochs: 0 };
  return {
    checksum,
    name: folder,
    runs: runs + 1,
    steps: steps + training.steps,
    epochs: epochs + training.epochs,
    ...defined({ until: data.until, fresh, replay }),
  };
}

export const hasSameData = ({ trained }: Base, dataset: Dataset): boolean =>
  otherData(trained.manifest.data.fingerprint, fingerprintOf(dataset)) === undefined;
