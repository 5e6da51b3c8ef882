import { describe, expect, it, vi } from 'vitest';
import { makeRecallGauge } from '../../../src/plugins/lists/index_folder.ts';

describe('the recall of answers that were computed again', () => {
  it('is computed for one of N answers, after the answer, and not before there is time', async () => {
    const gauge = makeRecallGauge({ every: 3, pause: 5 });
    expect(gauge.recall).toBeNaN();
    const asked: number[] = [];
    const offer = (at: number): void =>
      gauge.offer(() => {
        asked.push(at);
        return at === 0 ? 1 : 0.5;
      });
    offer(0);
    expect(asked).toEqual([]);
    await vi.waitFor(() => expect(asked).toEqual([0]));
    for (let at = 1; at < 4; at++) offer(at);
    await vi.waitFor(() => expect(gauge.checked).toBe(2));
    expect(asked).toEqual([0, 3]);
    expect(gauge.recall).toBe(0.75);
  });

  it('lets one answer wait at a time', async () => {
    const gauge = makeRecallGauge({ every: 1, pause: 5 });
    for (let at = 0; at < 10; at++) gauge.offer(() => 1);
    await vi.waitFor(() => expect(gauge.checked).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(gauge.checked).toBe(1);
  });
});
