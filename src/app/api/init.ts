/** A starter project for files that nothing is known of: what they hold is guessed, written as two `.tower` files, and checked. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { writing } from '../../base/diagnostics/system_reason.ts';
import { makeFolder, makeFolders, writeTextDurably } from '../../base/storage/durable.ts';
import { defined } from '../../base/util/defined.ts';
import type { Dataset, Part } from '../../data/dataset.ts';
import { isWithin, type Reach, reachOf } from '../../data/files/access.ts';
import { endingChoice } from '../../data/files/formats/table.ts';
import { dataText, modelText } from '../../data/init/model_text.ts';
import { type TableProfile, tableProfile } from '../../data/init/profile.ts';
import type { Copy, InitAnswers, Proposal } from '../../data/init/proposal.ts';
import { type NoEvents, propose } from '../../data/init/propose.ts';
import { rolesOf } from '../../data/init/roles.ts';
import { lookAtFile, type NoTable } from '../../data/look/look.ts';
import type { LookedTable } from '../../data/look/looked_table.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { verdictOf, verdictSentences } from '../../training/evaluation/sentences.ts';
import { check } from './check.ts';
import { format } from './format.ts';
import { writeReport } from './report.ts';
import { evaluate, load } from './run.ts';
import { type TrainRequest, train } from './train.ts';

/** The first training of a starter project, bounded in time, and how it compares with baselines that answer quickly. */
export interface FirstRunRequest extends Pick<TrainRequest, 'allow' | 'signal' | 'onEvent' | 'onReady'> {
  readonly model: string;
  readonly out: string;
  readonly engine?: EngineName;
  /** A feature of one code: popularity among events of the same value is a baseline as well. */
  readonly by?: string;
  /** Training ends after the step of this second. Default: 45. */
  readonly seconds?: number;
  readonly onEvaluate?: () => void;
  /** Default: that of this machine. */
  readonly clock?: RunClock;
}

/** Times are in milliseconds. */
interface RunClock {
  now(): number;
  /** Calls `run` once. The result cancels it. */
  after(milliseconds: number, run: () => void): () => void;
}

const machineClock: RunClock = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface FirstRun {
  readonly evaluation: Evaluation;
  readonly verdict: string;
  /** Baselines that rank better. */
  readonly better: readonly string[];
  /** Training ended at its limit of time. */
  readonly isCut: boolean;
  readonly report: string;
  /** The key of a user to ask for: with test events, and with training events where there is one with both. */
  readonly user?: string;
}

/** Quick ones: the others choose their settings first, and `tower evaluate` has them. */
const shown = ['random', 'popularity', 'item_cf'];

/** @throws Failure as `train` and `evaluate` do; the reason of `signal` */
export async function firstRun(request: FirstRunRequest): Promise<FirstRun> {
  const { model, out, seconds = 45, signal, onEvaluate, clock = machineClock } = request;
  const commonOptions = { out, ...defined({ allow: request.allow, engine: request.engine }) };
  const timeLimit = new AbortController();
  let cancelLimit = (): void => {};
  let endTime = 0;
  const trained = await train(model, {
    ...commonOptions,
    limit: timeLimit.signal,
    ...defined({ signal, onReady: request.onReady }),
    onEvent(event) {
      if (event.kind === 'started') {
        endTime = clock.now() + seconds * 1000;
        cancelLimit = clock.after(seconds * 1000, () => timeLimit.abort());
      }
      const remainingSeconds = Math.max(0, (endTime - clock.now()) / 1000);
      request.onEvent?.(
        event.kind === 'step' ? { ...event, secondsLeft: Math.min(event.secondsLeft, remainingSeconds) } : event,
      );
    },
  }).finally(() => cancelLimit());
  signal?.throwIfAborted();
  const isCut = trained.status === 'stopped';
  onEvaluate?.();
  const { dataset } = trained;
  const firstRunLoaded = await load(out, {
    dataset,
    ...defined({ allow: request.allow, engine: request.engine, signal }),
  });
  try {
    const evaluation = await evaluate(firstRunLoaded, { baselines: shown, ...defined({ by: request.by }) });
    const report = await writeReport(out, evaluation);
    const [metric] = evaluation.metrics;
    const [own, ...others] = evaluation.rows;
    const verdict = verdictSentences(verdictOf(evaluation)!).join(' ');
    const better = others.filter(({ all }) => all[metric!]! > own!.all[metric!]!).map(({ name }) => name);
    const user = userToAsk(dataset, evaluation.part);
    return { evaluation, verdict, better, isCut, report, ...defined({ user }) };
  } finally {
    await firstRunLoaded.close();
  }
}

