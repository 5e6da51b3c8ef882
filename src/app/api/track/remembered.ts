/** `tracking.json` of a run: by which tag a server finds it again. It names no server: what is sent goes where the user says. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { writeTextDurably } from '../../../base/storage/durable.ts';
import { readJsonFile } from '../../../base/storage/run_files.ts';
import { defined } from '../../../base/util/defined.ts';
import { trackingFile } from '../../../training/result_files.ts';

export interface TrackingRecord {
  readonly format: 'tower-tracking-1';
  readonly run: string;
  /** Start of the training, in milliseconds since 1970. */
  readonly began?: number;
  /** Commit of the model's repository. */
  readonly commit?: string;
}

/**
 * What the folder has, or what it gets now.
 * @throws Failure `cannot-read`, `cannot-write`
 */
export async function remembered(
  folder: string,
  anew: Pick<TrackingRecord, 'began' | 'commit'>,
): Promise<TrackingRecord> {
  const storedRecord = await readJsonFile(folder, trackingFile, 'optional');
  if (isRemembered(storedRecord)) return storedRecord;
  const newRecord: TrackingRecord = { format: 'tower-tracking-1', run: randomUUID(), ...defined(anew) };
  await writeTextDurably(join(folder, trackingFile), `${JSON.stringify(newRecord)}\n`);
  return newRecord;
}

/** The tag goes into a filter of the server: letters, digits and dashes alone. */
function isRemembered(value: unknown): value is TrackingRecord {
  const { format, run, began, commit } = (value ?? {}) as Record<string, unknown>;
  return (
    format === 'tower-tracking-1' &&
    typeof run === 'string' &&
    /^[0-9a-f-]{36}$/.test(run) &&
    (began === undefined || Number.isSafeInteger(began)) &&
    (commit === undefined || (typeof commit === 'string' && /^[0-9a-f]{40,64}$/.test(commit)))
  );
}
