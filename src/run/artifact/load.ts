/** Reads a trained model back, after making sure that every byte is the one that was written. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Encoding } from '../../data/dataset.ts';
import { failure } from '../../diagnostics/failure.ts';
import { makeTable, type Table } from '../../embedding/table.ts';
import type { Tensors } from '../../engine/engine.ts';
import type { Graph, Tensor } from '../../graph/graph.ts';
import type { Plan } from '../../lower/plan.ts';
import { readSafetensors } from '../safetensors.ts';
import { systemReason } from '../system_reason.ts';
import type { Tables } from '../tables.ts';
import { checksumOf } from './checksum.ts';
import { type Manifest, manifestFile, noChecksum, restorePlan } from './manifest.ts';
import { refuseUnlessValid } from './validate.ts';

/** A trained model in memory. */
export interface Trained {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly plan: Plan;
  /** By the feature that owns it. */
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** Read-only: without an optimizer's state. */
  readonly tables: Tables;
  /** The dense weights, by parameter of the graphs. */
  readonly parameters: Tensors;
}

const tablePrefix = 'table/';

/**
 * @throws Failure `not-a-run`, `lost-file`, `changed-file`, `unfinished-run`, `lost-file`, `changed-file`, `damaged-file`, `cannot-read`
 */
export async function load(folder: string): Promise<Trained> {
  const manifest = await readManifest(folder);
  await verifyFiles(folder, manifest);
  const { plan: stored } = manifest;
  const graphs = new Map<string, Graph>();
  for (const { graph } of [...stored.towers.map((tower) => tower.embedded), stored.step]) {
    graphs.set(graph, (await readJson(folder, graph)) as Graph);
  }
  const encodings = new Map<string, Encoding>();
  for (const [feature, path] of Object.entries(manifest.encodings)) {
    const encoding = await readJson(folder, path);
    await refuseUnlessValid('encoding', encoding, join(folder, path));
    encodings.set(feature, encoding as Encoding);
  }
  const tables = new Map<string, Table>();
  const { tensors } = await readSafetensors(join(folder, manifest.weights), {
    // Straight into its place: a table may be larger than half of the memory.
    into(name, shape) {
      if (!name.startsWith(tablePrefix)) return undefined;
      const table = makeTable({ name: name.slice(tablePrefix.length), rows: shape[0]!, dim: shape[1]! });
      tables.set(table.name, table);
      return table.values();
    },
  });
  const parameters: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of tensors) {
    if (name.startsWith(tablePrefix)) continue;
    parameters[name.slice('parameter/'.length)] = { dtype: 'float32', shape, data: data as Float32Array };
  }
  return { folder, manifest, plan: restorePlan(stored, graphs), encodings, tables, parameters };
}

/** The manifest alone, checked against its schema; the files it names are not looked at. */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    if (await exists(path)) throw failure('cannot-read', { path, reason });
    throw failure((await exists(join(folder, 'run.json'))) ? 'unfinished-run' : 'not-a-run', { folder });
  }
  const manifest = parse(text, path);
  await refuseUnlessValid('manifest', manifest, path);
  const { checksum } = manifest as Manifest;
  const found = createHash('sha256').update(text.replace(checksum, noChecksum)).digest('hex');
  if (found !== checksum) throw failure('changed-file', { path });
  return manifest as Manifest;
}

async function verifyFiles(
  folder: string,
  { files, weights, encodings, plan, sources, data }: Manifest,
): Promise<void> {
  const named = [
    weights,
    ...Object.values(encodings),
    ...plan.towers.map((tower) => tower.embedded.graph),
    plan.step.graph,
    ...sources,
    ...(data.source === undefined ? [] : [data.source]),
  ];
  for (const path of named) {
    if (files[path] === undefined) {
      throw failure('damaged-file', { path: join(folder, manifestFile), reason: `it has no checksum for ${path}` });
    }
  }
  for (const [path, { sha256, bytes }] of Object.entries(files)) {
    const at = join(folder, path);
    if (!(await exists(at))) throw failure('lost-file', { path, folder });
    const found = await checksumOf(at).catch((error: unknown) => {
      const reason = systemReason(error);
      throw reason === undefined ? error : failure('cannot-read', { path: at, reason });
    });
    if (found.bytes !== bytes || found.sha256 !== sha256) throw failure('changed-file', { path: at });
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );

async function readJson(folder: string, path: string): Promise<unknown> {
  return parse(await readFile(join(folder, path), 'utf8'), join(folder, path));
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw failure('damaged-file', { path, reason: 'it is not JSON' });
  }
}
