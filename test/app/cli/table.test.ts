import { expect, it } from 'vitest';
import { profileText } from '../../../src/app/cli/table.ts';

const row = { milliseconds: 2, share: 0.25, calls: 7 };

it('shows blocks with their places, ops, and what was measured', () => {
  const place = { file: 'models/a.tower', line: 9, column: 4 };
  const text = profileText({
    format: 'tower-profile-1',
    engine: { name: 'onnx', version: 'ONNX Runtime 1' },
    steps: [41, 52, 60, 71, 80],
    rows: 256,
    milliseconds: { step: 8, engine: 6, ops: 5 },
    blocks: [
      { ...row, name: 'user tower · senet', where: 'engine', place, flops: 3e6, backward: 1 },
      ...Array.from({ length: 31 }, (_, at) => ({ ...row, name: `block ${at}`, where: 'host' as const })),
    ],
    ops: [{ ...row, name: 'Gemm', flops: 1.5e6 }],
    notes: ['These are the times of kernels.'],
  });
  expect(text).toContain('a training step of 256 rows takes 8.000 ms: medians of 5 steps (41, 52, … 80)');
  expect(text).toMatch(/^user tower · senet +models\/a\.tower:9 +2\.000 +25\.0 % +50\.0 % +7 +3\.000$/m);
  expect(text).toMatch(/^3 others +6\.000 +75\.0 % +21$/m);
  expect(text).toMatch(/^Gemm +2\.000 +25\.0 % +7 +1\.500$/m);
  expect(text.endsWith('These are the times of kernels.')).toBe(true);
});
