/**
 * `events.out.tfevents.…` in the folder of a run: its curves for TensorBoard, readable while it trains. Each call of `train` writes a
 * file of its own, which says at which step it goes on: TensorBoard then forgets what a stopped call wrote beyond its checkpoint. The
 * file is no part of the model. Nothing reads it back.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { writing } from '../../base/diagnostics/system_reason.ts';
import { scalarsRecord, startRecord, textRecord, versionRecord } from './events.ts';

export interface EventFile {
  /** Buffered until the next `write`. A number that is not finite is left out. */
  scalars(step: number, scalars: Readonly<Record<string, number>>): void;
  /** @throws Failure `cannot-write` */
  write(): Promise<void>;
  close(): Promise<void>;
}

export const isEventFile = (name: string): boolean => /^events\.out\.tfevents\.\d{10}\.tower\.\d+$/.test(name);

/**
 * @param step steps that were done before
 * @param texts describe the run, as Markdown, by name: written where it begins
 * @throws Failure `cannot-write`
 */
export async function openEventFile(
  folder: string,
  step: number,
  texts: Readonly<Record<string, string>> = {},
): Promise<EventFile> {
  const seconds = Date.now() / 1000;
  const handle = await openNew(folder, Math.floor(seconds));
  const at = { seconds, step };
  const unwritten: Uint8Array[] = [versionRecord({ ...at, step: 0 })];
  if (step > 0) unwritten.push(startRecord({ ...at, step: step + 1 }));
  else unwritten.push(...Object.entries(texts).map(([tag, text]) => textRecord(at, tag, text)));
  return {
    scalars(now, scalars) {
      const finite = Object.entries(scalars).filter(([, value]) => Number.isFinite(value));
      if (finite.length === 0) return;
      unwritten.push(scalarsRecord({ seconds: Date.now() / 1000, step: now }, Object.fromEntries(finite)));
    },
    async write() {
      if (unwritten.length === 0) return;
      const bytes = Buffer.concat(unwritten.splice(0));
      await writing(folder, handle.writeFile(bytes));
    },
    close: () => writing(folder, handle.close()),
  };
}

/** Files are read in the order of their names. Two calls within one second have numbers. */
async function openNew(folder: string, seconds: number) {
  for (let number = 0; ; number++) {
    const path = join(folder, `events.out.tfevents.${String(seconds).padStart(10, '0')}.tower.${number}`);
    try {
      return await open(path, 'wx');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return writing(path, Promise.reject(error));
    }
  }
}
