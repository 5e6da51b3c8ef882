/**
 * A training step's wall time next to the engine's own time for its graph, on MovieLens at two batches: what assembling, gathering,
 * pooling and scattering add. `npx tsx bench/loop.ts [--rounds=3]`, after `npm run build`
 */
import { execFileSync } from 'node:child_process';
import { describeMachine, median, range } from './machine.ts';
import { movieLensFolder } from './movielens_files.ts';

const rounds = Number(process.argv.find((argument) => argument.startsWith('--rounds='))?.split('=')[1] ?? 3);

const env = { ...process.env, ML_DIR: movieLensFolder() };

interface Figures {
  readonly step_ms: number;
  readonly engine_ms: number;
  readonly feed_ms: number;
  readonly scatter_ms: number;
  readonly examples_s: number;
}

console.log(`the loop: ${describeMachine()}; median [lowest–highest] of ${rounds} rounds`);
for (const [batch, epochs] of [
  ['1024', '5'],
  ['4096', '8'],
] as const) {
  const runs = Array.from({ length: rounds }, (): Figures => {
    const args = ['bench/movielens.mjs', '--batch', batch, '--epochs', epochs];
    return JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  });
  const of = (figure: keyof Figures): string =>
    range(
      runs.map((run) => run[figure]),
      2,
    );
  console.log(
    `  batch ${batch}: step ${of('step_ms')} ms · engine ${of('engine_ms')} · feed ${of('feed_ms')} · scatter ${of('scatter_ms')} · ` +
      `step ÷ engine ${median(runs.map(({ step_ms, engine_ms }) => step_ms / engine_ms)).toFixed(2)} (goal 1.3)`,
  );
}
