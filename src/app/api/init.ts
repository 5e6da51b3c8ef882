/** Makes a starter project for unknown files: guesses their meaning, writes it as two `.tower` files, and checks them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { awaitWrite, diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, makeFolders, writeTextDurably } from '../../base/storage/durable.ts';
import type { Dataset, Part } from '../../data/dataset.ts';
import { isReadable, type Reach, reachOf } from '../../data/files/access.ts';
import { endingChoice } from '../../data/files/formats/table.ts';
import { type TableProfile, tableProfile } from '../../data/init/column_profile.ts';
import { dataText } from '../../data/init/data_text.ts';
import { fittedFile, fittedText, modelText, sumsLists } from '../../data/init/model_text.ts';
import type { Copy, InitAnswers, Proposal } from '../../data/init/proposal.ts';
import { type NoEvents, propose } from '../../data/init/propose.ts';
import { rolesOf } from '../../data/init/roles.ts';
import { lookAtFile, type NoTable } from '../../data/look/look.ts';
import type { LookedTable } from '../../data/look/looked_table.ts';
import { rewrite } from '../../data/look/readable_copy.ts';
import { tryReading } from '../../data/read_dataset.ts';
import type { EngineName } from '../../engines/engine.ts';
import { fitMethods } from '../../graph/plan/plan.ts';
import { verdictOf, verdictSentences } from '../../training/evaluation/sentences.ts';
import { checkAndLower, readingOf } from './check.ts';
import { format } from './format.ts';
import { writeReport } from './report.ts';
import { evaluate, load } from './run.ts';
import { type TrainRequest, train } from './train.ts';

/** The first training of a starter project, with a time limit, and its comparison with as many baselines as take about a minute. */
export interface FirstRunRequest extends Pick<TrainRequest, 'allow' | 'signal' | 'onEvent' | 'onReady'> {
  readonly model: string;
  readonly out: string;
  readonly engine?: EngineName;
  /** A feature with one code per event. Popularity among events of the same value becomes a further baseline. */
  readonly by?: string;
  /** Training ends after the step at this number of seconds. Default: 60. */
  readonly seconds?: number;
  readonly onEvaluate?: () => void;
  /** Default: the clock of this machine. */
  readonly clock?: typeof machineClock;
}

/** All times are in milliseconds. */
const machineClock = {
  now: () => performance.now(),
  /** Calls `run` once. The returned function cancels the call. */
  after(milliseconds: number, run: () => void): () => void {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Returns the evaluation, the names of baselines that rank better, whether training ended at its time limit, and the user of an example.
 * @throws Failure like `train` and `evaluate`; the reason of `signal`
 */
export async function firstRun(request: FirstRunRequest) {
  const { model, out, seconds = 60, signal, onEvaluate, clock = machineClock } = request;
  const access = { allow: request.allow, engine: request.engine, signal };
  const timeLimit = new AbortController();
  let cancelLimit = (): void => {};
  let endTime = 0;
  const trained = await train(model, {
    out,
    ...access,
    limit: timeLimit.signal,
    onReady: request.onReady,
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
  const run = await load(out, { dataset, ...access });
  try {
    const evaluation = await evaluate(run, { by: request.by });
    const report = await writeReport(out, evaluation);
    const [metric] = evaluation.metrics;
    const [modelRow, ...baselineRows] = evaluation.rows;
    const verdict = verdictSentences(verdictOf(evaluation)!).join(' ');
    const better = baselineRows.filter(({ all }) => all[metric!]! > modelRow!.all[metric!]!).map(({ name }) => name);
    const user = userToAsk(dataset, evaluation.part);
    return { evaluation, verdict, better, isCut, report, user };
  } finally {
    await run.close();
  }
}

/** Returns a user for the example who has test events, preferably with training events: without them there is no history, and the example would show little of what was learned. */
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
/** Files that may have rows but must first be unpacked or saved in another format. */
const foreign = /\.(zip|7z|rar|tar|tgz|bz2|xz|zst|xlsx?|ods|sqlite3?|db|feather|arrow|avro|orc|npz?|pkl|rds|rda)$/i;
const noData = /^((package(-lock)?|tsconfig.*|biome|cspell|manifest|source)\.json$|README|LICENSE|requirements\.)/i;
const noFolders: ReadonlySet<string> = new Set(['node_modules', 'runs', 'tables', 'dist']);

export const isForeignFile = (path: string): boolean => foreign.test(path);

/** Finds files that may have rows, in a folder and its subfolders, including those that only a message names. */
export function findTables(folder: string, depth = 1): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (entry.name.startsWith('.') || noData.test(entry.name)) return [];
    const entryPath = folder === '.' ? entry.name : join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && !noFolders.has(entry.name) ? findTables(entryPath, depth - 1) : [];
    return entry.isFile() && (endings.test(entry.name) || isForeignFile(entry.name)) ? [entryPath] : [];
  });
}

/** Reads the columns of files; for a folder, of the files in it. @throws Failure `starter-no-table`, `starter-no-files` */
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
    else tables.push(profileOf(lookedTable));
  }
  if (tables.length === 0)
    throw failure('starter-no-table', { reasons: noTables.map(({ path, reason }) => `${path}: ${reason}`) });
  return { tables, others: noTables };
}

