/** What a server promises besides its answers: mistakes with a place, limits, the token, the gate, deadlines, metrics, logs, and its end. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { codes } from '../../../src/base/diagnostics/codes.ts';
import { failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { type Answers, makeAnswers } from '../../../src/serving/server/answers.ts';
import { routeList } from '../../../src/serving/server/routes.ts';
import type { Server } from '../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { ask, type Served, serveSmall } from './served.ts';

const root = temporaryFolder();
let served: Served;
let server: Server;

beforeAll(async () => {
  served = await serveSmall(root);
  server = await served.server({ limits: { batch: 4, k: 50, body: 5000 } });
});

const recommend = (body: unknown) => ask(server, '/v1/recommend', body);
const width = (): number => served.recommender.snapshot.width;

describe('a mistake has a code, a place and a hint', () => {
  it.each<[name: string, body: unknown, code: string, at: string, message: string, hint: string]>([
    ['no JSON', '{"user":', 'request-body', '', 'is not JSON', 'send one JSON object'],
    ['nothing', '', 'request-body', '', 'is empty', 'send one JSON object'],
    ['a text', '"u3"', 'request-body', '', 'has a text in the place of an object', 'send one JSON object'],
    ['a number in an array', [{ user: 'u1' }, 7], 'request-body', '/1', 'has the number 7', 'send one JSON object'],
    ['depth', `{"values":${'['.repeat(900)}${']'.repeat(900)}}`, 'request-body', '', 'inside of each other', 'send'],
    ['no question', {}, 'request-value', '/user', '`user` of the request is missing', 'give `user`, `values`'],
    [
      'an unknown entry',
      { usr: 'u1' },
      'unknown-name',
      '/usr',
      'no entry of a request called `usr`',
      'did you mean `user`',
    ],
    ['an entry with a slash', { 'a/b~': 1 }, 'unknown-name', '/a~1b~0', 'called `a/b~`', 'use one of'],
    ['k', { user: 'u1', k: 0 }, 'request-value', '/k', '`k` of the request is 0', 'give a number from 1'],
    ['a large k', { user: 'u1', k: 51 }, 'request-value', '/k', 'is 51', 'give a number up to 50'],
    [
      'a k in an array',
      [{ user: 'u1' }, { user: 'u1', k: '9' }],
      'request-value',
      '/1/k',
      'is a text',
      'give a whole number',
    ],
    ['a broken k', { user: 'u1', k: 1.5 }, 'request-value', '/k', 'is the number 1.5', 'give a whole number'],
    ['a huge number', '{"vector":[1e999]}', 'request-value', '/vector/0', 'past all bounds', 'give a number'],
    ['a filter', { user: 'u1', filter: 'year >' }, 'filter-syntax', '/filter', 'the filter has', 'compare'],
    ['a column', { user: 'u1', filter: 'yaer > 1' }, 'unknown-name', '/filter', 'called `yaer`', 'did you mean `year`'],
    ['a type', { user: 'u1', filter: "year = 'x'" }, 'filter-type', '/filter', 'year', ''],
    [
      'a shown column',
      { user: 'u1', columns: ['year', 'yaer'] },
      'unknown-name',
      '/columns',
      'called `yaer`',
      'did you mean `year`',
    ],
    [
      'a feature',
      { values: { histroy: [] } },
      'unknown-name',
      '/values/histroy',
      'called `histroy`',
      'did you mean `history`',
    ],
    ['a value', { values: { user_id: {} } }, 'feature-value', '/values/user_id', 'expected a text', 'give a value'],
    [
      'a weight',
      { user: 'u1', weights: { wtch: 1 } },
      'unknown-name',
      '/weights/wtch',
      'no objective called',
      'did you mean `watch`',
    ],
    [
      'a large weight',
      { user: 'u1', weights: { watch: 1e40 } },
      'request-value',
      '/weights/watch',
      'is 1e+40',
      'give 0',
    ],
    ['a short vector', { vector: [1] }, 'request-value', '/vector', 'has 1 number', 'give'],
    ['both', { vector: [1], values: {} }, 'request-value', '/values', 'next to a vector', 'remove'],
    ['a missing user', { vector: null, user: 'u1' }, 'request-value', '/vector', 'is `null`', 'give a list'],
  ])('%s', async (_, body, code, at, message, hint) => {
    const answer = await recommend(body);
    expect(answer.status).toBe(400);
    const [first] = answer.body.errors;
    expect(first).toMatchObject({ code, at });
    expect(first.message).toContain(message);
    expect(first.hint).toContain(hint);
    expect(Object.keys(codes)).toContain(first.code);
    expect(answer.body.request).toBe(answer.headers['x-request-id']);
  });

  it('of a vector whose scores could be past float32, and of a user whose seen items nobody knows', async () => {
    const vector = Array.from({ length: width() }, () => 3e38);
    expect((await recommend({ vector })).body.errors[0]).toMatchObject({
      ...{ code: 'request-value', at: '/vector' },
      hint: 'give numbers from -1e+30 to 1e+30',
    });
    expect((await recommend({ vector: vector.map(() => -1e30) })).status).toBe(200);
    const unknown = await recommend({ vector: vector.map(() => 1), user: 'nobody' });
    expect(unknown.body.errors[0]).toMatchObject({ code: 'unknown-name', at: '/user' });
  });

  it('all of an array, each with its place, and no answer to the others', async () => {
    const answer = await recommend([{ user: 'u1', filter: 'x' }, { user: 'u1' }, { values: { x: 1 } }]);
    expect(answer.body.errors.map(({ at }) => at)).toEqual(['/0/filter', '/2/values/x']);
    expect(answer.body.errors[0]).toMatchObject({ start: 0, end: 1 });
  });

  it.each([
    ['/v1/users?limit=-1', '/limit', '`limit` of the request is -1', 'give a number from 1'],
    ['/v1/users?limit=99999999999', '/limit', 'is 99999999999', 'give a number up to'],
    ['/v1/users?limit=1.5', '/limit', 'is the number 1.5', 'give a whole number'],
    ['/v1/users?limit=few', '/limit', 'is a text', 'give a whole number'],
    ['/v1/users?prefix=%ff', '/prefix', '`prefix` of the request is no text in UTF-8', 'encode it as UTF-8'],
    ['/v1/items?limit=2&text=50%', '/text', 'is no text in UTF-8', 'with `%25` for a percent sign'],
  ])('of a parameter: %s', async (url, at, message, hint) => {
    const { status, body } = await ask(server, url);
    expect([status, body.errors[0].code, body.errors[0].at]).toEqual([400, 'request-value', at]);
    expect(body.errors[0].message).toContain(message);
    expect(body.errors[0].hint).toContain(hint);
    expect((await ask(server, '/v1/users?prefix=u%31&limit=2')).status).toBe(200);
  });

  it('of an item', async () => {
    const similar = (body: unknown) => ask(server, '/v1/similar', body);
    expect((await similar({ item: 'nothing' })).body.errors[0]).toMatchObject({ code: 'unknown-name', at: '/item' });
    expect((await similar({})).body.errors[0]).toMatchObject({ code: 'request-value', at: '' });
  });
});

describe('limits', () => {
  it('of a body, of an array, of its type', async () => {
    const long = await recommend({ user: 'x'.repeat(6000) });
    expect([long.status, long.body.errors[0].message]).toEqual([413, 'a body may have 5,000 bytes at most']);
    const many = await recommend(Array.from({ length: 5 }, () => ({ user: 'u1' })));
    expect([many.status, many.body.errors[0].message]).toEqual([413, 'an array may have 4 requests at most']);
    const latin1 = Buffer.from('{"user":"caf\u00e9"}', 'latin1');
    for (const path of ['/v1/recommend', `/v1/models/${served.trained.plan.model}:predict`]) {
      const headers = { 'content-type': 'application/json' };
      const odd = await server.http.inject({ method: 'POST', url: path, headers, payload: latin1 });
      expect([odd.statusCode, odd.body]).toEqual([400, expect.stringMatching(/request-body.*is no text in UTF-8/)]);
    }
    const form = await ask(server, '/v1/recommend', 'user=u1', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([form.status, form.body.errors[0].code]).toEqual([415, 'request-body']);
    expect(form.body.errors[0].hint).toBe('send the header `Content-Type: application/json`');
    expect((await recommend([])).body).toEqual([]);
    const withCharset = (charset: string) =>
      ask(server, '/v1/recommend', [], { 'content-type': `application/json; charset=${charset}` });
    for (const charset of ['utf-8', '"UTF-8"', 'utf8']) expect((await withCharset(charset)).status, charset).toBe(200);
    for (const charset of ['latin1', 'utf-16']) {
      const { status, body } = await withCharset(charset);
      expect([status, body.errors[0].code]).toEqual([415, 'request-body']);
      expect(body.errors[0].message).toContain(`has the charset \`${charset}\``);
    }
  });

  it('of routes', async () => {
    const missing = await ask(server, '/v1/recomend', {});
    expect([missing.status, missing.body.errors[0].code]).toEqual([404, 'request-route']);
    const get = await ask(server, '/v1/recommend');
    expect([get.status, get.headers.allow]).toEqual([405, 'POST']);
    for (const url of ['/%', '/v1/%E0%A4%A', `/${'x'.repeat(5000)}`]) {
      expect((await ask(server, url)).body.errors[0].code, url).toBe('request-route');
    }
  });
});

it('asks for the token everywhere but where load balancers look', async () => {
  const token = 'a-secret-of-the-server';
  const closed = await served.server({ token });
  for (const [, { method, path, open }] of routeList) {
    const body = method === 'POST' ? [] : undefined;
    for (const header of [undefined, 'Bearer other', token, `Basic ${token}`]) {
      const { status } = await ask(closed, path, body, header === undefined ? {} : { authorization: header });
      // Who has no token learns of an open route that there is no model called `{model}`.
      expect(status, `${path} ${header}`).toBe(open ? (path.includes('{') ? 404 : 200) : 401);
    }
    // A wrong body, and a model of another name, are refused with other codes.
    const { status } = await ask(closed, path, body, { authorization: `Bearer ${token}` });
    expect(status, path).not.toBe(401);
  }
  const refused = await ask(closed, '/nowhere');
  expect([refused.status, refused.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  expect(
    (await ask(closed, '/openapi.json', undefined, { authorization: `Bearer ${token}` })).body.components,
  ).toHaveProperty('securitySchemes');
});

it('answers without a token for the names of this machine alone, and for those that it is given', async () => {
  const statuses = async (own: Server, headers: Readonly<Record<string, string>> = {}) => {
    const all: number[] = [];
    for (const host of [
      'localhost:1',
      '127.0.0.1',
      '[::1]:8321',
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.nip.io',
      'a b',
    ]) {
      all.push((await ask(own, '/v1/users', undefined, { ...headers, host })).status);
    }
    return all;
  };
  expect(await statuses(server)).toEqual([200, 200, 200, 421, 421, 421, 421]);
  const { body } = await ask(server, '/', undefined, { host: 'evil.example:80' });
  expect(body.errors[0]).toMatchObject({
    code: 'request-host',
    message: 'this server does not answer for the host name `evil.example`',
    hint: 'send requests to `localhost`, or start the server with `--allow-host evil.example`',
  });
  const named = await served.server({ hosts: ['Evil.example'] });
  expect(await statuses(named)).toEqual([200, 200, 200, 200, 421, 421, 421]);
  // Who has the token is no page of another site.
  const token = 'a-secret-of-the-server';
  const all = await statuses(await served.server({ token }), { authorization: `Bearer ${token}` });
  expect(new Set(all)).toEqual(new Set([200]));
});

/** Answers that wait until they are released. */
function held(): { readonly answers: Answers; release(): void } {
  let release = (): void => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const answers: Answers = {
    ...served.answers,
    async recommend(body) {
      await until;
      return served.answers.recommend(body);
    },
  };
  return { answers, release: () => release() };
}

