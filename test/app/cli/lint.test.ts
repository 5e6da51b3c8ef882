/** `check`, `format` and `explain`, as a person, an editor and a CI call them. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { inProcess } from './in_process.ts';
import { model } from './project.ts';
import { ended, program } from './tower.ts';

const root = temporaryFolder();
let count = 0;
function file(text: string, ending = '.tower'): string {
  const path = join(root, `file_${count++}${ending}`);
  writeFileSync(path, text);
  return path;
}
/** What a command did, with its exit code. */
async function run(...args: readonly string[]) {
  const { written, said, thrown } = await inProcess(...args);
  const code = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { written, said, thrown, code };
}
afterEach(() => {
  process.exitCode = undefined;
});
const thrownCodes = (thrown: unknown) => (thrown as Failure).diagnostics.map(({ code }) => code);

describe('check', () => {
  it('takes several files, and says of each that it has no errors', async () => {
    const [one, other] = [file(model), file(model.replace('films', 'more'))];
    const { written, code } = await run('check', one, other);
    expect([written, code]).toEqual([`${one}: no errors\n${other}: no errors\n`, 0]);
  });
  it('takes folders, and says so where one holds nothing to check', async () => {
    const folder = temporaryFolder();
    const empty = await run('check', folder);
    expect(thrownCodes(empty.thrown)).toEqual(['cannot-read']);
    mkdirSync(join(folder, 'node_modules'));
    mkdirSync(join(folder, 'inner'));
    for (const name of ['b.tower', 'inner/a.tower', 'node_modules/c.tower', 'd.txt']) {
      writeFileSync(join(folder, name), model);
    }
    const { written, code } = await run('check', folder);
    const reports = ['b.tower', join('inner', 'a.tower')].map((name) => `${join(folder, name)}: no errors\n`);
    expect([written, code]).toEqual([reports.join(''), 0]);
  });
  it('says the mistakes of those that have some, and ends with 1', async () => {
    const [one, other] = [file(model), file('features { a : idd(dim: 3) }')];
    const { written, said, code } = await run('check', one, other);
    expect(written).toBe(`${one}: no errors\n`);
    expect(said).toContain('[unknown-kind]');
    expect(code).toBe(1);
  });
  it('a warning is reported, and is no reason to fail', async () => {
    const { said, written, code } = await run('check', file(model.replace('batch = 64', 'batch = 4')));
    expect(said).toContain('[few-negatives]');
    expect([written.endsWith('no errors\n'), code]).toEqual([true, 0]);
  });
  it('--fix fixes what is certain, says what, and reports what is left', async () => {
    const path = file(`${model.replace('recall', 'recal')}let width = 64px\n`);
    const { said, code } = await run('check', '--fix', path);
    expect(said.split('\n').filter((line) => line.startsWith('fixed'))).toEqual([
      `fixed ${path}:21:40: there is no metric of accuracy called \`recal\` [unknown-kind]`,
    ]);
    expect(said).toContain('[malformed-number]');
    expect(readFileSync(path, 'utf8')).toContain('stop = recall(10');
    expect(code).toBe(1);
  });
  it('--fix fixes the data file too', async () => {
    const path = file(model);
    const data = file('data d {\n  events : "none.csv"\n  split = random(test: 10%)\n}\n');
    const { said } = await run('check', '--fix', path, '--data', data);
    expect(said).toContain(`fixed ${data}:2:10: `);
    expect(readFileSync(data, 'utf8')).toContain('events = "none.csv"');
    expect(readFileSync(path, 'utf8')).toBe(model);
  });
  it('--fix leaves a valid file as it is, to the byte', async () => {
    const path = file(model);
    expect(await run('check', '--fix', path)).toMatchObject({ said: '', code: 0 });
    expect(readFileSync(path, 'utf8')).toBe(model);
  });
  it.each([
    ['json', (text: string) => JSON.parse(text)[0].code],
    ['sarif', (text: string) => JSON.parse(text).runs[0].results[0].ruleId],
    ['github', (text: string) => /^::error file=.*,line=1,.*title=([a-z-]+)::/.exec(text)?.[1]],
  ])('--format %s writes them on stdout', async (format, codeOf) => {
    const { written, said, code } = await run('check', '--format', format, file('features { a : idd(dim: 3) }'));
    expect([codeOf(written), said, code]).toEqual(['unknown-kind', '', 1]);
  });
  it.each(['json', 'sarif', 'github'])('--format %s of a valid file says nothing else', async (format) => {
    const { written, said, code } = await run('check', '--format', format, file(model));
    if (format === 'github') expect(written).toBe('');
    else expect(JSON.stringify(JSON.parse(written))).not.toContain('ruleId');
    expect([said, code]).toEqual(['', 0]);
  });
});