/** Profiles the fields of objects as columns if the user or the item is among them. A table of plain columns needs no rewriting. */
function profileOf(table: LookedTable): TableProfile {
  const profile = tableProfile(table);
  if (table.flat === undefined) return profile;
  const { user, item } = rolesOf(profile);
  return user && item ? profile : tableProfile({ ...table.flat, path: table.path });
}

export interface StarterProject {
  readonly folder: string;
  readonly proposal: Proposal;
  /** Folders outside the project that the data block reads. */
  readonly allow: readonly string[];
}

/** Proposes a project, or says why nothing can be learned. `answers` may change either result. */
export const proposalFor = ({ tables }: LookedFiles, folder: string, answers: InitAnswers = {}): Proposal | NoEvents =>
  propose(tables, answers, (path) => pathFrom(folder, path));

/**
 * Proposes a project for the files. `proposal.questions` are the unanswered questions, for which the most likely answer is taken.
 * @throws Failure `starter-no-events`; `starter-asks` if no answer is likely enough
 */
export function proposeProject(look: LookedFiles, folder: string, answers: InitAnswers = {}): StarterProject {
  const { tables } = look;
  const proposal = proposalFor(look, folder, answers);
  if ('problem' in proposal) throw failure('starter-no-events', { reason: proposal.problem });
  const openQuestion = proposal.questions.find(({ isOpen }) => isOpen);
  if (openQuestion) {
    const choices = openQuestion.choices.map(({ text }) => text);
    throw failure('starter-asks', { id: openQuestion.id, question: openQuestion.text, choices });
  }
  const reach = reachOfNew(resolve(folder));
  const files = [proposal.events, proposal.items, proposal.users].flatMap((file) =>
    file?.copies.length === 0 ? file.sources : [],
  );
  const splitFiles =
    /^files\(/.test(proposal.split.value) && proposal.events.copies.length === 0 ? tables.map(({ path }) => path) : [];
  const outside = [...files, ...splitFiles]
    .filter((path) => !isReadable(resolve(path), reach))
    .map((path) => dirname(resolve(path)));
  return { folder, proposal, allow: [...new Set(outside)] };
}

/** Returns the reach of a folder. A folder that does not exist belongs to the project above it; without one it is a project of its own. */
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
  /** `leftOut`: the number of lines that are no rows, in a file that was joined. */
  readonly copies: readonly (Copy & { readonly leftOut: number })[];
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
  const copies = [proposal.events, proposal.items, proposal.users].flatMap((file) => file?.copies ?? []);
  for (const path of [data, model, ...copies.map(({ to }) => join(folder, to))]) {
    if (existsSync(path)) throw failure('starter-exists', { path });
  }
  await makeFolder(folder);
  const writtenCopies: (Copy & { leftOut: number })[] = [];
  for (const copy of copies) {
    const targetPath = join(folder, copy.to);
    const leftOut = await awaitWrite(
      targetPath,
      makeFolders(dirname(targetPath)).then(() =>
        rewrite({ from: copy.from, to: targetPath, kind: copy.kind, rewriteFile: copy.rewrite, signal }),
      ),
    );
    writtenCopies.push({ ...copy, leftOut });
  }
  await writeTextDurably(data, formatted(dataText(proposal), data));
  await writeTextDurably(model, formatted(modelText(proposal), model));
  const warnings = await tryProject(model, allow, signal).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    throw new Failure([diagnose('starter-fails', undefined, { model }), ...error.diagnostics]);
  });
  return { data, model, copies: writtenCopies, warnings };
}

/** Checks a model, reads a sample of its rows, and returns the warnings. @throws Failure with what a training would end with */
async function tryProject(model: string, allow: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const request = { ...(allow.length > 0 ? { allow } : {}), signal };
  const { diagnostics, text, data, lowered } = await checkAndLower(model, request);
  await tryReading(data!.description, lowered.plan, readingOf(request));
  return diagnostics.length > 0 ? text : '';
}

/**
 * Writes the model of the best baseline that ranked better and that `item_to_item` fits, next to `model.tower`, and returns its name. Writes nothing if there is
 * none, or if the rows have no history. A file that is there is kept.
 * @throws Failure `cannot-write`
 */
export async function offerFit(
  { folder, proposal }: StarterProject,
  { evaluation: { rows, metrics }, better }: Pick<Awaited<ReturnType<typeof firstRun>>, 'evaluation' | 'better'>,
): Promise<string | undefined> {
  const figure = (name: string): number => rows.find((row) => row.name === name)!.all[metrics[0]!]!;
  const fit = fitMethods.filter((name) => better.includes(name)).sort((a, b) => figure(b) - figure(a))[0];
  if (fit === undefined || !sumsLists(proposal.case)) return undefined;
  const path = join(folder, fittedFile);
  if (!existsSync(path)) await writeTextDurably(path, formatted(fittedText(proposal, fit), path));
  return fit;
}

/** Formats a text. The formatter refuses a text with errors; the check reports where they are. */
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
