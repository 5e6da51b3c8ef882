/** Reads and validates the files of an export before they are used. */
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { type Damaged, type Expected, storedIn } from '../../base/storage/tensor_header.ts';
import { treeIn } from '../../base/storage/tensor_tree.ts';
import { countElements, printType, resolveShape } from '../../graph/dims.ts';
import type { NamedTensors } from '../../graph/evaluate.ts';
import type { Graph, TensorType } from '../../graph/graph.ts';
import { neededBy } from '../../graph/plan/plan.ts';
import { verify } from '../../graph/verify.ts';
import {
  fittedNumbers,
  itemVectors,
  type JsonShape,
  type PageFile,
  type PageIndex,
  type PageQuery,
  queryShape,
  rowsOfCodes,
  scalesOf,
} from '../../retrieval/page_files.ts';
import { type ItemWeights, weightsComplaint } from '../../retrieval/scan/item_weights.ts';
import { type PublicItems, publicItemsComplaint } from '../../retrieval/servable.ts';

/** Maximum numbers in the values of one query: 1 GiB. */
const mostNumbers = 2 ** 28;

export function parsedShape<T>(text: string, shape: JsonShape, damaged: Damaged): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('it is not JSON');
  }
  const shapeError = shape(value, '');
  if (shapeError !== undefined) throw damaged(shapeError.startsWith('/') ? shapeError : `the file${shapeError}`);
  return value as T;
}

export function readQuery(text: string, damaged: Damaged): PageQuery {
  const query = parsedShape<PageQuery>(text, queryShape, damaged);
  checkFeatures(query, damaged);
  if (!query.fitted) checkGraph(query, damaged);
  return query;
}

export function readItems(bytes: Uint8Array<ArrayBuffer>, damaged: Damaged): PublicItems {
  const items = treeIn(bytes, damaged);
  const reason = publicItemsComplaint(items);
  if (reason !== undefined) throw damaged(reason);
  return items as PublicItems;
}

/** Reads float32 tensors, each stored as it is or as bytes with scales. @param shapes of all tensors, by name */
function readNumbers(
  bytes: Uint8Array<ArrayBuffer>,
  shapes: ReadonlyMap<string, readonly number[]>,
  damaged: Damaged,
): ReadonlyMap<string, Float32Array> {
  const expectedOf = (names: ReadonlySet<string>): ReadonlyMap<string, Expected> =>
    new Map(
      [...shapes].flatMap(([name, shape]): [string, Expected][] => {
        if (!names.has(scalesOf(name))) return [[name, { dtype: 'F32', shape }]];
        return [
          [name, { dtype: 'U8', shape }],
          [scalesOf(name), { dtype: 'F32', shape: shape.slice(0, 1) }],
        ];
      }),
    );
  const { tensors } = storedIn(bytes, damaged, expectedOf);
  return new Map(
    [...shapes.keys()].map((name) => {
      const { data } = tensors.get(name)!;
      const scales = tensors.get(scalesOf(name))?.data as Float32Array | undefined;
      return [name, scales ? rowsOfCodes(data as Uint8Array, scales) : (data as Float32Array)];
    }),
  );
}

/** float32 [rows, width] */
export const readVectors = (
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly [rows: number, width: number],
  damaged: Damaged,
): Float32Array => readNumbers(bytes, new Map([[itemVectors, shape]]), damaged).get(itemVectors)!;

