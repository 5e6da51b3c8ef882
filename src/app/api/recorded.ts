/** Finds the data block that a trained model recorded, and checks which of its files may be read. */

import { dirname, join, resolve } from 'node:path';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeSource } from '../../base/text/source.ts';
import { isSameJson } from '../../base/util/objects.ts';
import { lowerRetrieval } from '../../compiler/lower/lower_retrieval.ts';
import { lowerFeaturesWhole } from '../../compiler/lower/through.ts';
import { withoutUnread } from '../../compiler/model/complete.ts';
import type { Model } from '../../compiler/model/model.ts';
import { type Access, isReadable, pathKind, reachOf } from '../../data/files/access.ts';
import { addressOf, allowedAddresses, folderOfAddress, isAddress, isAllowed } from '../../data/files/remote/address.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { RetrievalObjective } from '../../retrieval/vectors.ts';
import type { LoadedModel } from '../../training/artifact/load.ts';
import { manifestFile } from '../../training/artifact/run_manifest.ts';
import { blockIn, loadUsed, readSource } from './check.ts';
import { recompiled } from './runs.ts';
import { version } from './version.ts';

/**
 * Returns the data block that a run recorded at training, with paths relative to the folder of its file. A run from another machine could name any
 * file of this one. So the paths are used only if the recorded file still has a block that names the same files. Otherwise only folders that the user
 * allows are read.
 * @throws Failure `run-elsewhere`; `data-missing` for a run that recorded no block
 */
export function recordedBlock(
  { folder, manifest }: LoadedModel,
  allow: readonly string[],
): { readonly description: DataDescription; readonly access: Access } {
  const { file, source } = manifest.data;
  if (file === undefined || source === undefined) throw failure('data-missing', { path: folder });
  const { text } = readSource(join(folder, source));
  const today = blockToday(file);
  const reach = reachOf(folder, { allow, project: false });
  // A file that the recorded text uses is opened only if today's block uses the same file, or if the user allows its folder.
  const load: typeof loadUsed = (path, roots) =>
    today?.used.has(resolve(path)) || isReadable(path, reach) ? loadUsed(path, roots) : undefined;
  const block = blockIn(makeSource(file, text), { load, folder: dirname(file) });
  const description: DataDescription = manifest.final ? { ...block, trainsAll: true } : block;
  const recorded = pathsOf(description);
  const currentPaths = new Set(today === undefined ? [] : pathsOf(today.description));
  if (recorded.every((path) => currentPaths.has(path))) return { description, access: {} };
  if (allow.length > 0 || recorded.every(isAllowedAddress)) return { description, access: { project: false } };
  throw failure('run-elsewhere', { folder, file, allow: [...new Set(recorded.map(folderOf))] });
}

function isAllowedAddress(path: string): boolean {
  const address = isAddress(path) ? addressOf(path) : '';
  return typeof address !== 'string' && isAllowed(address, allowedAddresses());
}

interface CurrentBlock {
  readonly description: DataDescription;
  readonly used: ReadonlySet<string>;
}

/** Returns the block in the file that a run recorded; undefined if there is none or it cannot be read. */
function blockToday(file: string): CurrentBlock | undefined {
  const usedFiles = new Set<string>();
  const load: typeof loadUsed = (path, roots) => {
    usedFiles.add(resolve(path));
    return loadUsed(path, roots);
  };
  try {
    if (!file.endsWith('.tower') || pathKind(file) !== 'file') return undefined;
    return { description: blockIn(readSource(file), { load, folder: dirname(file) }), used: usedFiles };
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function pathsOf({ folder, events, items, users, split }: DataDescription): string[] {
  const heldOutFiles = split.kind === 'files' ? [split.validation, split.test] : [];
  const placeOf = (path: string): string => (isAddress(path) ? path : resolve(folder, path));
  return [events, items, users, ...heldOutFiles].flatMap((file) => (file === undefined ? [] : [placeOf(file.path)]));
}

function folderOf(path: string): string {
  const address = isAddress(path) ? addressOf(path) : '';
  if (typeof address !== 'string') return folderOfAddress(address);
  const pathSegments = dirname(path).split('/');
  const pattern = pathSegments.findIndex((part) => /[*?[{]/.test(part));
  return pathSegments.slice(0, pattern === -1 ? pathSegments.length : pattern).join('/') || '/';
}

/**
 * Refuses a run whose plan is not that of its model. A plan and graphs that fit each other may still differ from it: another activation, another pooling. This
 * version compiles its own runs to the same plan again. Runs of other versions may differ, and are not compared.
 * @throws Failure `damaged-file` with the file that differs
 */
export async function refuseOtherPlan({ folder, manifest, plan }: LoadedModel): Promise<void> {
  if (manifest.tower !== version) return;
  const loweredAnew = (await recompiled(folder, manifest))?.lowered;
  if (!loweredAnew) return;
  const planAnew = JSON.parse(JSON.stringify(loweredAnew.plan)) as typeof plan;
  const pairs = [
    ...manifest.plan.towers.map(
      ({ embedded }, index) => [embedded.graph, plan.towers[index]!, planAnew.towers[index]] as const,
    ),
    [manifest.plan.step.graph, plan.step, planAnew.step] as const,
    [manifest.plan.predictions?.graph ?? manifestFile, plan.predictions, planAnew.predictions] as const,
    [manifestFile, plan, planAnew] as const,
  ];
  for (const [path, stored, compiled] of pairs) {
    if (isSameJson(stored, compiled)) continue;
    throw failure('damaged-file', {
      path: join(folder, path),
      reason: 'it is not what the sources of the run compile to',
    });
  }
}

/**
 * Returns the scores of `retrieve`. The vectors have them side by side in the order declared, each as wide as if it were the only one. Undefined if the run
 * kept no sources, or if this version makes different vectors from them.
 */
export async function objectivesOf({ folder, manifest, plan }: LoadedModel) {
  const model = (await recompiled(folder, manifest))?.model;
  return model && objectivesIn(model, plan);
}

/** Returns the scores of `retrieve` of a model that compiles to this plan. */
export function objectivesIn(model: Model, plan: Plan): readonly RetrievalObjective[] | undefined {
  const readModel = withoutUnread(model);
  const { output: features } = lowerFeaturesWhole(readModel);
  let firstColumn = 0;
  const objectives = readModel.retrieve.map((retrieveTerm): RetrievalObjective => {
    const { width } = lowerRetrieval({ ...readModel, retrieve: [retrieveTerm] }, features, 'query');
    const objective = {
      name: retrieveTerm.task,
      from: firstColumn,
      to: firstColumn + width,
      factor: retrieveTerm.factor,
    };
    firstColumn += width;
    return objective;
  });
  // The columns of several vectors of an item belong to no task.
  const isPlain = plan.towers[1].interests === undefined;
  return isPlain && firstColumn === plan.towers[1].width ? objectives : undefined;
}
