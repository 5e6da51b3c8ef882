/**
 * Ours next to the Python frameworks, in one sitting: `npm run bench:peers -- [movielens|scale|recall|sequences] [--rounds 5]`.
 *
 * Every program is a process of its own, timed from launch to exit; theirs and ours run in turn, one at a time, and every
 * round is kept. `sequences` reads `toys/Toys_and_Games.txt` of the folder `TOWER_DATA`. The first call makes a virtual environment
 * with the pinned packages under `.cache/peers`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, median, range } from './machine.ts';
import { movieLensFolder } from './movielens_files.ts';
import { describeProcessor } from './processor.ts';

interface Figures {
  readonly name: string;
  readonly examples_s: number;
  readonly step_ms: number;
  readonly recall10?: number;
  readonly recall50?: number;
  readonly rss_mib: number;
  readonly N?: number;
}

interface Program {
  readonly name: string;
  readonly ours: boolean;
  readonly command: (round: number) => readonly string[];
}

interface Run extends Figures {
  readonly wall: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const chosen = positionals.length > 0 ? positionals : ['movielens', 'scale'];

const processor = describeProcessor();
if (!values.json) console.log(processor);
const python = environment();
const movieLens = chosen.some((part) => part === 'movielens' || part === 'recall') ? movieLensFolder() : undefined;
const sequences = resolve(process.env.TOWER_DATA ?? 'models/data', 'toys/Toys_and_Games.txt');

const peer = (file: string, ...args: readonly string[]): Program => ({
  name: [file.replace('.py', ''), ...args].join(' '),
  ours: false,
  command: () => [python, `bench/peers/${file}`, ...args],
});
const ours = (file: string, ...args: readonly string[]): Program => ({
  name: ['tower', ...args].join(' '),
  ours: true,
  command: (round) => [
    process.execPath,
    ...(file.endsWith('.mjs') ? [] : ['--import', 'tsx']),
    file,
    ...args,
    '--seed',
    String(round + 1),
  ],
});

if (chosen.includes('movielens')) {
  compare('MovieLens latest-small: the same two towers, batch 1024, 10 epochs', 'examples_s', [
    ours('bench/movielens.mjs'),
    ours('bench/movielens.mjs', '--precision', 'bf16'),
    peer('keras_fit.py'),
    peer('keras_fit.py', 'bf16'),
    peer('tfrs_fit.py'),
    peer('torch_fit.py', 'dense'),
    peer('torch_fit.py', 'dense', 'bf16'),
  ]);
}
if (chosen.includes('recall')) {
  compare('MovieLens recall between seeds', 'examples_s', [ours('bench/movielens.mjs'), peer('keras_fit.py')]);
}
if (chosen.includes('scale')) {
  for (const rows of ['1e4', '1e5', '1e6']) {
    compare(`Scale: 20 tables of ${rows} rows × 16, batch 4096`, 'step_ms', [
      ours('bench/scale.ts', rows),
      ours('bench/scale.ts', rows, '--precision', 'bf16'),
      peer('tf_custom_scale.py', rows, 'xla'),
      peer('tf_custom_scale.py', rows, 'xla', 'bf16'),
      peer('tf_custom_scale.py', rows),
      peer('keras_fit_scale.py', rows),
      peer('keras_fit_scale.py', rows, 'bf16'),
    ]);
  }
}
if (chosen.includes('sequences')) {
  if (existsSync(sequences)) {
    compare('Amazon Toys: SASRec, 2 layers of 64, 50 positions, one negative each, 256 users a step', 'examples_s', [
      ours('bench/sasrec.ts'),
      ours('bench/sasrec.ts', '--precision', 'bf16'),
      peer('sasrec_torch.py'),
      peer('sasrec_torch.py', 'bf16'),
      peer('sasrec_torch.py', 'compile'),
      peer('sasrec_torch.py', 'compile', 'bf16'),
    ]);
  } else console.error(`sequences is left out: ${sequences} is not there; TOWER_DATA names the folder that has it`);
}

function environment(): string {
  const folder = resolve('.cache/peers/venv');
  const executable = `${folder}/bin/python`;
  if (!existsSync(executable)) {
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    const install = ['install', '--no-cache-dir', '-r', 'bench/peers/requirements.txt'];
    execFileSync(`${folder}/bin/pip`, install, { stdio: 'inherit' });
  }
  return executable;
}

function once(program: Program, round: number): Run {
  const [command, ...args] = program.command(round);
  const start = performance.now();
  const done = spawnSync(command!, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      ...(movieLens ? { ML_DIR: movieLens } : {}),
      SEQUENCES: sequences,
      TF_CPP_MIN_LOG_LEVEL: '3',
    },
    maxBuffer: 2 ** 28,
  });
  const wall = (performance.now() - start) / 1000;
  const line = done.stdout
    ?.trim()
    .split('\n')
    .findLast((text) => text.startsWith('{'));
  if (done.status !== 0 || line === undefined) {
    throw new Error(`${program.name} ended with ${done.status}:\n${done.stderr?.slice(-2000)}`);
  }
  return { ...(JSON.parse(line) as Figures), wall };
}

function compare(title: string, steady: 'examples_s' | 'step_ms', all: readonly Program[]): void {
  const programs = all.filter(({ name, ours }) => ours || !values.only || values.only.split(',').includes(name));
  const runs = new Map<string, Run[]>(programs.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const program of programs) {
      const run = once(program, round);
      runs.get(program.name)!.push(run);
      process.stderr.write(`round ${round + 1} ${program.name}: ${JSON.stringify(run)}\n`);
    }
  }
  if (values.json) {
    console.log(JSON.stringify({ title, machine: describeMachine(), processor, runs: Object.fromEntries(runs) }));
    return;
  }
  console.log(`\n${title}\n${describeMachine()}; median [lowest–highest] of ${rounds} rounds`);
  for (const [name, of] of runs) {
    const recall = of.every((run) => run.recall50 !== undefined)
      ? ` · recall@50 mean ${(of.reduce((sum, run) => sum + run.recall50!, 0) / of.length).toFixed(4)} (${range(
          of.map((run) => run.recall50!),
          3,
        )})`
      : '';
    console.log(
      `  ${name.padEnd(28)} ${range(
        of.map((run) => run.examples_s),
        0,
      )} examples/s · ${range(
        of.map((run) => run.step_ms),
        2,
      )} ms a step · ` +
        `${range(of.map((run) => run.wall))} s whole process · ${median(of.map((run) => run.rss_mib))} MiB${recall}`,
    );
  }
  const side = (ours: boolean): readonly Run[][] =>
    programs.filter((program) => program.ours === ours).map(({ name }) => runs.get(name)!);
  const [mine, theirs] = [side(true), side(false)];
  if (theirs.length === 0) return;
  /** Each side by its fastest program. */
  const best = (of: (run: Run) => number, all: readonly Run[][]): number =>
    Math.min(...all.map((each) => median(each.map(of))));
  const ratio = (of: (run: Run) => number): number => best(of, theirs) / best(of, mine);
  const step = ratio((run) => run.step_ms);
  const whole = ratio((run) => run.wall);
  const turned = steady === 'step_ms' ? ` (ours ÷ theirs ${(1 / step).toFixed(2)})` : '';
  console.log(
    `  the fastest of ours and of theirs: step ${step.toFixed(2)} × as fast, whole process ${whole.toFixed(2)} × as fast${turned}`,
  );
}