/** Reads the weights of a score that is fitted as a whole. @param rows number of items */
export function readItemWeights(
  bytesOf: (name: PageFile) => Uint8Array<ArrayBuffer>,
  { fitted, plan, encodings }: PageQuery & Required<Pick<PageQuery, 'fitted'>>,
  rows: number,
  damagedIn: (name: PageFile) => Damaged,
): ItemWeights {
  const list = plan.features.find(({ name }) => name === fitted.list);
  const encoding = list && encodings[list.encoderOf];
  const damaged = damagedIn('query.safetensors');
  if (list?.max === undefined || encoding?.kind !== 'vocabulary')
    throw damaged(`\`${fitted.list}\` is no list of items`);
  const codes = encoding.values.length + 1;
  const shapes = new Map<string, readonly number[]>([
    [fittedNumbers.neighbours, [codes, fitted.keep]],
    [fittedNumbers.weights, [codes, fitted.keep]],
    [fittedNumbers.events, [codes, 1]],
  ]);
  const numbers = readNumbers(bytesOf('query.safetensors'), shapes, damaged);
  const damagedItems = damagedIn('items.safetensors');
  const ofItems = readNumbers(bytesOf('items.safetensors'), new Map([[fittedNumbers.codes, [rows, 1]]]), damagedItems);
  const itemWeights = {
    neighbours: numbers.get(fittedNumbers.neighbours)!,
    weights: numbers.get(fittedNumbers.weights)!,
    events: numbers.get(fittedNumbers.events)!,
    codes: ofItems.get(fittedNumbers.codes)!,
    most: list.max,
  };
  const reason = weightsComplaint(itemWeights);
  if (reason !== undefined) throw damaged(reason);
  return itemWeights;
}

/** Returns the parameters by name. */
export function readParameters(bytes: Uint8Array<ArrayBuffer>, graph: Graph, damaged: Damaged): NamedTensors {
  const shapes = new Map(graph.parameters.map(({ name, node }) => [name, graph.nodes[node]!.type.shape as number[]]));
  return Object.fromEntries(
    Array.from(readNumbers(bytes, shapes, damaged), ([name, data]) => [
      name,
      { dtype: 'float32', shape: shapes.get(name)!, data },
    ]),
  );
}

/** Checks that all names exist and that no feature depends on itself. */
function checkFeatures({ plan, encodings, objectives, width }: PageQuery, damaged: Damaged): void {
  const { towers, features } = plan;
  const byName = new Map(features.map((feature) => [feature.name, feature]));
  if (byName.size < features.length) throw damaged('two features have one name');
  for (const name of towers[0].features) if (!byName.has(name)) throw damaged(`there is no feature \`${name}\``);
  const placedFeatures = new Set<string>();
  const placeFeature = (name: string, under: readonly string[]): void => {
    const feature = byName.get(name);
    if (feature === undefined || under.includes(name)) throw damaged(`feature \`${name}\` is missing, or needs itself`);
    if (placedFeatures.has(name)) return;
    for (const needed of neededBy(feature)) placeFeature(needed, [...under, name]);
    placedFeatures.add(name);
  };
  for (const name of byName.keys()) placeFeature(name, []);
  for (const name of towers[0].features) {
    const { encoderOf } = byName.get(name)!;
    if (!Object.hasOwn(encodings, encoderOf)) throw damaged(`\`${encoderOf}\` has no encoding`);
  }
  for (const { name, from, to, factor } of objectives) {
    if (from >= to || to > width || factor === 0) throw damaged(`task \`${name}\` is no part of the vectors`);
  }
}

function checkGraph({ graph, width, interests }: PageQuery, damaged: Damaged): void {
  const [problem] = verify(graph);
  if (problem !== undefined) throw damaged(`the graph of the query tower has a mistake: ${problem}`);
  const vector = graph.outputs.find(({ name }) => name === 'vector');
  const batch = { symbol: 'batch', times: 1 };
  const expectedType: TensorType = {
    dtype: 'float32',
    shape: interests === 1 ? [batch, width] : [batch, interests, width],
  };
  const vectorType = vector && graph.nodes[vector.node]!.type;
  if (vectorType === undefined || printType(vectorType) !== printType(expectedType)) {
    throw damaged(`the graph of the query tower does not give ${printType(expectedType)}`);
  }
  for (const { name, node } of graph.parameters) {
    const { dtype, shape } = graph.nodes[node]!.type;
    if (dtype !== 'float32' || shape.some((dim) => typeof dim !== 'number')) {
      throw damaged(`parameter \`${name}\` of the graph has no known size`);
    }
  }
  const parameters = new Set(graph.parameters.map(({ node }) => node));
  let numberCount = 0;
  graph.nodes.forEach(({ type }, node) => {
    if (!parameters.has(node)) numberCount += countElements(resolveShape(type.shape, { batch: 1 }));
  });
  if (!(numberCount <= mostNumbers)) throw damaged(`a query would take ${numberCount} numbers`);
}

// Fetches a file of an export, and checks its length and checksum against the index.

