/** Models that make vectors of texts: an endpoint that speaks OpenAI's protocol, or @huggingface/transformers on this machine. An answer is checked as input. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { TextModel, TextModelRequest } from '../../app/api/embed.ts';
import { describeError, type Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { FailedRequest, fetchText, makeFailedRequest, parseJsonObject } from '../../base/util/http.ts';

/** Opens a model, such as for the text of an item that is new while a server runs. @throws Failure `embed-failed`, `no-transformers` */
export async function openTextModel(request: TextModelRequest, from?: string): Promise<TextModel> {
  const { prefix = '', url } = request;
  const answer = url === undefined ? await openLocal(request, from) : openEndpoint(request, url);
  return {
    async embed(texts) {
      const vectors = await answer(texts.map((text) => prefix + text));
      return texts.map((_, index) => checkedVector(request, vectors[index], index));
    },
  };
}

export const embedFailure = ({ model }: TextModelRequest, reason: string, advice: string): Failure =>
  failure('embed-failed', { model, reason, advice });

const maxWidth = 65_536;

function checkedVector(request: TextModelRequest, numbers: unknown, index: number): Float32Array {
  const refuse = (reason: string): Failure =>
    embedFailure(request, `vector ${index + 1} of its answer ${reason}`, 'ask another model, or another endpoint');
  const isList = Array.isArray(numbers) || numbers instanceof Float32Array;
  if (!isList || numbers.length === 0 || numbers.length > maxWidth) {
    throw refuse(isList ? `has ${numbers.length} numbers` : 'is no list of numbers');
  }
  const vector = Float32Array.from(numbers);
  const wrong = vector.findIndex((value, i) => !Number.isFinite(value) || typeof numbers[i] !== 'number');
  if (wrong !== -1)
    throw refuse(`has ${JSON.stringify(numbers[wrong])} at index ${wrong}, where a finite float32 is needed`);
  return vector;
}

type AnswerTexts = (texts: readonly string[]) => Promise<readonly unknown[]>;

const maxAnswerBytes = 256 * 2 ** 20;
const maxAttempts = 8;
/** Milliseconds before the second attempt, and the longest that is waited before any. */
const [firstPause, maxPause] = [500, 120_000];

function openEndpoint(request: TextModelRequest, url: string): AnswerTexts {
  const { model, dimensions, timeout = 60, signal } = request;
  const endpoint = endpointOf(request, url);
  const secret = request.secret ?? secretFor(endpoint);
  const headers = { 'content-type': 'application/json', ...(secret ? { authorization: `Bearer ${secret}` } : {}) };
  const limits = { timeout: 1000 * timeout, maxBytes: maxAnswerBytes, signal };
  return async (texts) => {
    const body = JSON.stringify({ model, input: texts, encoding_format: 'float', dimensions });
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await fetchText(endpoint.href, { method: 'POST', headers, body }, limits);
        const answer = parseJsonObject(response.text);
        if (!response.ok) throw makeFailedRequest(response, messageOf(answer));
        return vectorsIn(answer?.data, texts.length);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof FailedRequest)) throw error;
        // The part at random keeps clients that were refused together from returning together.
        const pause = error.retryAfter ?? firstPause * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
        if (!error.isTransient || attempt === maxAttempts || pause > maxPause) {
          const waits =
            error.isTransient && pause > maxPause ? `; it asks to wait ${Math.ceil(pause / 1000)} seconds` : '';
          throw embedFailure(request, `${endpoint.href}: ${error.message}${waits}`, adviceFor(error));
        }
        await delay(pause, undefined, { signal }).catch(() => signal?.throwIfAborted());
      }
    }
  };
}

export function endpointOf(request: TextModelRequest, url: string): URL {
  const refuse = (reason: string): Failure =>
    embedFailure(request, `the address of its endpoint ${reason}`, 'write it as `https://HOST/v1`');
  if (!URL.canParse(url)) throw refuse('is no URL');
  const endpoint = new URL(url);
  if (!/^https?:$/.test(endpoint.protocol)) throw refuse('does not begin with `http://` or `https://`');
  if (endpoint.username || endpoint.password) throw refuse('has a secret: set `TOWER_EMBED_KEY` to it');
  endpoint.pathname = `${endpoint.pathname.replace(/(\/embeddings)?\/*$/, '')}/embeddings`;
  return endpoint;
}

