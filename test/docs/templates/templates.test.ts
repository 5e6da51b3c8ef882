/** Each template is small, and its versions are pinned to those that the tests have. The route of Next.js answers without it: `next build` takes a minute. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { installTemplate, packageOf } from './template.ts';

const root = temporaryFolder();
const names = ['worker', 'node-server', 'react', 'next'];
const project = JSON.parse(readFileSync('package.json', 'utf8'));

const sourcesOf = (name: string): readonly string[] =>
  readdirSync(join('docs/examples', name), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(tsx?|js)$/.test(path) && !/node_modules|\.next|dist|public/.test(path))
    .map((path) => join('docs/examples', name, path));

describe.each(names)('%s', (name) => {
  it('has at most 120 lines of code', () => {
    const lines = sourcesOf(name).flatMap((path) => readFileSync(path, 'utf8').split('\n'));
    const code = lines.filter((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line));
    expect(code.length).toBeGreaterThan(20);
    expect(code.length).toBeLessThanOrEqual(120);
  });

  it('pins what it depends on to the versions of this project', () => {
    const { dependencies, devDependencies } = packageOf(name);
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      const isOwn = dependency === 'tower-lang' || dependency === '@tower-lang/runtime';
      expect(version).toBe(isOwn ? project.version : (project.devDependencies[dependency] ?? version));
    }
  });
});

type Route = (request: Request) => Promise<Response>;

describe('the route of Next.js', () => {
  afterEach(() => vi.restoreAllMocks());

  const loadRoute = async (): Promise<Readonly<Record<'GET' | 'POST', Route>>> => {
    const folder = await installTemplate('next', root);
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const outfile = join(folder, 'built/route.mjs');
    await build({
      entryPoints: [join(folder, 'app/api/recommend/route.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      tsconfigRaw: {},
      logLevel: 'error',
    });
    return import(pathToFileURL(outfile).href);
  };

  it('recommends other items once a visitor has chosen one', async () => {
    const { GET, POST } = await loadRoute();
    const url = 'http://localhost/api/recommend?k=2';
    const keys = async (response: Response): Promise<readonly string[]> =>
      (await response.json()).items.map(({ key }: { readonly key: string }) => key);
    const before = await keys(await GET(new Request(url)));
    const chosen = await POST(new Request(url, { method: 'POST', body: JSON.stringify({ item: before[0] }) }));
    const cookie = chosen.headers.get('set-cookie')!;
    expect(cookie).toContain('HttpOnly');
    const after = await keys(chosen);
    expect(after).not.toContain(before[0]);
    const headers = { cookie: `other=1; ${cookie.split(';')[0]}` };
    expect(await keys(await GET(new Request(url, { headers })))).toEqual(after);
    const forgotten = await POST(new Request(url, { method: 'POST', headers }));
    expect(await keys(forgotten)).toEqual(before);
    expect(await keys(await GET(new Request(url, { headers: { cookie: 'chosen=%7B' } })))).toEqual(before);
    expect((await GET(new Request(`${url}&filter=(`))).status).toBe(400);
    const many = Array.from({ length: 50 }, () => '🎬'.repeat(30));
    const long = { cookie: `chosen=${encodeURIComponent(JSON.stringify(many))}` };
    const added = await POST(
      new Request(url, { method: 'POST', headers: long, body: JSON.stringify({ item: before[0] }) }),
    );
    const kept = added.headers.get('set-cookie')!;
    expect(kept.length).toBeLessThan(4096);
    expect(kept).toContain(encodeURIComponent(JSON.stringify(before[0])));
  });
});