/** A user without training events has no history, so the example would show little of what the model has learned. */
export function userToAsk({ users, parts }: Dataset, part: Part): string | undefined {
  const testedUsers = parts[part].user;
  const isKnown = (row: number): boolean => row >= 0 && users.seen.ends[row]! > users.seen.starts[row]!;
  const row = testedUsers.find(isKnown) ?? testedUsers[0];
  return row === undefined || row < 0 ? undefined : users.keys.at(row);
}

export interface LookedFiles {
  readonly tables: readonly TableProfile[];
  readonly others: readonly NoTable[];
}

const endings = new RegExp(`\\.(${endingChoice}|dat|data|inter|item|user)(\\.gz)?$`, 'i');
/** Files that may hold rows, and that must be unpacked or saved in another way first. */
const foreign = /\.(zip|7z|rar|tar|tgz|bz2|xz|zst|xlsx?|ods|sqlite3?|db|feather|arrow|avro|orc|npz?|pkl|rds|rda)$/i;
const noData = /^((package(-lock)?|tsconfig.*|biome|cspell|manifest|source)\.json$|README|LICENSE|requirements\.)/i;
const noFolders: ReadonlySet<string> = new Set(['node_modules', 'runs', 'tables', 'dist']);

export const isForeignConfig = (path: string): boolean => foreign.test(path);

/** Files that may hold rows, in a folder and in the folders in it; also those that only a message names. */
export function findTables(folder: string, depth = 1): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || noData.test(entry.name)) return [];
    const entryPath = folder === '.' ? entry.name : join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && !noFolders.has(entry.name) ? findTables(entryPath, depth - 1) : [];
    return entry.isFile() && (endings.test(entry.name) || isForeignConfig(entry.name)) ? [entryPath] : [];
  });
}

/**
 * Looks at files; of a folder, at those in it.
 * @throws Failure `starter-no-table`, `starter-no-files`
 */
export async function lookAt(paths: readonly string[], signal?: AbortSignal): Promise<LookedFiles> {
  const files = paths.flatMap((path) => {
    if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
    const foundTables = findTables(path);
    if (foundTables.length === 0) throw failure('starter-no-files', { folder: path });
    return foundTables;
  });
  const tables: TableProfile[] = [];
  const noTables: NoTable[] = [];
  for (const path of new Set(files)) {
    const lookedTable = await lookAtFile(path, signal);
    if ('reason' in lookedTable) noTables.push(lookedTable);
    else tables.push(tableProfile(needsFields(lookedTable) ? { ...lookedTable.flat, path } : lookedTable));
  }
  if (tables.length === 0)
    throw failure('starter-no-table', { reasons: noTables.map(({ path, reason }) => `${path}: ${reason}`) });
  return { tables, others: noTables };
}

/** Finds a table whose user or item is within objects. A table of plain columns needs no rewriting. */
function needsFields(table: LookedTable): table is LookedTable & Required<Pick<LookedTable, 'flat'>> {
  if (table.flat === undefined) return false;
  const { user, item } = rolesOf(tableProfile(table));
  return user === undefined || item === undefined;
}

export interface StarterProject {
  readonly folder: string;
  readonly proposal: Proposal;
  /** Folders outside of the project that the data block reads. */
  readonly allow: readonly string[];
}

/** Proposes a project, or says why nothing can be learned: `answers` may change either. */
export const proposalFor = ({ tables }: LookedFiles, folder: string, answers: InitAnswers = {}): Proposal | NoEvents =>
  propose(tables, answers, (path) => pathFrom(folder, path));

/**
 * Proposes a project for the files. `proposal.questions` are the unanswered questions, for which the most likely answer is taken.
 * @throws Failure `starter-no-events`
 */
