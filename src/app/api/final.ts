/** Takes everything from a finished run that is needed to train its model again on all events: texts, settings, engine, and the length of its training. */
import { basename } from 'node:path';
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { readRunFile } from '../../base/storage/run_files.ts';
import { makeSource, type Source } from '../../base/text/source.ts';
import type { Access } from '../../data/files/access.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Meeting } from '../../engines/group.ts';
import { load } from '../../training/artifact/load.ts';
import type { Manifest } from '../../training/artifact/run_manifest.ts';
import { refuseItself } from '../../training/base.ts';
import { readMetricsLog } from '../../training/metrics_log.ts';
import { type CheckRequest, type Lowering, readSource } from './check.ts';
import { blockOf } from './run.ts';
import { recompiled } from './runs.ts';

/** A checked model, its data block, and, if all events are for training, the run that chose its settings. */
export interface ModelToTrain extends Pick<Lowering, 'diagnostics' | 'sources' | 'model' | 'lowered'> {
  readonly data?: (NonNullable<Lowering['data']> & { readonly access?: Access | undefined }) | undefined;
  readonly final?: Manifest['final'];
}

type Flags = Partial<Record<'resume' | 'finish' | 'all', boolean> & Record<'seed' | 'replay', number>>;
type FinalRequest = CheckRequest & Flags & { out: string; engine?: EngineName; from?: string; meeting?: Meeting };

/**
 * @param path must be undefined, because the run has the model
 * @returns the model, and the entries of the request that the run determines
 * @throws Failure `from-itself`, `final-settings`, `final-continued`, `unfinished-run`, `not-a-run`, `run-elsewhere`, `data-missing`, …
 */
export async function settledBy(
  folder: string,
  path: string | undefined,
  request: FinalRequest,
): Promise<{ readonly model: ModelToTrain; readonly request: Omit<FinalRequest, 'out'> }> {
  const { set = {}, seed, from, out } = request;
  await refuseItself(folder, out, 'final');
  const refusedOption = path ?? (Object.keys(set).length > 0 ? '`--set`' : seed === undefined ? undefined : '`--seed`');
  if (refusedOption !== undefined) throw failure('final-settings', { given: refusedOption, folder });
  const trained = await load(folder, { withoutWeights: true });
  const { manifest } = trained;
  const { from: earlierRuns, data, final = { checksum: manifest.checksum, name: folder } } = manifest;
  const isOld = request.resume || request.finish;
  if (earlierRuns && from === undefined && !isOld)
    throw failure('final-continued', { folder, before: earlierRuns.name });
  const { description, reading } = await blockOf(trained, request);
  const settings = await settingsOf(folder, manifest);
  const compiled = await recompiled(folder, { ...manifest, settings });
  if (!compiled) throw failure('no-model', { path: folder });
  if (!compiled.model || !compiled.lowered) throw new Failure(compiled.diagnostics);
  const readKeptSource = async (file: string, name: string): Promise<Source> =>
    makeSource(name, (await readRunFile(folder, file)).toString('utf8'));
  const engine = request.engine ?? (isOld || request.meeting ? undefined : (manifest.engine.name as EngineName));
  const replay = request.replay ?? (from === undefined || request.all ? undefined : earlierRuns?.replay);
  return {
    model: {
      ...{ diagnostics: compiled.diagnostics, model: compiled.model, lowered: compiled.lowered, final },
      sources: await Promise.all(manifest.sources.map((path) => readKeptSource(path, basename(path)))),
      data: {
        source: request.data === undefined ? await readKeptSource(data.source!, data.file!) : readSource(request.data),
        description: { ...description, trainsAll: true },
        access: reading.access,
      },
    },
    request: { set: settings, engine, replay },
  };
}

/** Returns the settings of a run, with the length of its training up to the weights that it kept. */
async function settingsOf(
  folder: string,
  { settings = {}, training, plan: { train } }: Manifest,
): Promise<Readonly<Record<string, string>>> {
  const { best, status, steps, epochs } = training;
  if (!best && status === 'epochs') return settings;
  const { epochs: _, steps: __, ...otherSettings } = settings;
  if (train.steps === undefined && train.validate?.steps === undefined)
    return { ...otherSettings, epochs: String(Math.max(1, best?.epoch ?? epochs)) };
  const records = best ? await readMetricsLog(folder) : [];
  return { ...otherSettings, steps: String(records.find(({ epoch }) => epoch === best?.epoch)?.step ?? steps) };
}
