/** Files of events as TensorBoard reads them. The reader of the PyPI package is asked where it is installed. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { train } from '../../../src/api.ts';
import { isEventFile, openEventFile } from '../../../src/training/tracking/event_file.ts';
import { writeProject } from '../../app/cli/project.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const reader = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0, 'tensors': 0})
events.Reload()
scalars = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}
texts = {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in events.Tags()['tensors']}
print(json.dumps({'scalars': scalars, 'texts': texts}))
`;
const hasTensorBoard = spawnSync('python3', ['-c', 'import tensorboard']).status === 0;
if (!hasTensorBoard) console.warn('skipped: the Python package tensorboard is not installed');

interface Read {
  readonly scalars: Readonly<Record<string, readonly [number, number][]>>;
  readonly texts: Readonly<Record<string, string>>;
}

function read(folder: string): Read {
  const { stdout, stderr } = spawnSync('python3', ['-c', reader, folder], { encoding: 'utf8' });
  return JSON.parse(stdout.trim().split('\n').at(-1) || `"${stderr}"`);
}

const root = temporaryFolder();
const eventFiles = (folder: string): string[] => readdirSync(folder).filter(isEventFile).sort();

describe('a file of events', () => {
  it('is named so that TensorBoard finds it, and two of one second differ', async () => {
    const files = await Promise.all([openEventFile(root, 0), openEventFile(root, 0)]);
    for (const file of files) await file.close();
    const names = eventFiles(root);
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toContain('tfevents');
  });

  it.skipIf(!hasTensorBoard)('forgets what a call before it wrote beyond its checkpoint', async () => {
    const folder = temporaryFolder();
    const first = await openEventFile(folder, 0, { note: '`x`' });
    for (const step of [1, 2, 3, 4]) first.scalars(step, { 'a/loss': step, 'a/nan': Number.NaN });
    await first.write();
    await first.close();
    const second = await openEventFile(folder, 2, { note: 'not again' });
    second.scalars(3, { 'a/loss': 30 });
    await second.write();
    await second.close();
    const { scalars, texts } = read(folder);
    expect(scalars).toEqual({
      'a/loss': [
        [1, 1],
        [2, 2],
        [3, 30],
      ],
    });
    expect(texts).toEqual({ note: '`x`' });
  });
});

describe('a run', () => {
  const [files, out] = [{ model: join(root, 'films.tower'), data: join(root, 'data.tower') }, join(root, 'run')];
  beforeAll(async () => {
    writeProject(root);
    await train(files.model, { data: files.data, out, engine: 'onnx', set: { epochs: 2, width: 4 } });
  });

  it('leaves one file a call, and replaces those of the run before it', async () => {
    expect(eventFiles(out)).toHaveLength(1);
    const again = { data: files.data, out, engine: 'onnx', set: { epochs: 3, width: 4 } } as const;
    await train(files.model, { ...again, resume: true });
    expect(eventFiles(out)).toHaveLength(2);
    const before = eventFiles(out);
    await train(files.model, { ...again, force: true });
    expect(eventFiles(out)).toHaveLength(1);
    expect(before.length).toBe(2);
  });

  it.skipIf(!hasTensorBoard)('has its epochs as metrics.jsonl has them, each step, and the files it is of', () => {
    const { scalars, texts } = read(out);
    const records = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toHaveLength(3);
    const losses = records.map(({ step, loss }) => [step, Math.fround(loss)]);
    expect(scalars['epoch/loss']).toEqual(losses);
    expect(scalars['rate/dense']).toHaveLength(3);
    const steps = readFileSync(join(out, 'steps.jsonl'), 'utf8').trim().split('\n');
    expect(scalars['step/loss']).toHaveLength(steps.length);
    for (const [i, line] of steps.entries()) {
      const { step, loss } = JSON.parse(line);
      expect(scalars['step/loss']![i]![0]).toBe(step);
      expect(scalars['step/loss']![i]![1]).toBeCloseTo(loss, 5);
    }
    expect(texts['films.tower'] ?? Object.values(texts)[0]).toContain('model films');
  });
});