export function proposeProject(look: LookedFiles, folder: string, answers: InitAnswers = {}): StarterProject {
  const { tables } = look;
  const proposal = proposalFor(look, folder, answers);
  if ('problem' in proposal) throw failure('starter-no-events', { reason: proposal.problem });
  const reach = reachOfNew(resolve(folder));
  const files = [proposal.events, proposal.items, proposal.users].flatMap((file) =>
    file && !file.copy ? file.sources : [],
  );
  const splitFiles = /^files\(/.test(proposal.split.value) ? tables.map(({ path }) => path) : [];
  const outside = [...files, ...splitFiles]
    .filter((path) => !isWithin(resolve(path), reach))
    .map((path) => dirname(resolve(path)));
  return { folder, proposal, allow: [...new Set(outside)] };
}

/** A folder that is to be made belongs to the project above it; without one it is its own. */
function reachOfNew(folder: string): Reach {
  if (existsSync(folder)) return reachOf(folder);
  let above = dirname(folder);
  while (!existsSync(above)) above = dirname(above);
  const reach = reachOf(above);
  const isProject = ['package.json', '.git'].some((name) => existsSync(join(reach.project ?? above, name)));
  return isProject ? reach : { folders: [folder] };
}

export interface WrittenProject {
  readonly data: string;
  readonly model: string;
  readonly copies: readonly Copy[];
  readonly warnings: string;
}

/**
 * Writes `data.tower`, `model.tower` and the copies that they read, and checks them.
 * @throws Failure `starter-exists` before anything is written, `cannot-write`, `starter-fails`
 */
export async function writeProject(
  { folder, proposal, allow }: StarterProject,
  signal?: AbortSignal,
): Promise<WrittenProject> {
  const [data, model] = [join(folder, 'data.tower'), join(folder, 'model.tower')];
  const copies = [proposal.events, proposal.items, proposal.users].flatMap((file) => file?.copy ?? []);
  for (const path of [data, model, ...copies.map(({ to }) => join(folder, to))]) {
    if (existsSync(path)) throw failure('starter-exists', { path });
  }
  const writtenTexts = [
    [data, formatted(dataText(proposal), data)],
    [model, formatted(modelText(proposal), model)],
  ] as const;
  await makeFolder(folder);
  for (const copy of copies) {
    const targetPath = join(folder, copy.to);
    const { rewrite } = await import('../../data/look/rewrite.ts');
    await writing(
      targetPath,
      makeFolders(dirname(targetPath)).then(() =>
        rewrite({ from: copy.from, to: targetPath, kind: copy.kind, rewriteFile: copy.rewrite, signal }),
      ),
    );
  }
  for (const [path, text] of writtenTexts) await writeTextDurably(path, text);
  const { diagnostics, text } = await check(model, { ...(allow.length > 0 ? { allow } : {}), ...defined({ signal }) });
  if (diagnostics.some(({ severity }) => severity === 'error')) {
    throw new Failure([diagnose('starter-fails', undefined, { model }), ...diagnostics]);
  }
  return { data, model, copies, warnings: diagnostics.length > 0 ? text : '' };
}

/** The formatter refuses a text with errors; the check reports where they are. */
export const formatted = (text: string, path: string): string => format(text, basename(path)).output ?? text;

/** Returns the path of a file as `data.tower` writes it. */
export const pathFrom = (folder: string, path: string): string =>
  relative(resolve(folder), resolve(path)).split(sep).join('/');

export interface InitRequest {
  readonly files: readonly string[];
  readonly out?: string;
  /** Columns: `{ user: 'customer', item: 'sku', time: 'bought at' }`. */
  readonly answers?: InitAnswers;
  readonly signal?: AbortSignal;
}

export async function init({
  files,
  out = '.',
  answers,
  signal,
}: InitRequest): Promise<StarterProject & WrittenProject> {
  const project = proposeProject(await lookAt(files, signal), out, answers);
  return { ...project, ...(await writeProject(project, signal)) };
}

/** Original files of published sets that are no tables, or tables of which `tower data` makes better ones. */
const sets: readonly (readonly [RegExp, string])[] = [
  [/^anonymous-msweb\.(data|test)$/i, 'msweb'],
  [/^cran(\.all\.1400|\.qry|qrel)$/i, 'cranfield'],
  [/^(chefmoz\w+|rating_final|geoplaces2)\.csv$/i, 'restaurants'],
];

/** `restaurants` for files of that set, or for a folder with them. */
export function originalsOf(paths: readonly string[]): string | undefined {
  const names = paths.flatMap((path) =>
    existsSync(path) && statSync(path).isDirectory() ? readdirSync(path) : [basename(path)],
  );
  return sets.find(([form]) => names.filter((name) => form.test(name)).length >= 2)?.[1];
}