/** The key of OpenAI goes to OpenAI alone. */
const secretFor = ({ hostname, protocol }: URL): string | undefined =>
  process.env.TOWER_EMBED_KEY ||
  (hostname === 'api.openai.com' && protocol === 'https:' ? process.env.OPENAI_API_KEY : undefined);

const messageOf = (answer: ReturnType<typeof parseJsonObject>): unknown =>
  (answer?.error as { message?: unknown } | undefined)?.message ?? answer?.error ?? answer?.message;

const adviceFor = ({ message, isTransient }: FailedRequest): string =>
  /answers 40[13]/.test(message)
    ? 'set `TOWER_EMBED_KEY` to the secret of the endpoint'
    : isTransient
      ? 'run the same command again: the vectors so far are in the cache'
      : 'check `--url` and `--model`, and try a smaller `--batch`';

/** Returns the vectors in the order of the texts: each has the index of its text. */
function vectorsIn(data: unknown, count: number): readonly unknown[] {
  const refuse = (reason: string): FailedRequest => new FailedRequest(`its answer ${reason}`, false);
  if (!Array.isArray(data)) throw refuse('has no list `data`');
  if (data.length !== count) throw refuse(`has ${data.length} vectors for ${count} texts`);
  const vectors = new Array<unknown>(count).fill(undefined);
  for (const [at, entry] of (data as readonly { index?: unknown; embedding?: unknown }[]).entries()) {
    const index = entry?.index ?? at;
    if (!Number.isSafeInteger(index) || vectors[index as number] !== undefined || !((index as number) in vectors)) {
      throw refuse('has an index twice, or one of no text');
    }
    vectors[index as number] = entry?.embedding ?? null;
  }
  return vectors;
}

const transformersVersion = '4.3.2';

/** The part of @huggingface/transformers that is used here. It is an optional peer: it brings a second ONNX Runtime and an image library, 475 MB. */
interface Transformers {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(task: 'feature-extraction', model: string): Promise<FeatureExtraction>;
}
type FeatureExtraction = (
  texts: readonly string[],
  options: { readonly pooling: string; readonly normalize: boolean },
) => Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;

/** @param from the module to load */
async function openLocal(request: TextModelRequest, from = '@huggingface/transformers'): Promise<AnswerTexts> {
  const { model, pooling = 'mean' } = request;
  const { env, pipeline } = await loadTransformers(from);
  const isFolder = existsSync(join(model, 'config.json'));
  if (isFolder) {
    env.allowRemoteModels = false;
    env.localModelPath = dirname(resolve(model));
  }
  const attempt = async <T>(work: Promise<T>, advice: string): Promise<T> =>
    work.catch((error: unknown) => {
      throw embedFailure(request, describeError(error), advice);
    });
  const extract = await attempt(
    pipeline('feature-extraction', isFolder ? basename(resolve(model)) : model),
    'name a folder with `config.json`, `tokenizer.json` and `onnx/model.onnx`, or a model of the hub that has them',
  );
  return async (texts) => {
    const { data, dims } = await attempt(extract(texts, { pooling, normalize: true }), 'try a smaller `--batch`');
    const width = dims.at(-1)!;
    return texts.map((_, index) => data.slice(index * width, (index + 1) * width));
  };
}

/** Looks next to Tower, and then in the project where the command runs. @throws Failure `no-transformers` */
async function loadTransformers(name: string): Promise<Transformers> {
  const version = transformersVersion;
  for (const base of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href]) {
    let path: string;
    try {
      path = createRequire(base).resolve(name);
    } catch {
      continue;
    }
    try {
      const module = (await import(pathToFileURL(path).href)) as Partial<Transformers> & { default?: Transformers };
      return (module.pipeline === undefined ? module.default : module) as Transformers;
    } catch (error) {
      throw failure('no-transformers', { version, reason: describeError(error) });
    }
  }
  throw failure('no-transformers', { version });
}
