/**
 * `npm run study`: trains every model that fits a data set, ranks what was held out next to the baselines, and writes docs/results.md.
 * Every line of a table is kept as soon as it is measured, with checksums of what decides it: a study that was stopped goes on with the
 * next line, and within a training with its next step.
 *
 *   npm run study -- [SET …] [--for 30m] [--models NAME,…] [--baselines NAME,…] [--seeds 1,2,3] [--set NAME=NUMBER …]
 *                    [--runs FOLDER] [--rows FOLDER] [--out FILE] [--keep] [--cost] [--quiet]
 *
 * Lines are kept in docs/results, which is committed; trainings are kept in runs/study, which is not. Copies of the project that measured
 * different lines at the same commit put their files into one folder.
 *
 * `--for` stops in time. `--keep` does not measure again what earlier code measured. `--cost` prints what there is to do, and stops.
 * With `--models`, `--baselines`, `--seeds` or `--set` the page is not written unless `--out` says where: it would not be the whole study.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAndLower } from '../src/app/api/check.ts';
import { Failure } from '../src/base/diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../src/base/diagnostics/render.ts';
import { countCost } from '../src/graph/count.ts';
import type { Plan } from '../src/graph/plan/plan.ts';
import { baselines } from '../src/training/evaluation/baselines/table.ts';
import { agendaOf, costOf, hours, isOf, secondsOf, standingOf, type Wanted, type Work } from './study/agenda.ts';
import { keptDays } from './study/days.ts';
import { checksum, codeChecksum, dataChecksum, stateNow } from './study/decides.ts';
import { type Measured, measureBaseline, measureModel, type OpenSet, openSet } from './study/measure.ts';
import { pageOf, type Table } from './study/page.ts';
import { type StudySet, seedsOf, sets } from './study/plan.ts';
import { keepRow, keptRows } from './study/rows.ts';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    for: { type: 'string' },
    models: { type: 'string' },
    baselines: { type: 'string' },
    seeds: { type: 'string' },
    set: { type: 'string', multiple: true },
    runs: { type: 'string', default: 'runs/study' },
    rows: { type: 'string', default: 'docs/results' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
    cost: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
const settings = Object.fromEntries(
  (given.set ?? []).map((each) => each.split('=')).map(([name, n]) => [name!, Number(n)]),
);
const isWhole = [given.models, given.baselines, given.seeds, given.set].every((each) => each === undefined);
const state = stateNow();
const code = codeChecksum();
const say = (line: string): void => {
  if (!given.quiet) process.stderr.write(`${line}\n`);
};

/** A set with what is wanted of it. */
interface Planned {
  readonly set: StudySet;
  /** The first of the models: baselines read the history that it reads. Absent: no model fits. */
  readonly reference?: string;
  readonly models: readonly string[];
  readonly baselines: readonly string[];
  readonly wanted: readonly Wanted[];
}

async function study(): Promise<void> {
  for (const name of positionals) {
    if (!sets.some((set) => set.name === name)) {
      throw new Error(`there is no set ${name}; there are ${sets.map((set) => set.name).join(', ')}`);
    }
  }
  const limit = given.for === undefined ? undefined : secondsOf(given.for);
  if (given.for !== undefined && limit === undefined) throw new Error('`--for` takes a time such as 90s, 30m or 2h');
  const isChosen = ({ name }: StudySet): boolean => positionals.length === 0 || positionals.includes(name);
  const planned: Planned[] = [];
  // The whole page has the other sets as they are.
  for (const set of sets) if (isChosen(set) || isWhole) planned.push(await plan(set));
  const chosen = planned.filter(({ set }) => isChosen(set));
  const work = agendaOf(
    chosen.flatMap(({ wanted }) => wanted),
    chosen.flatMap(({ set }) => keptRows(given.rows, set.name)),
    given.keep,
  );
  for (const line of costOf(work)) say(line);
  if (given.cost) return;

  const ends = new AbortController();
  const timer =
    limit === undefined ? undefined : setTimeout(() => ends.abort(new Error('the time is up')), limit * 1000);
  const stop = (): void => ends.abort(new Error('stopped'));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  await measureAll(planned, work, ends.signal, limit);
  clearTimeout(timer);
  writePage(planned);
}

async function measureAll(
  planned: readonly Planned[],
  work: readonly Work[],
  signal: AbortSignal,
  limit = Number.POSITIVE_INFINITY,
): Promise<void> {
  const start = performance.now();
  let open: OpenSet | undefined;
  let done = 0;
  for (const each of work) {
    if (signal.aborted) break;
    const left = limit - (performance.now() - start) / 1000;
    // A training stops at any step; a baseline does not.
    if (each.seed === undefined && each.seconds > left) {
      say(`${each.set}: ${each.name} takes about ${hours(each.seconds)}, and ${hours(left)} are left`);
      continue;
    }
    const { reference, set } = planned.find((one) => one.set.name === each.set)!;
    const began = performance.now();
    try {
      if (open?.set !== set) open = await openSet(set, reference!);
      const measured = await measure(open, each, signal);
      if (measured === undefined) break;
      const seconds = (performance.now() - began) / 1000;
      const { set: name, name: of, seed, decides } = each;
      const row = { set: name, name: of, ...(seed === undefined ? {} : { seed }), decides, state, seconds };
      await keepRow(given.rows, { format: 'tower-study-1', ...row, ...measured });
      done++;
      say(`${label(each)}: ${figureOf(measured)}, ${hours(seconds)}`);
    } catch (error) {
      if (signal.aborted) break;
      // The other lines are measured: one that fails is missing on the page.
      say(`${label(each)} failed: ${error instanceof Failure ? renderDiagnostics(error.diagnostics) : String(error)}`);
      process.exitCode = 1;
    }
  }
  const why = signal.aborted ? ` (${(signal.reason as Error).message})` : '';
  say(`${done} of ${work.length} lines were measured${why}${done < work.length ? '; the same command goes on' : ''}`);
}

