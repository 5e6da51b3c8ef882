/** The Open Inference Protocol: tensors as JSON and as bytes, and mistakes in its form. `tritonclient.test.ts` has a client that others wrote. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Server } from '../../../../src/serving/server/server.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { ask, type Served, serveSmall } from '../served.ts';

const root = temporaryFolder();
let served: Served;
let server: Server;
let model: string;

beforeAll(async () => {
  served = await serveSmall(root);
  server = await served.server({ limits: { batch: 4, k: 50 } });
  model = served.trained.plan.model;
});

const get = async (path: string) => {
  const { status, text } = await ask(server, path);
  return { status, body: JSON.parse(text) };
};

async function infer(body: unknown, { path = model, rest = Buffer.alloc(0), length }: Sent = {}) {
  const json = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const { statusCode, rawPayload, headers } = await server.http.inject({
    method: 'POST',
    url: `/v2/models/${path}/infer`,
    payload: Buffer.concat([json, rest]),
    headers: rest.length > 0 || length ? { 'inference-header-content-length': length ?? String(json.length) } : {},
  });
  const size = Number(headers['inference-header-content-length'] ?? rawPayload.length);
  return {
    status: statusCode,
    body: JSON.parse(rawPayload.toString('utf8', 0, size)),
    rest: rawPayload.subarray(size),
  };
}
interface Sent {
  readonly path?: string;
  readonly rest?: Buffer;
  readonly length?: string;
}

const bytesOf = (...texts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(Buffer.byteLength(text));
      return [length, Buffer.from(text as string)];
    }),
  );
const users = (...data: readonly string[]) => ({ name: 'user', datatype: 'BYTES', shape: [data.length], data });

it('describes what the server and the models are', async () => {
  expect(await get('/v2')).toMatchObject({ status: 200, body: { name: 'tower', extensions: ['binary_tensor_data'] } });
  expect((await get('/v2/health/live')).body).toEqual({ live: true });
  expect((await get('/v2/health/ready')).body).toEqual({ ready: true });
  const own = await get(`/v2/models/${model}`);
  expect(own.body.inputs.map(({ name }: { name: string }) => name)).toContain('history');
  expect((await get(`/v2/models/${model}/versions/v1`)).body).toEqual(own.body);
  const { width } = served.recommender.snapshot;
  expect((await get(`/v2/models/${model}.query_vector`)).body.outputs).toEqual([
    { name: 'vector', datatype: 'FP32', shape: [-1, width] },
  ]);
  expect((await get(`/v2/models/${model}.item_vector/versions/v1/ready`)).status).toBe(200);
  expect((await get(`/v2/models/${model}/versions/2/ready`)).status).toBe(404);
  expect((await get('/v2/models/x')).body.error).toMatch(/^unknown-name: there is no model called `x`/);
  expect((await get('/v2/models/constructor')).status).toBe(404);
});

describe('tensors', () => {
  it('in JSON, flat and nested, give JSON', async () => {
    const { items } = await served.answers.recommend({ values: { history: ['m1', 'm2'] }, k: 2 });
    for (const data of [
      ['m1', 'm2', 'm3', ''],
      [
        ['m1', 'm2'],
        ['m3', ''],
      ],
    ]) {
      const tensor = { name: 'history', datatype: 'BYTES', shape: [2, 2], data };
      const { status, body } = await infer({ id: 'a', parameters: { k: 2 }, inputs: [tensor] });
      expect(status).toBe(200);
      expect(body).toMatchObject({ model_name: model, model_version: 'v1', id: 'a' });
      expect(
        body.outputs.map(({ name, datatype, shape }: { name: string; datatype: string; shape: number[] }) => [
          name,
          datatype,
          shape,
        ]),
      ).toEqual([
        ['keys', 'BYTES', [2, 2]],
        ['titles', 'BYTES', [2, 2]],
        ['scores', 'FP64', [2, 2]],
      ]);
      expect(body.outputs[0].data.slice(0, 2)).toEqual(items.map(({ key }) => key));
      expect(body.outputs[2].data.slice(0, 2)).toEqual(items.map(({ score }) => score));
    }
  });

  it('of every datatype as bytes', async () => {
    const k: readonly [string, Buffer][] = [
      ['INT8', Buffer.from([3])],
      ['UINT16', Buffer.from([3, 0])],
      ['INT64', Buffer.from([3, 0, 0, 0, 0, 0, 0, 0])],
      ['UINT64', Buffer.from([3, 0, 0, 0, 0, 0, 0, 0])],
      ['FP32', Buffer.from(Float32Array.of(3).buffer)],
      ['FP64', Buffer.from(Float64Array.of(3).buffer)],
    ];
    for (const [datatype, bytes] of k) {
      const rest = Buffer.concat([bytesOf('u1', 'u2'), bytes, Buffer.from([1, 0])]);
      const inputs = [
        { name: 'user', datatype: 'BYTES', shape: [2, 1], parameters: { binary_data_size: 12 } },
        { name: 'k', datatype, shape: [1], parameters: { binary_data_size: bytes.length } },
        { name: 'removeSeen', datatype: 'BOOL', shape: [2], parameters: { binary_data_size: 2 } },
      ];
      const outputs = [{ name: 'keys' }, { name: 'scores', parameters: { binary_data: true } }];
      const answer = await infer({ inputs, outputs }, { rest });
      const one = await served.answers.recommend({ user: 'u1', k: 3, removeSeen: true });
      const two = await served.answers.recommend({ user: 'u2', k: 3, removeSeen: false });
      const items = [...one.items, ...two.items];
      expect(answer.body.outputs[0].data).toEqual(items.map(({ key }) => key));
      expect(answer.body.outputs[1].parameters).toEqual({ binary_data_size: 48 });
      expect([...new Float64Array(new Uint8Array(answer.rest).buffer)]).toEqual(items.map(({ score }) => score));
    }
  });

  it('with keys that are whole numbers, past 2⁵³ too', async () => {
    const rest = Buffer.alloc(8);
    rest.writeBigInt64LE(9007199254740993n);
    const input = { name: 'user', datatype: 'INT64', shape: [1], parameters: { binary_data_size: 8 } };
    expect((await infer({ inputs: [input] }, { rest })).status).toBe(200);
  });
});

describe('a mistake has a code and a place in its one text', () => {
  const tensor = (more: object) => ({ inputs: [{ ...users('u1'), ...more }] });
  it.each<[name: string, body: unknown, status: number, error: RegExp, sent?: Sent]>([
    ['no JSON', '{', 400, /^request-body: .*not JSON/],
    ['nothing', '', 400, /^request-body: .*is empty/],
    ['no inputs', {}, 400, /^request-value: `inputs` of the request is missing/],
    ['an entry', { inputs: [users('u1')], model: 1 }, 400, /^unknown-name at \/model: /],
    ['an entry of a tensor', tensor({ type: 'BYTES' }), 400, /^unknown-name at \/inputs\/0\/type: .*`datatype`/],
    [
      'a shape',
      tensor({ shape: [2] }),
      400,
      /^request-value at \/inputs\/0\/data: .*has 1 elements, and its shape needs 2/,
    ],
    ['a negative shape', tensor({ shape: [-1] }), 400, /^request-value at \/inputs\/0\/shape\/0: .*is -1/],
    ['a huge shape', tensor({ shape: [1e9, 0], data: [] }), 413, /^request-size at \/inputs\/0: .*4 rows/],
    ['an empty shape', tensor({ shape: [0], data: [] }), 400, /^request-value at \/inputs\/0: .*has 0 values/],
    ['a datatype', tensor({ datatype: 'FP16' }), 400, /^request-value at \/inputs\/0\/datatype: .*`FP16`.*BYTES, BOOL/],
    [
      'an element',
      tensor({ data: [1] }),
      400,
      /^request-value at \/inputs\/0\/data: .*another element than BYTES at place 0/,
    ],
    [
      'no data',
      { inputs: [{ name: 'user', datatype: 'BYTES', shape: [1] }] },
      400,
      /^request-value at \/inputs\/0: `data` .*is missing/,
    ],
    [
      'shared memory',
      tensor({ parameters: { shared_memory_region: 'r' } }),
      400,
      /^request-value at \/inputs\/0\/parameters: .*not supported/,
    ],
    [
      'a parameter',
      { inputs: [users('u1')], parameters: { kk: 1 } },
      400,
      /^unknown-name at \/parameters: .*`kk`.*`removeSeen`/,
    ],
    [
      'an output',
      { inputs: [users('u1')], outputs: [{ name: 'score' }] },
      400,
      /^unknown-name at \/outputs\/0\/name: .*did you mean `scores`/,
    ],
    ['an input twice', { inputs: [users('u1'), users('u1')] }, 400, /^request-value at \/inputs\/1: .*is given twice/],
    [
      'rows',
      { inputs: [users('u1', 'u2'), { ...users('a', 'b', 'c'), name: 'filter' }] },
      400,
      /^request-value at \/inputs\/0: .*has 2 values/,
    ],
    ['a user', { inputs: [{ ...users('u1'), name: 'filter' }] }, 400, /^request-value at \/inputs: `user`/],
    [
      'a filter',
      { inputs: [users('u1'), { ...users('x >'), name: 'filter' }] },
      400,
      /^filter-syntax at \/inputs\/1, row 0, characters 3 to 3: /,
    ],
    [
      'a size',
      tensor({ parameters: { binary_data_size: 9 } }),
      400,
      /^request-value at \/inputs\/0\/parameters: .*up to the 6/,
      { rest: bytesOf('u1') },
    ],
    [
      'bytes',
      tensor({ parameters: { binary_data_size: 5 } }),
      400,
      /^request-value at \/inputs\/0: .*ends within a text/,
      { rest: bytesOf('u1') },
    ],
    [
      'more texts',
      tensor({ parameters: { binary_data_size: 12 } }),
      400,
      /^request-value at \/inputs\/0: .*has 2 texts/,
      { rest: bytesOf('u1', 'u2') },
    ],
    [
      'no UTF-8',
      tensor({ parameters: { binary_data_size: 5 } }),
      400,
      /^request-value at \/inputs\/0: .*no text in UTF-8/,
      { rest: bytesOf(Buffer.from([255])) },
    ],
    [
      'a length',
      { inputs: [users('u1')] },
      400,
      /^request-value: `inference-header-content-length`/,
      { length: '99999' },
    ],
  ])('%s', async (_, body, status, error, sent) => {
    const answer = await infer(body, sent);
    expect(answer.body.error).toMatch(error);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(['error']);
  });

  it('of another route, and of a token', async () => {
    expect((await get('/v2/nothing')).body.error).toMatch(/^request-route: .*use one of GET \/v1\/models/);
    const locked = await served.server({ token: '0123456789abcdef' });
    const refused = await ask(locked, '/v2');
    expect([refused.status, JSON.parse(refused.text)]).toEqual([
      401,
      { error: expect.stringMatching(/^request-token: /) },
    ]);
    expect((await ask(locked, '/v2/health/ready')).status).toBe(200);
    expect((await ask(locked, `/v2/models/${model}/ready`)).status).toBe(200);
  });
});
