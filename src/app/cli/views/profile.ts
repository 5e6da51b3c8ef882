/** Where the time of a training step goes, as two tables: by block and by op. */
import type { Profile, ProfileBlock, ProfileRow } from '../../../training/profile/profile.ts';
import { tableOf } from '../table.ts';

/** Rows of a table. What is left is one more row. */
const [mostBlocks, mostOps] = [30, 10];

export function profileText({ engine, steps, rows, milliseconds, blocks, ops, notes }: Profile): string {
  return [
    `a training step of ${rows} rows takes ${digits(milliseconds.step)} ms: medians of ${counted(steps)}`,
    tableOf(
      ['block', 'line', 'ms a step', 'share', 'backward', 'calls', 'MFLOP'],
      shortened(blocks, mostBlocks).map((block) => [
        block.name,
        placeOf(block),
        digits(block.milliseconds),
        percent(block.share),
        !('backward' in block) || block.backward === undefined
          ? ''
          : percent(block.milliseconds === 0 ? 0 : block.backward / block.milliseconds),
        String(block.calls),
        work(block),
      ]),
    ),
    ...(ops.length === 0
      ? []
      : [
          tableOf(
            [`op of ${engine.name}`, 'ms a step', 'share', 'calls', 'MFLOP'],
            shortened(ops, mostOps).map((op) => [
              op.name,
              digits(op.milliseconds),
              percent(op.share),
              String(op.calls),
              work(op),
            ]),
          ),
        ]),
    ...notes,
  ].join('\n');
}

/** `16 steps (51, 73, … 381)` */
function counted(steps: readonly number[]): string {
  const shown = steps.length > 4 ? `${steps[0]}, ${steps[1]}, … ${steps.at(-1)}` : steps.join(', ');
  return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'} (${shown})`;
}

function shortened<R extends ProfileRow>(rows: readonly R[], most: number): readonly (R | ProfileRow)[] {
  if (rows.length <= most) return rows;
  const others = rows.slice(most - 1);
  const sum = (of: (row: R) => number): number => others.reduce((total, row) => total + of(row), 0);
  const [milliseconds, share, calls] = [
    sum((row) => row.milliseconds),
    sum((row) => row.share),
    sum((row) => row.calls),
  ];
  return [...rows.slice(0, most - 1), { name: `${others.length} others`, milliseconds, share, calls }];
}

const placeOf = (row: Partial<ProfileBlock>): string => (row.place ? `${row.place.file}:${row.place.line}` : '');

const work = ({ flops }: ProfileRow): string => (flops === undefined ? '' : digits(flops / 1e6));

const digits = (value: number): string => String(Number(value.toPrecision(value >= 100 ? 4 : 3)));

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