/** The part of `fetch` that is used. A program may provide its own. */
export type Fetch = (url: string, options: { readonly signal?: AbortSignal }) => Promise<Response>;

/** Makes a stream that unpacks gzip. */
export type Gunzip = () => ReadableWritablePair<Uint8Array, Uint8Array<ArrayBuffer>>;

export interface FetchOptions {
  readonly fetch: Fetch;
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number) => void;
}

export const damagedAt =
  (url: string) =>
  (reason: string): Failure =>
    failure('export-damaged', { url, reason });

/** @throws Failure `export-unreachable`, `export-damaged`, `page-insecure` */
export async function fetchFile(
  url: string,
  { sha256, bytes }: PageIndex['files'][PageFile],
  fetching: FetchOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const damagedFailure = damagedAt(url);
  const body = await bodyOf(url, fetching);
  const file = roomFor(bytes, damagedFailure);
  let filled = 0;
  await eachPiece(url, body, fetching, (piece) => {
    if (filled + piece.length > bytes) throw damagedFailure(`it is longer than the ${bytes} bytes that its index says`);
    file.set(piece, filled);
    filled += piece.length;
  });
  if (filled < bytes) throw damagedFailure(`it has ${filled} bytes, and its index says ${bytes}`);
  if ((await hashOf(file, url)) !== sha256) throw damagedFailure('its checksum is not that of its index');
  return file;
}

/** Returns the contents of a file in gzip. @param most bytes of them @param gunzip makes the stream that unpacks it */
export async function unpackedBytes(
  bytes: Uint8Array<ArrayBuffer>,
  most: number,
  gunzip: Gunzip,
  damaged: Damaged,
): Promise<Uint8Array<ArrayBuffer>> {
  const { take, whole } = collector(most, 'its contents are', damaged);
  try {
    await eachPiece('', new Blob([bytes]).stream().pipeThrough(gunzip()), {}, take);
  } catch (error) {
    throw (error as Failure).diagnostics[0]!.code === 'export-damaged' ? error : damaged('it is not gzip');
  }
  return whole();
}

/** Returns the text of a file. @throws Failure `export-unreachable`, `export-damaged` */
export async function fetchText(url: string, most: number, fetching: FetchOptions): Promise<string> {
  const { take, whole } = collector(most, 'it is', damagedAt(url));
  await eachPiece(url, await bodyOf(url, fetching), fetching, take);
  return new TextDecoder().decode(await whole());
}

/** Joins pieces, unless they have more bytes than allowed. */
function collector(most: number, what: string, damaged: Damaged) {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  return {
    take(piece: Uint8Array): void {
      length += piece.length;
      if (length > most) throw damaged(`${what} longer than ${most} bytes`);
      pieces.push(new Uint8Array(piece));
    },
    whole: async (): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await new Blob(pieces).arrayBuffer()),
  };
}

async function bodyOf(url: string, { fetch, signal }: FetchOptions): Promise<ReadableStream<Uint8Array>> {
  const response = await arrives(url, signal, () => fetch(url, signal ? { signal } : {}));
  if (response.ok && response.body) return response.body;
  throw failure('export-unreachable', {
    url,
    reason: `the server answers ${response.status} ${response.statusText}`.trim(),
  });
}

async function eachPiece(
  url: string,
  body: ReadableStream<Uint8Array>,
  { signal, onBytes }: Omit<FetchOptions, 'fetch'>,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await arrives(url, signal, () => reader.read());
      if (done) return;
      take(value);
      onBytes?.(value.length);
    }
  } finally {
    // The rest of the download is not needed.
    await reader.cancel().catch(() => {});
  }
}

/** Does a fetch. `fetch` throws a TypeError if nothing arrives; a signal throws its own reason. */
async function arrives<T>(url: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Failure) throw error;
    throw failure('export-unreachable', { url, reason: error instanceof Error ? error.message : 'nothing arrives' });
  }
}

function roomFor(bytes: number, damaged: (reason: string) => Failure): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw damaged(`its ${bytes} bytes are more than the browser has room for`);
  }
}

async function hashOf(bytes: Uint8Array<ArrayBuffer>, url: string): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) throw failure('page-insecure', { url });
  const hashBytes = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(hashBytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
