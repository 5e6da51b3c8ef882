import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { inProcess } from './in_process.ts';
import { model, writeProject } from './project.ts';

const root = temporaryFolder();
const films = join(root, 'films.tower');
beforeAll(() => writeProject(root));
afterEach(() => {
  process.exitCode = undefined;
});

describe('a stage of the compiler', () => {
  it.each([
    ['--ast', /^ {2}"kind": "File",$/m, { kind: 'File', span: '1:1–22:1' }],
    ['--model', /^model films$/m, { name: 'films', features: { user_id: { call: { arguments: { dim: 8 } } } } }],
    ['--plan', /^Inputs of step:$/m, { model: 'films', tables: [{ name: 'user_id' }, { name: 'movie_id' }] }],
    ['--graph', /^One training step at batch 64:$/m, { model: 'films', batch: 64 }],
    ['--graph step', /^graph films_step$/m, { name: 'films_step' }],
    ['--graph item', /^ {2}input movie_id float32\[batch, 8\]$/m, { inputs: [{ name: 'movie_id' }] }],
  ])('%s is shown, and JSON when asked', async (view, shown, data) => {
    const args = ['inspect', films, ...view.split(' ')];
    const text = await inProcess(...args);
    expect(text).toMatchObject({ said: '', thrown: undefined, written: expect.stringMatching(shown) });
    const json = await inProcess(...args, '--json');
    expect(JSON.parse(json.written)).toMatchObject(data);
  });

  it('draws the towers, or a graph with a box for each block, as one SVG and nothing else', async () => {
    const towers = await inProcess('inspect', films, '--graph', '--svg');
    expect(towers).toMatchObject({ said: '', thrown: undefined });
    expect(towers.written).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(towers.written).toContain('channel main');
    const step = await inProcess('inspect', films, '--graph', 'step', '--svg');
    expect(step.written.startsWith('<svg ') && step.written.endsWith('</svg>\n')).toBe(true);
    expect(step.written).toContain('data-box="gradient/user/main/mlp"');
    // As a page does, an image of its own must parse.
    expect(step.written.match(/<g /g)).toHaveLength(step.written.match(/<\/g>/g)!.length);
  });

  it('says shapes, parameters, FLOPs and bytes of each block', async () => {
    const { written } = await inProcess('inspect', films, '--graph', '--set', 'width=4');
    expect(written).toMatch(/^13 +profile +fields\[2 × 8\]$/m);
    expect(written).toMatch(/^13 +mlp\(16, width\) +vector\[4\]$/m);
    // 16 × 16 + 16 and 16 × 4 + 4.
    expect(written).toMatch(/^user +340 +\d+\.\d\d +\d+\.\d\d$/m);
  });

  it('says as how many sequences a step of positions is counted', async () => {
    const path = join(root, 'next.tower');
    writeFileSync(
      path,
      `model next
      features { user_id : id(dim: 0), history : list(movie_id, max: 10, pool: none), movie_id : id(dim: 4) }
      tower user(history) keyed by user_id { channel main = history -> gru(4) }
      tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
      task watch { score = dot(user, item), loss = softmax(sampled(5)) }
      train { batch = 64, targets = positions }`,
    );
    const { written } = await inProcess('inspect', path, '--graph');
    expect(written).toMatch(/^One training step at batch 64, as 7 sequences of 10 positions:$/m);
    const plan = await inProcess('inspect', path, '--plan');
    expect(plan.written).toMatch(/^ {2}sequences\/history +sequence, feature history, rows sequences$/m);
  });

  it('of a file with mistakes: its tree, in addition to them', async () => {
    const half = join(root, 'half.tower');
    writeFileSync(half, model.slice(0, 60));
    const { written, said } = await inProcess('inspect', half, '--ast');
    expect(JSON.parse(written)).toMatchObject({ kind: 'File' });
    expect(said).toContain('error');
    expect(process.exitCode).toBe(1);
  });
});

describe('a step', () => {
  it('is of a run, not of a model that is not trained', async () => {
    const { thrown } = await inProcess('inspect', films, '--step', '1');
    expect(thrown).toMatchObject({ diagnostics: [expect.objectContaining({ code: 'step-of-model' })] });
  });
});