it('counts users whose vectors it kept, and whose it computed', async () => {
  const answers = makeAnswers({ recommender: served.recommender, removesSeen: true, notes: [], userVectors: 2 ** 20 });
  const keeping = await served.server({}, answers);
  const first = await ask(keeping, '/v1/recommend', { user: 'u1' });
  const again = await ask(keeping, '/v1/recommend', [{ user: 'u1' }, { user: 'u2' }, { values: {} }]);
  expect(again.body[0]).toEqual({ ...first.body, request: expect.any(String) });
  const { text } = await ask(keeping, '/metrics');
  expect(text).toContain('tower_user_vectors_total{version="v1",vector="kept"} 1\n');
  expect(text).toContain('tower_user_vectors_total{version="v1",vector="computed"} 2\n');
  expect(text).toContain('tower_known_users{version="v1"} 2\n');
});

it('answers others between the slices of a long array, and after a long list', async () => {
  let asked = 0;
  const answers: Answers = {
    ...served.answers,
    recommend(body, options) {
      asked++;
      return served.answers.recommend(body, options);
    },
  };
  const own = await served.server({ limits: { deadline: 60_000 } }, answers);
  const lists = Array.from({ length: 3 }, () => ({ values: { history: Array<string>(3000).fill('m1') } }));
  for (const bodies of [Array.from({ length: 20 }, () => ({ user: 'u1', k: 1000 })), lists]) {
    asked = 0;
    const long = ask(own, '/v1/recommend', bodies);
    while (asked === 0) await new Promise(setImmediate);
    expect((await ask(own, '/healthz')).status).toBe(200);
    expect(asked).toBeLessThan(bodies.length);
    const { status, body } = await long;
    expect([status, asked]).toEqual([200, bodies.length]);
    const expected = await Promise.all(bodies.map((each) => served.answers.recommend(each)));
    expect(body).toEqual(
      expected.map((answer) => ({ request: expect.any(String), ...JSON.parse(JSON.stringify(answer)) })),
    );
  }
});