const label = ({ set, name, seed }: Wanted): string => `${set}: ${name}${seed === undefined ? '' : `, seed ${seed}`}`;

function figureOf({ values, excluded }: Measured): string {
  const [first] = Object.entries(values);
  if (first === undefined) return excluded ?? 'no figure';
  return `${first[0]} ${(first[1].reduce((sum, value) => sum + value, 0) / first[1].length).toFixed(4)}`;
}

async function measure(open: OpenSet, work: Work, signal: AbortSignal): Promise<Measured | undefined> {
  const { set, name, seed, decides } = work;
  if (seed === undefined) return measureBaseline(open, name);
  const folder = join(given.runs, set, `${name}-${seed}`);
  const note = `${folder}.decides`;
  const mine = JSON.stringify(decides);
  const resume = textOf(note) === mine;
  mkdirSync(join(given.runs, set), { recursive: true });
  if (!resume) {
    // The note comes last: a note next to a run says what decides that run.
    rmSync(note, { force: true });
    rmSync(folder, { recursive: true, force: true });
    writeFileSync(note, mine);
  }
  return measureModel(open, { model: name, seed, settings, folder, resume, signal });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Models without an error on the set's headers; `two_tower` first. */
async function plan(set: StudySet): Promise<Planned> {
  const names = readdirSync('models')
    .filter((name) => name.endsWith('.tower'))
    .map((name) => basename(name, '.tower'))
    .sort((a, b) => Number(b.startsWith('two_tower')) - Number(a.startsWith('two_tower')));
  const found: { name: string; text: string; plan: Plan }[] = [];
  for (const name of names) {
    try {
      const { sources, lowered } = await checkAndLower(`models/${name}.tower`, { data: set.data });
      found.push({ name, text: sources.map(({ text }) => text).join('\n'), plan: lowered.plan });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  if (found.length === 0) {
    say(`${set.name}: no model fits, or its files are not there: docs/guide/data.md says how to get them`);
    const known = [
      ...new Set(keptRows(given.rows, set.name).flatMap(({ name, seed }) => (seed === undefined ? [] : name))),
    ];
    return { set, models: known, baselines: [], wanted: [] };
  }
  const data = dataChecksum(set.data);
  const chosen = found.filter(({ name }) => given.models?.split(',').includes(name) ?? true);
  const known = [...Object.keys(baselines), ...(set.by === undefined ? [] : [`popularity by ${set.by}`])];
  const compared = known.filter((name) => given.baselines?.split(',').includes(name) ?? true);
  const reads = historyOf(found[0]!.plan);
  const wanted: Wanted[] = compared.map((name) => ({
    set: set.name,
    name,
    decides: { model: checksum(name, reads), data, code },
    guess: 60,
  }));
  for (const { name, text, plan: own } of chosen) {
    const decides = { model: checksum(text, JSON.stringify(settings)), data, code };
    const seeds = given.seeds?.split(',').map(Number) ?? seedsOf(set, name);
    for (const seed of seeds) wanted.push({ set: set.name, name, seed, decides, guess: guessOf(own, set) });
  }
  return { set, reference: found[0]!.name, models: chosen.map(({ name }) => name), baselines: compared, wanted };
}

/** What baselines know besides the training part: lists of the query tower. */
const historyOf = ({ towers, features }: Plan): string =>
  JSON.stringify(features.filter(({ name, gives }) => gives === 'bag' && towers[0].features.includes(name)));

/** Floating-point operations a second in training, and seconds for each event besides them: on two cores, and far off for some models. */
const [flopsPerSecond, secondsPerEvent] = [2e10, 1e-5];

/** Half of all epochs: most models stop before the last. */
function guessOf({ step, train }: Plan, set: StudySet): number {
  const symbols = step.graph.nodes.flatMap(({ type }) =>
    type.shape.flatMap((dim) => (typeof dim === 'number' ? [] : [dim.symbol])),
  );
  const sizes = Object.fromEntries(symbols.map((symbol) => [symbol, symbol.startsWith('hits') ? 0 : train.batch]));
  const perEvent = countCost(step.graph, sizes).flops / train.batch / flopsPerSecond + secondsPerEvent;
  return 30 + ((settings.epochs ?? train.epochs) / 2) * set.events * perEvent;
}

function writePage(planned: readonly Planned[]): void {
  const tables = planned.map(({ set, models, baselines: names, wanted }): Table => {
    const kept = keptRows(given.rows, set.name);
    const isShown = (one: Wanted, at: number): boolean => standingOf(one, kept[at]) !== 'changed';
    // Without the files of a set, its rows are taken as they are.
    const own =
      wanted.length === 0
        ? kept
        : wanted.flatMap((one) => {
            const at = kept.findIndex((row) => isOf(one, row));
            return at !== -1 && isShown(one, at) ? [kept[at]!] : [];
          });
    return { set, models, baselines: names, rows: own };
  });
  const page = pageOf(tables, keptDays(join(given.rows, 'days')));
  const out = given.out ?? (isWhole ? 'docs/results.md' : undefined);
  if (out === undefined) console.log(page);
  else writeFileSync(out, page);
}

try {
  await study();
} catch (error) {
  console.error(error instanceof Failure ? renderDiagnostics(error.diagnostics) : error);
  process.exitCode = 1;
}
