/**
 * Rows that a step gathers and trains in a second of the processor, of tables in one memory, in several, and as bfloat16. Time of the
 * processor counts, so that other programs disturb less. Each figure is of a process of its own, which prints the memory that it took. `npx tsx bench/tables.ts`; `npx tsx bench/tables.ts large` adds 60 million rows.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeRandom } from '../src/base/random/random.ts';
import { largestSpace, setSpaceLimit } from '../src/training/embedding/kernel_memory.ts';
import { makeTable } from '../src/training/embedding/table.ts';
import { rowOptimizer } from './row_optimizer.ts';

const dim = 16;
/** Codes of a step. */
const batch = 65_536;
const rounds = 5;
const steps = 10;

interface Setting {
  readonly rows: number;
  /** Of a memory. */
  readonly limit: number;
  readonly precision?: 'bf16';
}

const million: readonly Setting[] = [
  { rows: 1e6, limit: largestSpace },
  { rows: 1e6, limit: 32 * 2 ** 20 },
  { rows: 1e6, limit: largestSpace, precision: 'bf16' },
];
const large: readonly Setting[] = [
  { rows: 55e6, limit: largestSpace },
  { rows: 60e6, limit: largestSpace },
  { rows: 60e6, limit: largestSpace, precision: 'bf16' },
];

function measure({ rows, limit, precision }: Setting): void {
  setSpaceLimit(limit);
  const seconds = (): number => process.cpuUsage().user / 1e6;
  const table = makeTable({
    name: 'items',
    rows,
    dim,
    optimizer: rowOptimizer,
    lookups: 0,
    ...(precision ? { precision } : {}),
  });
  table.initialize(1, 0.05);
  const made = seconds();
  const lookup = table.lookup({ kind: 'one' });
  const random = makeRandom(3);
  const draws = Array.from({ length: steps }, () => Int32Array.from({ length: batch }, () => random.integer(rows)));
  const gradient = new Float32Array(batch * dim);
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const from = seconds();
    for (const codes of draws) {
      lookup.reserve(batch, batch);
      lookup.codes().set(codes);
      gradient.set(lookup.gather(batch));
      lookup.accumulate(gradient);
      table.update();
    }
    // The first round touches pages for the first time.
    if (round > 0) rates.push((steps * batch) / (seconds() - from));
  }
  rates.sort((a, b) => a - b);
  const millions = (rate: number): string => (rate / 1e6).toFixed(2);
  const { maxRSS } = process.resourceUsage();
  const kept = precision ?? (limit === largestSpace && rows < 58e6 ? 'one memory' : 'several memories');
  process.stdout.write(
    `| ${rows.toLocaleString('en')} × ${dim} | ${kept} | ${millions(rates[rounds >> 1]!)} [${millions(rates[0]!)}–${millions(rates.at(-1)!)}] | ${made.toFixed(1)} s | ${(maxRSS / 1024 ** 2).toFixed(1)} GiB |\n`,
  );
}

const [mode, given] = process.argv.slice(2);
if (mode === 'one') measure(JSON.parse(given!) as Setting);
else {
  process.stdout.write('| table | kept | million rows/s | made in | process |\n| --- | --- | --: | --: | --: |\n');
  for (const setting of mode === 'large' ? [...million, ...large] : million) {
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), 'one', JSON.stringify(setting)];
    process.stdout.write(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  }
}
