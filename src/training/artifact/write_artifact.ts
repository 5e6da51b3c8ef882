/** Writes the model artifact into a run's folder: everything needed to evaluate, query and export the model, with a checksum for each file. */
import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeTextDurably } from '../../base/storage/durable.ts';
import { computeChecksum } from '../../base/storage/run_files.ts';
import type { Checksum } from '../../base/storage/tensor_header.ts';
import type { Dataset, Encoding } from '../../data/dataset.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { encodingPath, isKeysFile, writeKeys } from './encoding_file.ts';
import { fingerprintOf, type Lineage } from './identity.ts';
import { type Manifest, manifestFile, noChecksum, partName, storePlan } from './run_manifest.ts';
import { schemaError } from './validate.ts';

/** The texts of a model, as the user wrote them. */
export interface Origin {
  /** The model's file first, then those it uses. */
  readonly sources: readonly ModelSource[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly data?: ModelSource;
  readonly final?: Manifest['final'];
}

interface ModelSource {
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
  readonly from?: Lineage;
  /** Files of the folder that are already there: the weights first. */
  readonly present: readonly string[];
}

/** Writes everything but the weights, and the manifest last: without it the folder holds no model. @throws Failure `cannot-write` */
export async function writeArtifact(folder: string, parts: ArtifactParts): Promise<Manifest> {
  const { plan, dataset, origin } = parts;
  const paths = artifactPaths(plan, dataset.encodings, origin);
  const texts = new Map<string, string>();
  const addText = (path: string, text: string): string => {
    texts.set(path, text);
    return path;
  };
  const storedPlan = storePlan(plan, ({ graph }, name) => addText(paths.graphs.get(name)!, jsonOf(graph)));
  const sources = origin.sources.map(({ text }, index) => addText(paths.sources[index]!, text));
  const dataSource = origin.data && addText(paths.data!, origin.data.text);

  await writeTexts(folder, texts);
  const encodings = Object.fromEntries(paths.encodings);
  await writeEncodings(folder, dataset.encodings);
  const files: Record<string, Checksum> = {};
  for (const path of [...parts.present, ...texts.keys(), ...paths.encodings.values()].sort())
    files[path] = await computeChecksum(folder, path);
  const { train, validation, test } = dataset.parts;
  const manifest: Manifest = {
    format: 'tower-model-2',
    tower: parts.tower,
    engine: parts.engine,
    seed: plan.train.seed,
    from: parts.from,
    final: origin.final,
    training: parts.training,
    data: {
      fingerprint: fingerprintOf(dataset),
      file: origin.data?.name,
      source: dataSource,
      shards: dataset.shards && resolve(dataset.shards.folder),
      protocol: dataset.protocol,
      seen: dataset.seen,
      histories: Object.fromEntries(dataset.histories),
      train: train.rows,
      validation: validation.rows,
      test: test.rows,
      items: dataset.corpus.rows,
      users: dataset.users.rows,
      rejected: dataset.rejected.count,
      until: dataset.until,
    },
    sources,
    settings: origin.settings,
    plan: storedPlan,
    encodings,
    weights: parts.present[0]!,
    files,
    checksum: noChecksum,
  };
  const complaintText = await schemaError('manifest', manifest);
  invariant(complaintText === undefined, `the manifest does not fit its schema: ${complaintText}`);
  const manifestText = `${jsonOf(manifest, 2)}\n`;
  const checksum = createHash('sha256').update(manifestText).digest('hex');
  await writeTextDurably(join(folder, manifestFile), manifestText.replace(noChecksum, checksum));
  return { ...manifest, checksum };
}

/** Writes the encodings. They are written before training, so that the run can be resumed with the same codes. */
export async function writeEncodings(folder: string, encodings: Dataset['encodings']): Promise<void> {
  for (const [feature, encoding] of encodings) {
    const path = encodingPath(feature, encoding);
    if (encoding.kind === 'vocabulary' && isKeysFile(path)) {
      await makeFolder(join(folder, 'encodings'));
      await writeKeys(folder, path, encoding);
    } else await writeTexts(folder, new Map([[path, jsonOf(encoding)]]));
  }
}

export async function writeTexts(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [path, text] of texts) {
    const textPath = join(folder, path);
    await makeFolder(join(textPath, '..'));
    await writeTextDurably(textPath, text);
  }
}

export interface ArtifactPaths {
  /** Paths by graph: `tower user`, `part 8 of user`, `step` and, if the model has them, `predictions`. The prefix is there because a tower may be named `step`. */
  readonly graphs: ReadonlyMap<string, string>;
  readonly encodings: ReadonlyMap<string, string>;
  readonly sources: readonly string[];
  readonly data?: string;
  readonly all: readonly string[];
}

/** Names a model's files in its folder: two files of one name from two folders are `a.tower` and `a-2.tower`. */
export function artifactPaths(plan: Plan, encodings: Dataset['encodings'], origin: Origin): ArtifactPaths {
  const takenPaths = new Set<string>();
  const freePath = (path: string): string => {
    const dot = path.lastIndexOf('.');
    let candidatePath = path;
    for (let number = 2; takenPaths.has(candidatePath); number++) {
      candidatePath =
        dot < path.indexOf('/') ? `${path}-${number}` : `${path.slice(0, dot)}-${number}${path.slice(dot)}`;
    }
    takenPaths.add(candidatePath);
    return candidatePath;
  };
  const graphs = [
    ...plan.towers.map(({ name }) => [`tower ${name}`, freePath(`graphs/${name}.json`)] as const),
    ...(['step', 'predictions'] as const).flatMap((name) =>
      plan[name] ? [[name, freePath(`graphs/${name}.json`)] as const] : [],
    ),
    ...plan.towers.flatMap(({ name, parts = [] }) =>
      parts.map((part) => [partName(name, part), freePath(`graphs/${name}_${part.length}.json`)] as const),
    ),
  ];
  const encodingPaths = [...encodings].map(
    ([feature, encoding]) => [feature, freePath(encodingPath(feature, encoding))] as const,
  );
  // Some systems allow characters in a name that paths of this folder may not have.
  const sourcePath = ({ name }: ModelSource): string =>
    freePath(`sources/${basename(name).replaceAll(/[\\\0]/g, '_')}`);
  const sources = origin.sources.map(sourcePath);
  const data = origin.data && sourcePath(origin.data);
  return { graphs: new Map(graphs), encodings: new Map(encodingPaths), sources, data, all: [...takenPaths] };
}

export function addEncoding(texts: Map<string, string>, feature: string, encoding: Encoding): string {
  const path = `encodings/${feature}.json`;
  texts.set(path, jsonOf(encoding));
  return path;
}

/** JSON has no infinities and no NaN, and would write null for them. */
function jsonOf(value: unknown, indent = 0): string {
  return JSON.stringify(
    value,
    (key, entry: unknown) => {
      invariant(typeof entry !== 'number' || Number.isFinite(entry), `${key} is ${entry}, which JSON cannot hold`);
      return entry;
    },
    indent,
  );
}
