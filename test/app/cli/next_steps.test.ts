import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src/app/api/runs.ts';
import { makeProgram } from '../../../src/app/cli/commands/table.ts';
import { nextSteps, nextStepsText, type ProjectFiles, projectFiles } from '../../../src/app/cli/next_steps.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const nothing: ProjectFiles = { models: [], data: [], rows: [], runs: [] };
const model = { ...nothing, models: ['models/shop.tower'], data: ['models/data/orders.tower'] };
const run: RunSummary = {
  ...{ folder: 'runs/shop', status: 'patience', model: 'shop', epochs: 3, steps: 90 },
  ...{ validation: {}, changed: 0, bytes: 0 },
};

describe('`tower` without arguments', () => {
  it('names a data set and `tower init` in an empty folder', () => {
    expect(nextStepsText(nothing)).toBe(
      `There is no model, no run and no file of rows here.

Next:
  tower data --help  data sets to begin with
  tower init FILES   begin with files of your own
  tower help         all commands`,
    );
  });

  it('takes files of rows to `tower init`', () => {
    const { next } = nextSteps({ ...nothing, rows: ['orders.csv', "it's new.parquet"] });
    expect(next.map(([command]) => command)).toEqual(["tower init orders.csv 'it'\\''s new.parquet'"]);
  });

  it('checks and trains a model with the only data block', () => {
    expect(nextSteps(model).next.map(([command]) => command)).toEqual([
      'tower check models/shop.tower --data models/data/orders.tower',
      'tower train models/shop.tower --data models/data/orders.tower --out runs/shop',
    ]);
    expect(nextSteps({ ...model, data: ['a.tower', 'b.tower'] }).next[0]![0]).toContain('--data FILE');
  });

  it.each([
    ['patience', 'tower evaluate runs/shop'],
    ['unfinished', 'tower train models/shop.tower --data models/data/orders.tower --out runs/shop --resume'],
    ['running', 'tower runs'],
    ['damaged', 'tower check models/shop.tower --data models/data/orders.tower'],
  ] as const)('goes on from a run that is %s', (status, command) => {
    expect(nextSteps({ ...model, runs: [{ ...run, status }] }).next[0]![0]).toBe(command);
  });

  it('compares no run with baselines that was trained on all events', () => {
    const final = { ...run, final: { name: 'chosen', checksum: '' } };
    expect(nextSteps({ ...model, runs: [final] }).next[0]![0]).toBe('tower recommend runs/shop --user KEY');
  });

  it('names commands that the program has', () => {
    const names = makeProgram().commands.map((each) => each.name());
    for (const files of [nothing, model, { ...model, runs: [run] }, { ...nothing, rows: ['a.csv'] }]) {
      for (const [command] of nextSteps(files).next) expect(names).toContain(command.split(' ')[1]);
    }
  });

  it('writes what a command does below it where the terminal is narrow', () => {
    const lines = nextStepsText({ ...model, runs: [run] }, { columns: 40, colour: false }).split('\n');
    expect(lines).toContain('  tower recommend runs/shop --user KEY');
    expect(lines).toContain('    ask it for one user');
  });

  it('shows no control characters of names', () => {
    expect(nextStepsText({ ...nothing, rows: ['a\u001b[2J.csv'] })).not.toContain('\u001b');
  });

  it('finds models, data blocks and rows in the folders of a project', async () => {
    const project = join(root, 'project');
    mkdirSync(join(project, 'models/data'), { recursive: true });
    writeFileSync(join(project, 'models/shop.tower'), '/// A shop.\nmodel shop\n');
    writeFileSync(join(project, 'models/data/orders.tower'), 'data orders {\n}\n');
    writeFileSync(join(project, 'orders.csv'), 'a,b\n');
    expect(await projectFiles(project)).toEqual({
      models: ['models/shop.tower'],
      data: ['models/data/orders.tower'],
      rows: ['orders.csv'],
      runs: [],
    });
    expect(await projectFiles(join(root, 'missing'))).toEqual(nothing);
  });
});