/** A connection that stays open. Each question resolves to the status of its answer, or to why there is none. */
async function keptAlive(port: number): Promise<{ ask(): Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const body = '{"user":"u1","k":1}';
  const head = `POST /v1/recommend HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  return {
    ask: () =>
      new Promise((resolve) => {
        socket.once('data', (bytes) => {
          const text = bytes.toString();
          const [line] = text.split('\r\n');
          resolve(`${line}${/^connection: close/im.test(text) ? ', connection: close' : ''}`);
        });
        socket.once('error', (error) => resolve(error.message)).once('close', () => resolve('closed'));
        socket.write(`${head}\r\n\r\n${body}`);
      }),
  };
}

describe('overload', () => {
  it('lets some wait, and refuses more with 503 and Retry-After', async () => {
    const { answers, release } = held();
    const small = await served.server({ limits: { running: 2, waiting: 3, deadline: 60_000 } }, answers);
    const asked = Array.from({ length: 9 }, () => ask(small, '/v1/recommend', { user: 'u1' }));
    let answered = 0;
    for (const each of asked) void each.then(() => answered++);
    while (answered < 4) await new Promise((later) => setTimeout(later, 1));
    const early = await Promise.race(asked);
    expect(early.status).toBe(503);
    expect(early.headers['retry-after']).toBe('1');
    expect(early.body.errors[0]).toMatchObject({ code: 'server-busy', hint: 'send the request again after 1 second' });
    const { text } = await ask(small, '/metrics');
    expect(text).toContain('\ntower_running 2\n');
    expect(text).toContain('\ntower_waiting 3\n');
    release();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(5);
    expect(statuses.filter((status) => status === 503).length).toBe(4);
    expect((await ask(small, '/v1/recommend', { user: 'u1' })).status).toBe(200);
  });

  it('answers 504 at the deadline, which a request may shorten, and works on', async () => {
    const { answers, release } = held();
    const small = await served.server({ limits: { running: 1, waiting: 3, deadline: 60 } }, answers);
    const asked = [undefined, { 'tower-deadline': '20' }, { 'tower-deadline': '100000' }].map((headers) =>
      ask(small, '/v1/recommend', { user: 'u1' }, headers),
    );
    const answered = await Promise.all(asked);
    expect(answered.map(({ status }) => status)).toEqual([504, 504, 504]);
    expect(answered[1]!.body.errors[0]).toMatchObject({
      code: 'server-late',
      message: 'the answer was not ready within 20 milliseconds',
    });
    release();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await ask(small, '/v1/recommend', { user: 'u1' })).status).toBe(200);
    const wrong = await ask(small, '/v1/recommend', { user: 'u1' }, { 'tower-deadline': 'soon' });
    expect([wrong.status, wrong.body.errors[0].code]).toEqual([400, 'request-value']);
  });
});

it('answers 500 without the reason, and logs the reason, if the core fails', async () => {
  const lines: string[] = [];
  const answers = { ...served.answers, recommend: () => Promise.reject(new Error('a bug')) };
  const broken = await served.server({ log: (line) => lines.push(line) }, answers);
  const { status, text, body } = await ask(broken, '/v1/recommend', { user: 'u1' });
  expect([status, body.errors[0].code]).toEqual([500, 'internal']);
  expect(text).not.toContain('a bug');
  expect(lines[0]).toContain('a bug');
});

it('answers 503 with Retry-After if the process of the engine is gone, and logs what it said', async () => {
  const lines: string[] = [];
  const gone = failure('engine-ended', { engine: 'torch', how: 'it was killed by SIGKILL', said: '/home/me/secret' });
  const answers = { ...served.answers, recommend: () => Promise.reject(gone) };
  const broken = await served.server({ log: (line) => lines.push(line) }, answers);
  for (const body of [{ user: 'u1' }, [{ user: 'u1' }, { user: 'u2' }]]) {
    const answer = await ask(broken, '/v1/recommend', body);
    expect([answer.status, answer.headers['retry-after'], answer.body.errors[0].code]).toEqual([
      503,
      '5',
      'server-busy',
    ]);
    expect(answer.text).toContain('its engine does not answer');
    expect(answer.text).not.toContain('secret');
  }
  expect(lines[0]).toContain('it was killed by SIGKILL');
});

it('writes one line of JSON a request, without its body, and counts it', async () => {
  const lines: string[] = [];
  const logged = await served.server({ log: (line) => lines.push(line) });
  await ask(logged, '/v1/recommend', { user: 'u1', k: 3 }, { 'x-request-id': 'mine-1' });
  await ask(logged, '/v1/recommend', { user: 'u1', k: -3 }, { 'x-request-id': 'not\tmine' });
  await ask(logged, '/nowhere');
  const entries = lines.map((line) => JSON.parse(line));
  expect(entries).toEqual([
    {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      id: 'mine-1',
      method: 'POST',
      route: '/v1/recommend',
      status: 200,
      ms: expect.any(Number),
      bytes: expect.any(Number),
    },
    expect.objectContaining({ status: 400, id: expect.stringMatching(/^[\da-f-]{36}$/) }),
    expect.objectContaining({ status: 404, route: 'none' }),
  ]);
  expect(lines.join()).not.toContain('u1');
  const { text, headers } = await ask(logged, '/metrics');
  expect(headers['content-type']).toContain('text/plain; version=0.0.4');
  expect(text).toContain('tower_requests_total{route="/v1/recommend",status="200"} 1');
  expect(text).toContain('tower_requests_total{route="/v1/recommend",status="400"} 1');
  expect(text).toContain('tower_items_total{route="/v1/recommend",version="v1"} 3');
  expect(text).toContain('tower_snapshot_info{version="v1"} 1');
  expect(text).toContain('tower_request_seconds_bucket');
});

describe('over a socket', () => {
  it('says why it cannot listen', async () => {
    const first = await served.server();
    const url = await first.listen('127.0.0.1', 0);
    const port = Number(new URL(url).port);
    const second = await served.server();
    await expect(second.listen('127.0.0.1', port)).rejects.toThrow(
      `cannot listen on port ${port} of 127.0.0.1: another program uses it`,
    );
    await expect(second.listen('192.0.2.1', 0)).rejects.toThrow('this machine does not have the address');
    await first.close();
  });

  it('answers bytes that are not HTTP with a code, and works on', async () => {
    const own = await served.server();
    const url = new URL(await own.listen('127.0.0.1', 0));
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(url.port), '127.0.0.1', () => socket.write('\u0000nonsense\r\n\r\n'));
      socket.on('data', (chunk) => (text += chunk)).on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!).errors[0].code).toBe('request-body');
    expect((await fetch(new URL('/readyz', url))).status).toBe(200);
    await own.close();
  });

  it('answers what has arrived before it ends, and then takes nothing new', async () => {
    const { answers, release } = held();
    const own = await served.server({ limits: { deadline: 60_000 } }, answers);
    const url = await own.listen('127.0.0.1', 0);
    const post = () =>
      fetch(`${url}/v1/recommend`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"user":"u1"}',
      });
    const asked = [post(), post()];
    while (!(await (await fetch(`${url}/metrics`)).text()).includes('tower_running 2')) {}
    const closing = own.close();
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
    release();
    for (const response of await Promise.all(asked)) {
      expect(response.status).toBe(200);
      expect(response.headers.get('connection')).toBe('close');
    }
    await closing;
    await expect(post()).rejects.toThrow();
  });

  it('resets none of the requests that were sent before its end', async () => {
    for (let round = 0; round < 8; round++) {
      const own = await served.server();
      const port = Number(new URL(await own.listen('127.0.0.1', 0)).port);
      const clients = await Promise.all(Array.from({ length: 64 }, () => keptAlive(port)));
      // One answer each, so that the connections are idle ones.
      await Promise.all(clients.map((client) => client.ask()));
      const asked = clients.map((client) => client.ask());
      const closing = own.close();
      expect(await Promise.all(asked)).toEqual(clients.map(() => 'HTTP/1.1 200 OK, connection: close'));
      await closing;
    }
  });

  it('ends at the end of its grace, whatever is unanswered', async () => {
    const own = await served.server({}, held().answers);
    const url = await own.listen('127.0.0.1', 0);
    const asked = fetch(`${url}/v1/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"user":"u1"}',
    }).catch(() => 'cut');
    while (!(await (await fetch(`${url}/metrics`)).text()).includes('tower_running 1')) {}
    await own.close(20);
    expect(await asked).toBe('cut');
  });
});