describe('format', () => {
  const untidy = 'model   films\n';
  it('writes a file that is not formatted, and says so', async () => {
    const path = file(untidy);
    expect(await run('format', path)).toMatchObject({ written: `formatted ${path}\n`, said: '', code: 0 });
    expect(readFileSync(path, 'utf8')).toBe('model films\n');
    expect(await run('format', path)).toMatchObject({ written: `${path}: already formatted\n`, code: 0 });
  });
  it('--check writes nothing, names them and ends with 1', async () => {
    const [one, other] = [file(untidy), file('model films\n')];
    const { written, said, code } = await run('format', '--check', one, other);
    expect(readFileSync(one, 'utf8')).toBe(untidy);
    expect(said).toContain(`${one} is not formatted [not-formatted]`);
    expect(said).not.toContain(other);
    expect([written, code]).toEqual(['', 1]);
  });
  it('leaves a file with a mistake of syntax as it is, formats the others, and ends with 1', async () => {
    const [wrong, other] = [file('let a  3\n'), file(untidy)];
    const { written, said, code } = await run('format', wrong, other);
    expect(said).toContain('[missing-sign]');
    expect([readFileSync(wrong, 'utf8'), written, code]).toEqual(['let a  3\n', `formatted ${other}\n`, 1]);
  });
  it('formats the fences of a page', async () => {
    const path = file('# A\n\n```tower\nmodel   a\n```\n', '.md');
    await run('format', path);
    expect(readFileSync(path, 'utf8')).toBe('# A\n\n```tower\nmodel a\n```\n');
  });
  it('--json says which changed', async () => {
    const path = file(untidy);
    const { written } = await run('format', '--check', '--json', path);
    expect(JSON.parse(written)).toMatchObject([
      { file: path, changed: true, diagnostics: [{ code: 'not-formatted' }] },
    ]);
  });
  it('a missing file is reported', async () => {
    const { thrown } = await run('format', join(root, 'none.tower'));
    expect(thrownCodes(thrown)).toEqual(['cannot-read']);
  });
  it('reads stdin where the file is `-`', async () => {
    const child = spawn(process.execPath, [program, 'format', '-']);
    child.stdin.end(untidy);
    expect(await ended(child)).toEqual({ code: 0, stdout: 'model films\n', stderr: '' });
  });
});

describe('explain', () => {
  it('shows what a code means, with both examples', async () => {
    const { written } = await run('explain', 'shape-mismatch');
    expect(written).toMatch(/^shape-mismatch\n\nAn error\.\n/);
    expect(written).toContain('-> mlp(32, 16)');
    expect(written).toMatch(/Right:[\s\S]*-> flatten -> mlp\(32, 16\)/);
    expect(Math.max(...written.split('\n').map((line) => line.length))).toBeLessThan(130);
  });
  it('takes a code as a message ends with it', async () => {
    expect((await run('explain', '[no-engine]')).written).toContain('What to do:');
  });
  it('gives the same as data', async () => {
    expect(JSON.parse((await run('explain', 'unclosed', '--json')).written)).toMatchObject({
      code: 'unclosed',
      severity: 'error',
      right: expect.stringContaining('}'),
    });
  });
  it('knows the nearest code', async () => {
    const { thrown } = await run('explain', 'shape-mismach');
    expect(thrown).toBeInstanceOf(Failure);
    expect((thrown as Failure).diagnostics[0]).toMatchObject({
      code: 'unknown-name',
      hint: 'did you mean `shape-mismatch`?',
    });
  });
});
