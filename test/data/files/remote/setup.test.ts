/** The set-up of the extension: nothing is kept but the file with the pinned checksum. No network: an index on loopback. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { indexOf, setUpExtension } from '../../../../src/data/files/remote/setup.ts';
import {
  duckdbVersion,
  extensionPath,
  packageName,
  platform,
  wheels,
} from '../../../../src/data/files/remote/stores.ts';
import { failureOf, folderWith } from '../../fixture.ts';
import { serve } from './store.ts';

afterEach(() => void vi.unstubAllEnvs());

const wheel = wheels[platform()];
const attempt = (from?: string) => failureOf(setUpExtension(() => {}, from === undefined ? {} : { from }));

it('is of the version of the database', () => {
  const { devDependencies: dev, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(dev['@duckdb/node-api'].split('-')[0]).toBe(duckdbVersion);
  expect(dependencies['@duckdb/node-bindings']).toBe(dev['@duckdb/node-api']);
});

it.skipIf(wheel === undefined)('takes no file with another checksum, and leaves nothing', async () => {
  const cache = folderWith({});
  vi.stubEnv('TOWER_CACHE', cache);
  const asked: [string, string | undefined][] = [];
  const url = await serve((question, answer) => {
    asked.push([question.url!, question.headers.authorization]);
    if (question.url!.endsWith('.whl')) return answer.end('another file');
    answer.end(`<a href="../../files/other-1.0.whl">x</a><a href="../../files/${wheel!.name}#sha256=0">y</a>`);
  });
  vi.stubEnv('PIP_INDEX_URL', `${url.replace('//', '//user:hunter2@')}/simple/`);
  const [said] = await attempt();
  expect(said).toMatch(/^setup-failed .*its SHA-256 is [0-9a-f]{64}, and not [0-9a-f]{64} .*--from FILE/);
  expect(said).not.toContain('hunter2');
  const key = `Basic ${Buffer.from('user:hunter2').toString('base64')}`;
  expect(asked).toEqual([
    [`/simple/${packageName}/`, key],
    [`/files/${wheel!.name}`, key],
  ]);
  expect(readdirSync(cache)).toEqual([]);
  expect(existsSync(extensionPath())).toBe(false);
});

it.skipIf(wheel === undefined)('says what is wrong with the index, the file or the folder', async () => {
  const cache = folderWith({ 'a.whl': 'no wheel', file: '' });
  vi.stubEnv('TOWER_CACHE', cache);
  vi.stubEnv('PIP_INDEX_URL', await serve((_, answer) => answer.writeHead(503).end()));
  expect((await attempt())[0]).toContain('it answered with HTTP 503');
  vi.stubEnv('PIP_INDEX_URL', await serve((_, answer) => answer.end('<p>nothing</p>')));
  expect((await attempt())[0]).toContain(`it has no ${wheel!.name}`);
  expect((await attempt(join(cache, 'a.whl')))[0]).toContain('its SHA-256 is');
  expect((await attempt(join(cache, 'none.whl')))[0]).toMatch(/^cannot-read .*does not exist/);
});

it('replaces a file that the database does not load', async () => {
  vi.stubEnv('TOWER_CACHE', folderWith({}));
  vi.stubEnv('PIP_INDEX_URL', await serve((_, answer) => answer.writeHead(404).end()));
  const folder = join(extensionPath(), '..');
  mkdirSync(folder, { recursive: true });
  writeFileSync(extensionPath(), 'not signed by anybody');
  // It is not taken for the extension: the index is asked.
  expect((await attempt())[0]).toMatch(/^setup-failed /);
});

it('says where there is none for the platform', async () => {
  vi.stubEnv('TOWER_CACHE', folderWith({}));
  const arch = vi.spyOn(process, 'arch', 'get').mockReturnValue('riscv64');
  expect((await attempt())[0]).toMatch(/^setup-failed .*PyPI has none for \w+-riscv64/);
  arch.mockRestore();
});

it('comes from the index that pip or uv would use', () => {
  expect(indexOf({})).toBe('https://pypi.org/simple');
  expect(indexOf({ PIP_INDEX_URL: 'https://a/simple/', UV_INDEX_URL: 'https://b' })).toBe('https://a/simple');
  expect(indexOf({ UV_DEFAULT_INDEX: 'https://b' })).toBe('https://b');
});
