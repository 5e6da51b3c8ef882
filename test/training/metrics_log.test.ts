import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openMetricsLog, readMetricsLog } from '../../src/training/metrics_log.ts';
import { temporaryFolder } from './temporary_folder.ts';

const checksum = (text: string) => ({
  sha256: createHash('sha256').update(text).digest('hex'),
  bytes: Buffer.byteLength(text),
});

describe('metrics.jsonl', () => {
  const folder = temporaryFolder();

  it('has a line for each record', async () => {
    const log = await openMetricsLog(folder);
    await log.append({ epoch: 1, loss: 0.5 });
    await log.append({ epoch: 2, loss: 0.25 });
    await log.close();
    expect(readFileSync(log.path, 'utf8')).toBe('{"epoch":1,"loss":0.5}\n{"epoch":2,"loss":0.25}\n');
    expect(log.checksum()).toEqual(checksum(readFileSync(log.path, 'utf8')));
  });

  it('loses the lines after the checkpoint when the run is resumed', async () => {
    const log = await openMetricsLog(folder, checksum('{"epoch":1,"loss":0.5}\n'));
    await log.append({ epoch: 2, loss: 0.125 });
    await log.close();
    expect(await readMetricsLog(folder)).toEqual([
      { epoch: 1, loss: 0.5 },
      { epoch: 2, loss: 0.125 },
    ]);
  });

  it.each([
    ['is missing', undefined, 'is missing'],
    ['is shorter than it was', '{"epoch":1', 'it has 10 bytes, and had 23 at the checkpoint'],
    ['was changed', '{"epoch":1,"loss":0.6}\n', 'it differs from its state at the checkpoint'],
  ])('is not filled up where it %s', async (_, text, reason) => {
    const path = join(folder, 'metrics.jsonl');
    rmSync(path, { force: true });
    if (text !== undefined) writeFileSync(path, text);
    await expect(openMetricsLog(folder, checksum('{"epoch":1,"loss":0.5}\n'))).rejects.toThrow(reason);
  });
});
