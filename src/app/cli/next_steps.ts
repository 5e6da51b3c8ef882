/** Says what `tower` without arguments finds in the current folder, and which commands come next. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteForShell as quoted } from '../../base/diagnostics/wording.ts';
import { toPrintable } from '../../base/text/display.ts';
import { listRuns, type RunSummary } from '../api/runs.ts';
import { nextOf, pageOf, wrapWords } from './layout.ts';

/** What the folder of a project holds. Names are paths from that folder. */
export interface ProjectFiles {
  readonly models: readonly string[];
  readonly data: readonly string[];
  /** Files of rows, which `tower init` reads. */
  readonly rows: readonly string[];
  /** The newest first. */
  readonly runs: readonly RunSummary[];
}

type NextCommand = readonly [command: string, what: string];

/** Files of a folder that are looked at: enough for a project, and few enough for a folder of downloads. */
const maxFiles = 200;

/** Where a project has its files. */
const projectFolders = ['', 'models', 'models/data', 'data'];

export async function projectFiles(root: string): Promise<ProjectFiles> {
  const paths: string[] = [];
  for (const folder of projectFolders) {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    paths.push(
      ...entries
        .filter((entry) => entry.isFile())
        .map(({ name }) => join(folder, name))
        .sort()
        .slice(0, maxFiles),
    );
  }
  const towerFiles = paths.filter((path) => path.endsWith('.tower'));
  const kinds = await Promise.all(
    towerFiles.map(async (path) => kindOf(await readFile(join(root, path), 'utf8').catch(() => ''))),
  );
  const runFolders = (await readdir(root, { withFileTypes: true }).catch(() => [])).filter(
    (entry) => entry.name === 'runs' && entry.isDirectory(),
  );
  return {
    models: towerFiles.filter((_, index) => kinds[index] === 'model'),
    data: towerFiles.filter((_, index) => kinds[index] === 'data'),
    rows: paths.filter((path) => /\.(csv|tsv|parquet|jsonl|ndjson)(\.gz)?$/.test(path)),
    runs: runFolders.length > 0 ? await listRuns(join(root, 'runs')).catch(() => []) : [],
  };
}

const kindOf = (text: string): 'model' | 'data' | undefined =>
  /^model\s/m.test(text) ? 'model' : /^data\s/m.test(text) ? 'data' : undefined;

export function nextSteps({ models, data, rows, runs }: ProjectFiles): {
  readonly found: string;
  readonly next: readonly NextCommand[];
} {
  const [run] = runs;
  const [model] = models;
  const withData = data.length === 1 ? ` --data ${quoted(data[0]!)}` : data.length > 1 ? ' --data FILE' : '';
  if (run?.status === 'running') {
    return {
      found: `${toPrintable(run.folder).text} is training.`,
      next: [['tower runs', 'epochs so far, and the figures of validation']],
    };
  }
  if (run?.status === 'unfinished' && run.model !== undefined && model !== undefined) {
    const resume = `tower train ${quoted(model)}${withData} --out ${quoted(run.folder)} --resume`;
    return {
      found: `${toPrintable(run.folder).text} was stopped before its end.`,
      next: [[resume, 'go on from its last checkpoint']],
    };
  }
  if (run && run.status !== 'damaged' && run.status !== 'unfinished') {
    return {
      found: `The newest run is ${toPrintable(run.folder).text}${run.model === undefined ? '' : `, of model ${run.model}`}.`,
      next: stepsWithRun(run.folder, run.final !== undefined),
    };
  }
  if (model !== undefined) {
    const name = model.replace(/^.*\//, '').replace(/\.tower$/, '');
    return {
      found: `There ${models.length === 1 ? 'is a model' : `are ${models.length} models`}, and no run.`,
      next: [
        [`tower check ${quoted(model)}${withData}`, 'find mistakes before rows are read'],
        [`tower train ${quoted(model)}${withData} --out ${quoted(`runs/${name}`)}`, 'train it'],
      ],
    };
  }
  if (rows.length > 0) {
    const files = rows.slice(0, 3).map(quoted).join(' ');
    return {
      found: `There ${rows.length === 1 ? 'is a file of rows' : `are ${rows.length} files of rows`}, and no model.`,
      next: [[`tower init ${files}`, 'look at the rows, write a data block and a model, and train it']],
    };
  }
  return {
    found: 'There is no model, no run and no file of rows here.',
    next: [
      ['tower data --help', 'data sets to begin with'],
      ['tower init FILES', 'begin with files of your own'],
    ],
  };
}

/** What a trained model is for. @param isFinal true if no test part is left, because the run was trained on all events */
export function stepsWithRun(run: string, isFinal: boolean): readonly NextCommand[] {
  const folder = quoted(run);
  const evaluate: NextCommand = [`tower evaluate ${folder}`, 'compare it with baselines on the test part'];
  return [
    ...(isFinal ? [] : [evaluate]),
    [`tower recommend ${folder} --user KEY`, 'ask it for one user'],
    [`tower serve ${folder}`, 'answer over HTTP'],
  ];
}

/** Returns the lines that are printed. */
export function nextStepsText(files: ProjectFiles, page = pageOf(process.stdout)): string {
  const { found, next } = nextSteps(files);
  const shown: readonly NextCommand[] = [...next, ['tower help', 'all commands']];
  return `${wrapWords(found, page.columns)}\n\n${nextOf(shown, page)}`;
}
