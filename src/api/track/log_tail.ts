/** A log of a run that is still written: each call reads the lines that are new since the last one. */
import { join } from 'node:path';
import { reading } from '../../diagnostics/system_reason.ts';
import { closeRead, openRunFile } from '../../storage/run_files.ts';
import { recordOf } from '../../training/metrics_log.ts';

export interface LogTail {
  /** @throws Failure `damaged-file`, `cannot-read` */
  more(): Promise<{ readonly records: readonly Readonly<Record<string, unknown>>[]; readonly changed: number }>;
}

/** Bytes that are read at a time. */
const pieceBytes = 2 ** 20;

export function logTail(folder: string, name: string): LogTail {
  let [at, lines] = [0, 0];
  let rest = Buffer.alloc(0);
  return {
    async more() {
      const records: Record<string, unknown>[] = [];
      const handle = await openRunFile(folder, name, 'optional');
      if (handle === undefined) return { records, changed: 0 };
      try {
        const { size, mtimeMs } = await handle.stat();
        const piece = Buffer.alloc(Math.min(pieceBytes, Math.max(0, size - at)));
        while (at < size) {
          const { bytesRead } = await reading(join(folder, name), handle.read(piece, 0, piece.length, at));
          if (bytesRead === 0) break;
          at += bytesRead;
          const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
          const end = bytes.lastIndexOf(0x0a) + 1;
          for (const line of bytes.toString('utf8', 0, end).split('\n')) {
            if (line !== '') records.push(recordOf(line, join(folder, name), ++lines));
          }
          rest = bytes.subarray(end);
        }
        return { records, changed: Math.round(mtimeMs) };
      } finally {
        await closeRead(handle);
      }
    },
  };
}
