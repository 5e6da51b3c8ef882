/** The program that reads a run while a server answers: it is sent one run, writes what answers to a file, and ends. */
import { join } from 'node:path';
import type { Diagnostic } from '../../../base/diagnostics/diagnostic.ts';
import { Failure } from '../../../base/diagnostics/failure.ts';
import { writePlain } from '../../../base/storage/plain_file.ts';
import type { LoadRequest } from '../run.ts';
import { readWhole } from './loaded.ts';

export interface LoadJob {
  readonly folder: string;
  readonly request: Omit<LoadRequest, 'say' | 'signal'>;
  /** A folder of this job alone. */
  readonly out: string;
}

export const loadedFile = 'loaded';

/** `said`: sentences for people. */
export type LoadAnswer =
  | { readonly done: true; readonly said: readonly string[] }
  | { readonly refused: readonly Diagnostic[] }
  | { readonly broken: string };

// The server decides when it ends: it is sent the same signals of the terminal.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
// Nothing waits for what a server that is gone has asked for.
process.on('disconnect', () => process.exit());
process.once('message', (job: LoadJob) => void answer(job));

async function answer({ folder, request, out }: LoadJob): Promise<void> {
  const saidLines: string[] = [];
  const loadedRun = await readWhole(folder, { ...request, say: (line) => void saidLines.push(line) })
    .then((loaded) => writePlain(join(out, loadedFile), loaded))
    .then(
      (): LoadAnswer => ({ done: true, said: saidLines }),
      (error: unknown): LoadAnswer =>
        error instanceof Failure
          ? { refused: error.diagnostics.map((one) => ({ ...one, fixes: [] })) }
          : { broken: error instanceof Error ? (error.stack ?? error.message) : String(error) },
    );
  process.send!(loadedRun, () => process.exit());
}
