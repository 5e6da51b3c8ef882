import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { readDataset } from '../../src/data/read_dataset.ts';
import { describeData, folderWith, needsOf, vocabulary } from './fixture.ts';

const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

it('CSV that is cut off, anywhere, gives the rows before the cut, or says what is wrong', async () => {
  const rows = ['user,item,price', 'ann,"a, the first",1.5', '"b\nb",b,2', 'cid,"c ""c""",30', 'dan,d,4', ''];
  const csv = rows.join('\n');
  const folder = folderWith({});
  const path = join(folder, 'events.csv');
  for (let end = 0; end <= csv.length; end += 2) {
    const text = csv.slice(0, end);
    writeFileSync(path, text);
    // `reject` lets the last row be bad.
    const read = await readDataset(describeData({ folder, reject: 0.9 }), needs).catch((error: unknown) => error);
    if (read instanceof Failure) {
      expect(read.diagnostics.length, text).toBeGreaterThan(0);
      continue;
    }
    expect(read, text).toMatchObject({ parts: { train: { rows: expect.any(Number) } } });
    const { parts, rejected } = read as Awaited<ReturnType<typeof readDataset>>;
    // Records that end before the cut, and at most the one that is cut.
    const whole = ['ann', '"b\nb"', 'cid', 'dan'].filter(
      (_, at) => rows.slice(0, at + 2).join('\n').length <= end,
    ).length;
    expect(parts.train.rows, text).toBeGreaterThanOrEqual(whole);
    // The one that is cut may have two lines, each of which is a bad row then.
    expect(parts.train.rows + rejected.count, text).toBeLessThanOrEqual(whole + 2);
  }
});
