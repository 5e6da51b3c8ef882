/** A run that was trained elsewhere reads nothing here unless it is asked to. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, train } from '../../../src/api.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, ratings, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const project = join(root, 'project');
const at = (name: string): string => join(project, name);

beforeAll(async () => {
  writeProject(project);
  writeFileSync(at('package.json'), '{}');
  await train(at('films.tower'), {
    data: at('data.tower'),
    out: at('run'),
    engine: 'onnx',
    set: { epochs: 1, width: 4 },
  });
});

interface Forged {
  readonly file?: string;
  readonly text?: string;
}

/** A copy of the run that names other data, its checksums right. */
function forge(name: string, { file, text }: Forged): string {
  const folder = join(root, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(at('run'), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const source: string = manifest.data.source;
  if (text !== undefined) writeFileSync(join(folder, source), text);
  const bytes = readFileSync(join(folder, source));
  manifest.files[source] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  if (file !== undefined) manifest.data.file = file;
  const whole = (checksum: string): string => `${JSON.stringify({ ...manifest, checksum }, null, 2)}\n`;
  writeFileSync(
    join(folder, 'manifest.json'),
    whole(
      createHash('sha256')
        .update(whole('0'.repeat(64)))
        .digest('hex'),
    ),
  );
  return folder;
}

const read = async (folder: string, request: Parameters<typeof load>[1] = {}): Promise<string> => {
  try {
    return String((await (await load(folder, request)).dataset()).parts.train.rows);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics.map(({ code, hint }) => `${code}: ${hint}`).join('; ');
  }
};

describe('the data of a run', () => {
  it('that was trained here is read again, from any place and after a change that names the same files', async () => {
    expect(await read(at('run'))).toBe('480');
    expect(await read(forge('copied', {}))).toBe('480');
    writeFileSync(at('data.tower'), `// a comment\n${data.replace('validation: 10%', 'validation: 20%')}`);
    expect(await read(at('run'))).toBe('480');
    writeFileSync(at('data.tower'), data);
  });

  it('that was trained elsewhere stays closed until it is named or allowed', async () => {
    mkdirSync(join(root, 'private'), { recursive: true });
    writeFileSync(join(root, 'private/ratings.csv'), ratings());
    writeFileSync(join(root, 'private/films.csv'), readFileSync(at('films.csv'), 'utf8'));
    const folder = forge('elsewhere', { file: join(root, 'private/data.tower') });
    expect(await read(folder)).toBe(
      `run-elsewhere: name the data with \`data: 'FILE.tower'\`, or allow the folders that the run names: \`allow: ['${join(root, 'private')}']\``,
    );
    expect(await read(folder, { data: at('data.tower') })).toBe('480');
    expect(await read(folder, { allow: [join(root, 'private')] })).toBe('480');
    // Allowing one folder allows no other.
    expect(await read(folder, { allow: [project] })).toMatch(/^data-file-outside: .*`allow: /);
    rmSync(join(root, 'private'), { recursive: true });
  });

  it.each([
    ['another file of the project', 'other.csv'],
    ['a file above it', '../secret.csv'],
  ])('does not become %s because a block is at the recorded place', async (_, path) => {
    for (const file of [at('other.csv'), join(root, 'secret.csv')]) writeFileSync(file, ratings());
    const folder = forge('forged', { text: data.replace('"ratings.csv"', `"${path}"`) });
    expect(await read(folder)).toMatch(/^run-elsewhere/);
  });

  it('does not use files that no block here uses', async () => {
    writeFileSync(at('more.tower'), 'let more = 1\n');
    const text = `use "more.tower"\n${data}`;
    expect(await read(forge('using', { text }))).toMatch(/^use-missing/);
    writeFileSync(at('data.tower'), text);
    expect(await read(forge('using', { text }))).toBe('480');
    writeFileSync(at('data.tower'), data);
  });

  it('has a block that may run no statement either', async () => {
    const victim = join(root, 'victim.json');
    writeFileSync(victim, '{}');
    const attack = `columns { user_id = "1); COPY (SELECT 1) TO '${victim}' (USE_TMP_FILE false); SELECT (user_id" }`;
    const folder = forge('attack', { text: data.replace('  time ', `  ${attack}\n  time `) });
    expect(await read(folder)).toMatch(/^sql-fails/);
    expect(await read(folder, { data: join(folder, 'sources/data.tower'), allow: [project] })).toMatch(
      /^data-file-missing/,
    );
    expect(readFileSync(victim, 'utf8')).toBe('{}');
  });
});
