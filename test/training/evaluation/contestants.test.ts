import { describe, expect, it } from 'vitest';
import { baselines } from '../../../src/training/evaluation/baselines/table.ts';
import { type BaselineChoice, chooseBaselines, makeTask } from '../../../src/training/evaluation/contestants.ts';
import { makeDataset } from '../fixtures.ts';

const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
const options = { dataset, part: 'test', removeSeen: false } as const;
const task = makeTask(options);
const namesOf = (choice: BaselineChoice): string[] =>
  chooseBaselines(task, { ...options, baselines: choice }).rows.map(({ name }) => name);

describe('the baselines of an evaluation', () => {
  it('are all, none, or those named, in the order of the table', () => {
    expect(namesOf(true)).toEqual(Object.keys(baselines));
    expect(namesOf('all')).toEqual(Object.keys(baselines));
    expect(namesOf(['ease', 'random'])).toEqual(['random', 'ease']);
    expect(namesOf('none')).toEqual([]);
    expect(namesOf(false)).toEqual([]);
  });

  it('are refused under a wrong name', () => {
    expect(() => namesOf(['popularty'])).toThrow('there is no baseline called `popularty`');
  });

  const rows = 300_000;
  const large = {
    ...task,
    corpus: { ...task.corpus, rows },
    users: {
      ...task.users,
      rows,
      seen: { ...task.users.seen, starts: new Int32Array(rows), ends: new Int32Array(rows) },
    },
  };

  it('exclude one that does not fit into memory, with the bytes, even by name', () => {
    for (const choice of [true, ['ease']] as const) {
      const chosen = chooseBaselines(large, { ...options, baselines: choice });
      expect(chosen.rows.map(({ name }) => name)).not.toContain('ease');
      expect(chosen.leftOut.join('\n')).toMatch(
        /ease is excluded: it needs 367,200,000,000 bytes of memory, and [\d,]+ bytes are free\./,
      );
    }
  });

  it('exclude one that does not fit in a minute with the others, unless it is asked for', () => {
    const many = 1_000_000;
    const seen = { ...large.users.seen, starts: new Int32Array(many), ends: new Int32Array(many) };
    const wide = { ...large, corpus: { ...large.corpus, rows: 8_000 }, users: { ...large.users, rows: many, seen } };
    const { leftOut } = chooseBaselines(wide, { ...options, baselines: true });
    expect(leftOut.join('\n')).toMatch(
      /ials is excluded: it would take about \d+ (seconds|minutes) more; `--baselines ials` or `--baselines all` waits for it\./,
    );
    expect(chooseBaselines(wide, { ...options, baselines: ['ials'] }).rows.map(({ name }) => name)).toEqual(['ials']);
  });

  it('are not asked what they would take where to read what users had takes too long: it may be on the disk', () => {
    const events = 5e8;
    const seen = {
      ...{ kind: 'bags' as const, starts: Int32Array.of(0, 100), ends: Int32Array.of(100, events) },
      get values(): Int32Array {
        return expect.unreachable('the items are read');
      },
    };
    const disk = { ...task, users: { ...task.users, rows: 2, seen } };
    const { rows, leftOut } = chooseBaselines(disk, { ...options, baselines: true });
    expect(rows.map(({ name }) => name)).toEqual(['random', 'popularity']);
    // By the time, or where the machine is small by the bytes.
    expect(leftOut).toHaveLength(Object.keys(baselines).length - 2);
    for (const sentence of leftOut) {
      expect(sentence).toMatch(
        / is excluded: it (would take more than a minute to read what users had|needs 8,000,000,000 bytes)/,
      );
    }
  });
});
