import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openMetricsLog, readMetricsLog } from '../../src/run/metrics_log.ts';
import { temporaryFolder } from './temporary_folder.ts';

describe('metrics.jsonl', () => {
  const folder = temporaryFolder();

  it('has a line for each record', async () => {
    const log = await openMetricsLog(folder, 0);
    await log.append({ epoch: 1, loss: 0.5 });
    await log.append({ epoch: 2, loss: 0.25 });
    await log.close();
    expect(readFileSync(log.path, 'utf8')).toBe('{"epoch":1,"loss":0.5}\n{"epoch":2,"loss":0.25}\n');
    expect(log.bytes).toBe(readFileSync(log.path).length);
  });

  it('loses the lines after the checkpoint when the run is resumed', async () => {
    const log = await openMetricsLog(folder, '{"epoch":1,"loss":0.5}\n'.length);
    await log.append({ epoch: 2, loss: 0.125 });
    await log.close();
    expect(await readMetricsLog(folder)).toEqual([
      { epoch: 1, loss: 0.5 },
      { epoch: 2, loss: 0.125 },
    ]);
  });
});
