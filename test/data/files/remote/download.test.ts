/** Files of web servers: copied, from allowed addresses alone. */
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { download } from '../../../../src/data/files/remote/list_remote.ts';
import { folderWith } from '../../fixture.ts';
import { serve } from './store.ts';

const text = 'user,item\na,x\nb,y\n';

/** What the copy holds, or why there is none. */
async function copyOf(address: string, ...allowed: string[]): Promise<string> {
  const to = join(folderWith({}), 'copy.csv');
  return download(address, to, allowed).then(
    () => readFileSync(to, 'utf8'),
    (error: Error) => error.message,
  );
}

it('copies a file, also from where an allowed address leads to', async () => {
  const target = await serve((_, answer) => answer.end(text));
  const first = await serve((_, answer) =>
    answer.writeHead(302, { location: `${target}/files/a.csv?signature=1` }).end(),
  );
  expect(await copyOf(`${target}/a.csv`, `${target}/`)).toBe(text);
  expect(await copyOf(`${first}/a.csv`, `${first}/`, `${target}/files/`)).toBe(text);
});

it('follows no redirect to a place that is not allowed', async () => {
  let asked = 0;
  const secret = await serve((_, answer) => {
    asked++;
    answer.end(text);
  });
  const port = new URL(secret).port;
  for (const [location, reason] of [
    [
      `${secret}/latest/meta-data?token=hidden`,
      /redirects to http:\/\/127\.0\.0\.1:\d+\/latest\/meta-data, which is not allowed/,
    ],
    [`http://localhost:${port}/a.csv`, /which is not allowed/],
    [`http://0x7f.1:${port}/a.csv`, /which is not allowed/],
    [`http://user:word@127.0.0.1:${port}/a.csv`, /which Tower does not read/],
    ['http://169.254.169.254/latest', /which Tower does not read/],
    ['file:///etc/passwd', /which Tower does not read/],
    ['/other/a.csv', /which is not allowed/],
  ] as const) {
    const url = await serve((_, answer) => answer.writeHead(307, { location }).end());
    const said = await copyOf(`${url}/files/a.csv`, `${url}/files/`);
    expect(said, location).toMatch(reason);
    expect(said).not.toMatch(/hidden|word/);
  }
  expect(asked).toBe(0);
  const round: string = await serve((_, answer) => answer.writeHead(302, { location: '/a.csv' }).end());
  expect(await copyOf(`${round}/a.csv`, `${round}/`)).toBe('it redirects more than 5 times');
});

it('says what the server answers, and asks again where that may help', async () => {
  vi.stubEnv('TOWER_REMOTE_TIMEOUT', '1');
  const said = async (answer: RequestListener): Promise<readonly [string, number]> => {
    let asked = 0;
    const url = await serve((question, response) => {
      asked++;
      answer(question, response);
    });
    return [await copyOf(`${url}/a.csv`, `${url}/`), asked];
  };
  const [refused, gone, failed, cut, silent] = await Promise.all([
    said((_, answer) => answer.writeHead(403).end()),
    said((_, answer) => answer.writeHead(404).end()),
    said((_, answer) => answer.writeHead(503).end()),
    said((_, answer) => {
      answer.writeHead(200, { 'content-length': 1000 });
      answer.write(text, () => answer.destroy());
    }),
    said(() => {}),
  ]);
  expect(refused).toEqual(['the server refuses access (HTTP 403), and Tower has no key for it', 1]);
  expect(gone).toEqual(['there is no such file (HTTP 404)', 1]);
  expect(failed).toEqual(['it answered with HTTP 503, 3 times', 3]);
  expect(cut).toEqual(['the transfer was cut', 3]);
  expect(silent).toEqual(['the server was silent for 1 s', 3]);
  const closed = 'http://127.0.0.1:1';
  expect(await copyOf(`${closed}/a.csv`, `${closed}/`)).toMatch(/nothing answers there|connection failed/);
  vi.unstubAllEnvs();
});
