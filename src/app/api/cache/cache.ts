/**
 * What a start has read and computed, kept in the folder of the run, so that the next start reads that alone: `cache/onnx.safetensors`. It is used only while
 * everything that it comes from is as it was: the run, the engine, the version of Tower, the data block and its files. A cache that is damaged or out of date is
 * reported in a line, and made again; the answers are those of a start without it.
 */
import { join } from 'node:path';
import { Failure } from '../../../base/diagnostics/failure.ts';
import { systemReason } from '../../../base/diagnostics/system_reason.ts';
import type { DataDescription } from '../../../compiler/model/model.ts';
import type { Access } from '../../../data/files/access.ts';
import type { Engine } from '../../../engines/engine.ts';
import { cacheFilesIn, cacheFolder, cachePath } from '../../../training/artifact/cache_path.ts';
import type { Trained } from '../../../training/artifact/load.ts';
import { type CachedRun, readKept, writeKept } from './cache_file.ts';
import { type CacheState, identityOf } from './identity.ts';
import { type FileState, fileStates, textOfBlock } from './source_files.ts';

export type { CachedRun } from './cache_file.ts';

export interface RunCache {
  /** Looks at the data files, before a row is read. False: nothing is kept, whatever the engine. @throws Failure of data files that are missing */
  look(): Promise<boolean>;
  /** Undefined if no cache can be used: rows are then read, and `keep` writes the cache. @throws as `look` */
  open(engine: Engine): Promise<CachedRun | undefined>;
  /** Resolves once it is on the disk, or once the reason why it is not is reported. */
  keep(engine: Engine, kept: CachedRun): Promise<void>;
}

export interface CacheSource {
  readonly trained: Trained;
  /** The data block, and which files it may name. */
  block(): Promise<{ readonly description: DataDescription; readonly access?: Access }>;
  /** True if the user named the data, which may then be other data than that of the training. */
  readonly isNamed: boolean;
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
}

export function makeCache({ trained, block, isNamed, signal, say = () => {} }: CacheSource): RunCache {
  const { folder, manifest, plan } = trained;
  let lookedState: Promise<{ readonly text: string; readonly files: readonly FileState[] }> | undefined;
  /** What changes after this has another stamp. */
  const look = () => (lookedState ??= lookAt());
  const lookAt = async () => {
    const { description, access } = await block();
    return {
      text: `${isNamed} ${textOfBlock(description)}`,
      files: await fileStates(description, plan, access),
    };
  };
  const lookOf = async (engine: Engine): Promise<CacheState> => {
    const { text, files } = await look();
    return { identity: identityOf(manifest, engine, text), files };
  };

  return {
    async look() {
      await look();
      return (await cacheFilesIn(folder)).length > 0;
    },
    async open(engine) {
      const currentState = await lookOf(engine);
      const again = '; the data is read again';
      try {
        const cachedRun = await readKept(trained, engine.name, currentState, signal);
        if (typeof cachedRun !== 'string') return cachedRun;
        say(`${join(folder, cachePath(engine.name))} is out of date, because ${cachedRun}${again}`);
      } catch (error) {
        signal?.throwIfAborted();
        const reason = reasonOf(error);
        if (reason === undefined) throw error;
        say(`${reason}${again}`);
      }
      return undefined;
    },
    async keep(engine, kept) {
      const cacheWritten = lookOf(engine).then((before) => writeKept(folder, engine.name, kept, before, signal));
      // Whatever goes wrong, answers do not depend on it.
      const reason = await cacheWritten.catch((error: unknown) =>
        signal?.aborted ? undefined : (reasonOf(error) ?? String(error)),
      );
      if (reason !== undefined) say(`what was read is not kept in ${join(folder, cacheFolder)}: ${reason}`);
    },
  };
}

const reasonOf = (error: unknown): string | undefined =>
  error instanceof Failure ? error.diagnostics[0]!.message : systemReason(error);
