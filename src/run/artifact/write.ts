/** Turns a run's folder into a model: all that it takes to evaluate, query and export it, each file with its checksum. */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { Dataset, Encoding } from '../../data/dataset.ts';
import { invariant } from '../../diagnostics/failure.ts';
import type { Plan } from '../../lower/plan.ts';
import { makeFolder, writeTextDurably } from '../durable.ts';
import { type Checksum, checksumOf } from './checksum.ts';
import { type Manifest, manifestFile, noChecksum, storePlan } from './manifest.ts';
import { complaint } from './validate.ts';

/** Where a model comes from, as the user wrote it. */
export interface Origin {
  /** The model's file first, then those it uses. */
  readonly sources: readonly SourceText[];
  /** Constants set from the command line. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The file with its `data` block. */
  readonly data?: SourceText;
}

export interface SourceText {
  /** Its path. */
  readonly name: string;
  readonly text: string;
}

export interface ArtifactParts {
  readonly plan: Plan;
  readonly dataset: Dataset;
  readonly origin: Origin;
  readonly tower: string;
  readonly engine: Manifest['engine'];
  readonly training: Manifest['training'];
  /** Files of the folder that are already there: the weights first. */
  readonly present: readonly string[];
}

/**
 * Writes everything but the weights, and the manifest last: without it the folder holds no model.
 * @throws Failure `cannot-write`
 */
export async function writeArtifact(folder: string, parts: ArtifactParts): Promise<Manifest> {
  const { plan, dataset, origin } = parts;
  const texts = new Map<string, string>();
  const storedPlan = storePlan(plan, (graph, name) => add(texts, `graphs/${name}.json`, jsonOf(graph.graph)));
  const encodings = Object.fromEntries(
    [...dataset.encodings].map(([feature, encoding]) => [feature, addEncoding(texts, feature, encoding)]),
  );
  const sources = origin.sources.map(({ name, text }) => add(texts, `sources/${basename(name)}`, text));
  const dataSource = origin.data && add(texts, `sources/${basename(origin.data.name)}`, origin.data.text);

  await writeTexts(folder, texts);
  const files: Record<string, Checksum> = {};
  for (const path of [...parts.present, ...texts.keys()].sort()) files[path] = await checksumOf(join(folder, path));
  const { train, validation, test } = dataset.parts;
  const manifest: Manifest = {
    format: 'tower-model-1',
    tower: parts.tower,
    engine: parts.engine,
    seed: plan.train.seed,
    training: parts.training,
    data: {
      ...(origin.data ? { file: origin.data.name } : {}),
      ...(dataSource ? { source: dataSource } : {}),
      protocol: dataset.protocol,
      train: train.rows,
      validation: validation.rows,
      test: test.rows,
      items: dataset.corpus.rows,
      users: dataset.users.rows,
      rejected: dataset.rejected.count,
    },
    sources,
    ...(origin.settings ? { settings: origin.settings } : {}),
    plan: storedPlan,
    encodings,
    weights: parts.present[0]!,
    files,
    checksum: noChecksum,
  };
  const wrong = await complaint('manifest', manifest);
  invariant(wrong === undefined, `the manifest does not fit its schema: ${wrong}`);
  const text = `${jsonOf(manifest, 2)}\n`;
  const checksum = createHash('sha256').update(text).digest('hex');
  await writeTextDurably(join(folder, manifestFile), text.replace(noChecksum, checksum));
  return { ...manifest, checksum };
}

/** Each text in its folder, made where it is missing. */
export async function writeTexts(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of texts) {
    const at = join(folder, path);
    await makeFolder(join(at, '..'));
    await writeTextDurably(at, text);
  }
}

export function addEncoding(texts: Map<string, string>, feature: string, encoding: Encoding): string {
  return add(texts, `encodings/${feature}.json`, jsonOf(encoding));
}

/** Under a name that nothing else has: two files of one name from two folders are `a.tower` and `a-2.tower`. */
function add(texts: Map<string, string>, path: string, text: string): string {
  const dot = path.lastIndexOf('.');
  let free = path;
  for (let i = 2; texts.has(free); i++) free = `${path.slice(0, dot)}-${i}${path.slice(dot)}`;
  texts.set(free, text);
  return free;
}

/** JSON has no infinities and no NaN, and would write null for them. */
function jsonOf(value: unknown, indent = 0): string {
  return JSON.stringify(
    value,
    (key, each: unknown) => {
      invariant(typeof each !== 'number' || Number.isFinite(each), `${key} is ${each}, which JSON cannot hold`);
      return each;
    },
    indent,
  );
}
