/** `tower init` on the command line: without a terminal it asks nothing, and two sets go all the way to a verdict. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import { uglySets, unlearnable } from '../../../data/init/ugly.ts';
import { temporaryFolder } from '../../../temporary_folder.ts';
import { inProcess } from '../in_process.ts';

function setIn(name: string): { folder: string; files: string[] } {
  const folder = temporaryFolder('tower-init-');
  const files = Object.entries(uglySets[name]!()).map(([file, content]) => {
    writeFileSync(join(folder, file), content);
    return join(folder, file);
  });
  return { folder, files };
}

const codeOf = (thrown: unknown): string[] => (thrown as Failure).diagnostics.map(({ code }) => code);

describe('tower init', () => {
  it('stops after the check, and names the command that trains', async () => {
    const { folder, files } = setIn('no header, tabs, an unknown ending');
    const asked = await inProcess('init', ...files, '--out', folder, '--no-train', '--yes');
    expect(codeOf(asked.thrown)).toEqual(['starter-asks']);
    expect((asked.thrown as Failure).diagnostics[0]!.hint).toContain('--user COLUMN');
    const keys = ['--user', 'column1', '--item', 'column2'];
    const { written, said, thrown } = await inProcess('init', ...files, '--out', folder, '--no-train', ...keys);
    expect(thrown).toBeUndefined();
    expect(said).toContain('copied u.data to');
    expect(said).toContain('they check without an error or a warning, and a sample of the rows was read');
    expect(written).toContain(`tower train ${folder}/model.tower --out ${folder}/runs/first`);
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });

  it('says what it would have asked, and what it took', async () => {
    const { folder, files } = setIn('lines of a user and items');
    const { said } = await inProcess('init', ...files, '--out', folder, '--no-train');
    expect(said).toContain('not asked: Are the items of a line in the order of time? Taken: yes');
  });

  it('takes the columns that options name, and refuses others', async () => {
    const { folder, files } = setIn('one wide file with everything');
    const wrong = await inProcess('init', ...files, '--out', folder, '--user', 'nobody');
    expect(codeOf(wrong.thrown)).toEqual(['unknown-name']);
    const { written } = await inProcess(
      'init',
      ...files,
      '--out',
      folder,
      '--no-train',
      '--item',
      'brand',
      '--time',
      'none',
    );
    expect(written).toMatch(/^brand +key of the item +you said so/m);
    expect(readFileSync(join(folder, 'data.tower'), 'utf8')).toContain('others(brand, 200)');
  });

  it('never overwrites', async () => {
    const { folder, files } = setIn('ten rows');
    writeFileSync(join(folder, 'model.tower'), 'mine');
    const { thrown } = await inProcess('init', ...files, '--out', folder);
    expect(thrown).toBeInstanceOf(Failure);
    expect(codeOf(thrown)).toEqual(['starter-exists']);
    expect(readFileSync(join(folder, 'model.tower'), 'utf8')).toBe('mine');
  });

  it('refuses a folder with a project before it looks at files, and names what goes on from there', async () => {
    const { folder } = setIn('ten rows');
    writeFileSync(join(folder, 'data.tower'), 'mine');
    const { said, thrown } = await inProcess('init', join(folder, 'no such file'), '--out', folder);
    expect(codeOf(thrown)).toEqual(['starter-exists']);
    expect((thrown as Failure).diagnostics[0]!.hint).toContain('train the model that is there with `tower train`');
    expect(said).toBe('');
  });

  it('names what an archive needs, and ends with a sentence where nothing can be learned', async () => {
    const folder = temporaryFolder('tower-init-');
    for (const [file, content] of Object.entries(unlearnable['an archive alone']![0]))
      writeFileSync(join(folder, file), content);
    expect(codeOf((await inProcess('init', folder, '--out', folder)).thrown)).toEqual(['starter-no-table']);
  });

  it.each(['three tables with other names for their keys', 'questions and answers'])(
    'trains, evaluates and leaves a report: %s',
    async (name) => {
      const { folder, files } = setIn(name);
      const { written, thrown } = await inProcess(
        'init',
        ...files,
        '--out',
        folder,
        '--engine',
        'onnx',
        '--seconds',
        '2',
      );
      expect(thrown).toBeUndefined();
      expect(written).toMatch(/The recall@10 of \w+ is [01]\.\d{4}\./);
      expect(written.match(/^[123]\. /gm)).toEqual(['1. ', '2. ', '3. ']);
      expect(written).toContain(`report: ${folder}/runs/first/report.html`);
      expect(existsSync(join(folder, 'runs/first/report.html'))).toBe(true);
    },
    60_000,
  );
});
