/** TensorFlow Serving's REST API: the requests and answers of its documentation, and the same items as `/v1/recommend`. */
import { beforeAll, describe, expect, it } from 'vitest';
import { makeServer, type Server } from '../../../../src/serving/server/server.ts';
import { makeActiveVersions, makeVersion, makeVersions } from '../../../../src/serving/server/versions/versions.ts';
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

/** As `curl -d` sends it: a form that is none. */
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const get = async (path: string) => JSON.parse((await ask(server, `/v1/models/${path}`)).text);
async function predict(body: unknown, path = model) {
  const { status, text } = await ask(server, `/v1/models/${path}:predict`, body, form);
  return { status, body: JSON.parse(text) };
}
const best = async (body: object) => {
  const { items } = await served.answers.recommend(body);
  return {
    keys: items.map(({ key }) => key),
    titles: items.map(({ title }) => title),
    scores: items.map(({ score }) => score),
  };
};

describe('the answers of its documentation', () => {
  it('status', async () => {
    const status = {
      model_version_status: [{ version: 'v1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
    };
    expect(await get(model)).toEqual(status);
    expect(await get(`${model}/versions/v1`)).toEqual(status);
    expect(await get(`${model}/labels/stable`)).toEqual(status);
  });

  it('metadata', async () => {
    for (const part of ['', '/versions/v1', '/labels/stable']) {
      const { model_spec, metadata } = await get(`${model}${part}/metadata`);
      expect(model_spec).toEqual({ name: model, signature_name: '', version: 'v1' });
      const { signature_def: signatures } = metadata.signature_def;
      expect(Object.keys(signatures)).toEqual(['serving_default', 'search', 'similar', 'query_vector', 'item_vector']);
      expect(signatures.serving_default.inputs.history).toEqual({
        dtype: 'DT_STRING',
        tensor_shape: {
          dim: [
            { size: '-1', name: '' },
            { size: '-1', name: '' },
          ],
          unknown_rank: false,
        },
        name: 'serving_default_history:0',
      });
      expect(Object.keys(signatures.serving_default.inputs)).toEqual([
        'user',
        'history',
        'k',
        'filter',
        'exclude',
        'removeSeen',
        'weights.watch',
      ]);
      expect(signatures.query_vector.outputs.vector.tensor_shape.dim[1].size).toBe(
        String(served.recommender.snapshot.width),
      );
      expect(signatures.search.method_name).toBe('tensorflow/serving/predict');
    }
  });

  it('a model that is not there', async () => {
    const { status, body } = await predict({ instances: [1.0, 5.0] }, 'half');
    expect(status).toBe(404);
    expect(Object.keys(body)).toEqual(['error']);
    expect(body.error).toMatch(/^unknown-name: there is no model called `half`/);
  });
});

describe('rows', () => {
  it('of the only value, and of values by name', async () => {
    const [one, two] = [await best({ user: 'u1' }), await best({ user: 'u2' })];
    expect((await predict({ instances: ['u1', 'u2'] })).body).toEqual({ predictions: [one, two] });
    const rows = [
      { user: 'u1', k: 3 },
      { history: ['m1', 'm2'], k: 2, filter: 'year > 1990', exclude: ['m20'] },
      { user: 'u1', history: ['m4'], removeSeen: false, 'weights.watch': 2 },
    ];
    expect((await predict({ signature_name: 'serving_default', instances: rows })).body).toEqual({
      predictions: [
        await best({ user: 'u1', k: 3 }),
        await best({ values: { history: ['m1', 'm2'] }, k: 2, filter: 'year > 1990', exclude: ['m20'] }),
        await best({ user: 'u1', values: { history: ['m4'] }, removeSeen: false, weights: { watch: 2 } }),
      ],
    });
  });

  it('with texts in base64', async () => {
    const b64 = (text: string) => ({ b64: Buffer.from(text).toString('base64') });
    expect((await predict({ instances: [b64('u1')] })).body).toEqual({ predictions: [await best({ user: 'u1' })] });
    const { body } = await predict({ instances: [{ history: [b64('m1'), 'm2'], k: 2 }] });
    expect(body).toEqual({ predictions: [await best({ values: { history: ['m1', 'm2'] }, k: 2 })] });
  });

  it('of other signatures', async () => {
    const { answers } = served;
    const [vector] = await answers.vectors({ user: 'u3' });
    const vectors = await predict({ signature_name: 'query_vector', instances: ['u3', { history: [] }] });
    expect(vectors.body.predictions[0]).toEqual([...vector!]);
    expect(vectors.body.predictions).toHaveLength(2);
    const searched = await predict({ signature_name: 'search', instances: [[...vector!]] });
    expect(searched.body.predictions).toEqual([await best({ vector: [...vector!] })]);
    const seen = await predict({ signature_name: 'search', instances: [{ vector: [...vector!], user: 'u3', k: 4 }] });
    expect(seen.body.predictions).toEqual([await best({ vector: [...vector!], user: 'u3', k: 4 })]);
    const item = await predict({ signature_name: 'item_vector', instances: ['m3'] });
    expect(item.body.predictions).toEqual([[...(await answers.vectors({ item: 'm3' }))[0]!]]);
    const near = await predict({ signature_name: 'similar', instances: [{ item: 'm3', k: 2 }] });
    const { items } = await answers.similar({ item: 'm3', k: 2 });
    expect(near.body.predictions[0].keys).toEqual(items.map(({ key }) => key));
  });
});

describe('columns', () => {
  it('give columns, filled up where a row has fewer items', async () => {
    const { body } = await predict({ inputs: { user: ['u1', 'u2'], k: [3, 2] } });
    const [one, two] = [await best({ user: 'u1', k: 3 }), await best({ user: 'u2', k: 2 })];
    expect(body.outputs.keys).toEqual([one.keys, [...two.keys, '']]);
    expect(body.outputs.scores).toEqual([one.scores, [...two.scores, -3.4028234663852886e38]]);
    expect(body.outputs.titles).toEqual([one.titles, [...two.titles, '']]);
  });

  it('take one value for all rows, lists that are filled up, and values without names', async () => {
    const { body } = await predict({
      inputs: {
        history: [
          ['m1', 'm2'],
          ['m3', ''],
        ],
        k: 2,
        filter: ['', 'year > 1990'],
      },
    });
    const rows = [
      await best({ values: { history: ['m1', 'm2'] }, k: 2 }),
      await best({ values: { history: ['m3'] }, k: 2, filter: 'year > 1990' }),
    ];
    expect(body.outputs.keys).toEqual(rows.map(({ keys }) => keys));
    expect((await predict({ inputs: ['u1'] })).body.outputs.keys).toEqual([(await best({ user: 'u1' })).keys]);
    const vectors = await predict({ signature_name: 'item_vector', inputs: { item: ['m1', 'm2'] } });
    expect(vectors.body.outputs).toHaveLength(2);
  });
});

it('finds versions by number and by label', async () => {
  const [stable, canary] = [3, 4].map((each) =>
    makeVersion({ answers: { ...served.answers, version: `v${each}` }, folder: `models/live/${each}` }),
  );
  server = await makeServer(makeVersions(makeActiveVersions(stable!, canary!, 0.5)), { tower: '0.0.0' });
  const versions = async (path: string) =>
    (await get(path)).model_version_status.map(({ version }: { version: string }) => version);
  expect(await versions(model)).toEqual(['3', '4']);
  expect(await versions(`${model}/versions/4`)).toEqual(['4']);
  expect(await versions(`${model}/labels/canary`)).toEqual(['4']);
  expect((await predict({ instances: ['u1'] }, `${model}/versions/3`)).status).toBe(200);
  expect((await predict({ instances: ['u1'] }, `${model}/labels/canary`)).status).toBe(200);
  const missing = await predict({ instances: ['u1'] }, `${model}/versions/5`);
  expect(missing).toMatchObject({
    status: 404,
    body: { error: expect.stringContaining('no version of the model called `5`') },
  });
  expect((await predict({ instances: ['u1'] }, `${model}/labels/beta`)).status).toBe(404);
  server = await served.server({ limits: { batch: 4, k: 50 } });
});

describe('a mistake has a code and a place in its one text', () => {
  it.each<[name: string, body: unknown, status: number, error: RegExp]>([
    ['no JSON', '{"instances": [', 400, /^request-body: .*not JSON/],
    ['a list', [{ instances: ['u1'] }], 400, /^request-body: .*a list in the place of an object/],
    ['nothing', {}, 400, /^request-value: `instances` of the request is missing/],
    ['both', { instances: ['u1'], inputs: ['u1'] }, 400, /^request-value at \/inputs: .*next to `instances`/],
    ['another entry', { instance: [] }, 400, /^unknown-name at \/instance: .*did you mean `instances`/],
    ['a signature', { signature_name: 'serve', instances: [] }, 400, /^unknown-name at \/signature_name: /],
    ['a k', { instances: ['u1', { user: 'u1', k: 99 }] }, 400, /^request-value at \/instances\/1\/k: .*is 99/],
    ['a name', { instances: [{ usr: 'u1' }] }, 400, /^unknown-name at \/instances\/0\/usr: /],
    [
      'a filter',
      { instances: [{ user: 'u1', filter: 'yer > 1' }] },
      400,
      /^unknown-name at \/instances\/0\/filter, characters 0 to 3: /,
    ],
    ['a user', { instances: [{}] }, 400, /^request-value at \/instances\/0\/user: `user` of the request is missing/],
    [
      'an item',
      { signature_name: 'similar', instances: ['m1', 'x'] },
      400,
      /^unknown-name at \/instances\/1: .*no item called `x`/,
    ],
    ['two rows', { instances: [{}, { user: 'u1', k: 0 }] }, 400, /^request-value at \/instances\/1\/k: .*is 0/],
    ['base64', { instances: [{ b64: 'a' }] }, 400, /^request-value at \/instances\/0: .*base64/],
    ['no UTF-8', { instances: [{ user: { b64: '/w==' } }] }, 400, /^request-value at \/instances\/0\/user: .*base64/],
    [
      'lengths',
      { inputs: { user: ['u1', 'u2'], k: [1, 2, 3] } },
      400,
      /^request-value at \/inputs\/user: .*has 2 values/,
    ],
    ['a flat list', { inputs: { history: ['m1'] } }, 400, /^request-value at \/inputs\/history: .*no list for row 0/],
    [
      'a vector',
      { signature_name: 'search', inputs: { vector: [[1]] } },
      400,
      /^request-value at \/inputs\/vector\/0: .*has 1 numbers/,
    ],
    ['many rows', { instances: ['u1', 'u1', 'u1', 'u1', 'u1'] }, 413, /^request-size: /],
  ])('%s', async (_, body, status, error) => {
    const answer = await predict(body);
    expect(answer.body.error).toMatch(error);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(['error']);
  });

  it('of another verb, and of another method', async () => {
    const regress = await ask(server, `/v1/models/${model}:regress`, {}, form);
    expect(regress.status).toBe(404);
    expect(JSON.parse(regress.text).error).toMatch(/^request-route: .*POST \/v1\/models\/\w+:regress/);
    expect((await ask(server, `/v1/models/${model}`, {}, form)).status).toBe(405);
  });
});
