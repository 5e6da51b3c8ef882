/** Where the time of a training step goes, by block of the model: of a run that was profiled. */
import type { Profile, ProfileRow } from '../training/profile/profile.ts';
import { barChart } from './bars.ts';
import { counted, figure, paragraph, section, soft, table } from './html.ts';

/** Bars and rows of a chart or a table. */
const [mostBars, mostRows, mostOps] = [16, 60, 16];

export function profileSection(profile: Profile | undefined): string {
  if (!profile) return '';
  const { engine, steps, rows, milliseconds, blocks, ops, notes } = profile;
  const shown = blocks.slice(0, mostBars);
  return section(
    'Where time goes',
    paragraph(
      `A training step of ${counted(rows, 'row')} on the engine ${engine.name} took ${figure(milliseconds.step)} ms: medians of ${counted(steps.length, 'sampled step')}, from ${steps[0]!.toLocaleString('en')} to ${steps.at(-1)!.toLocaleString('en')}.`,
    ),
    ...notes.map(soft),
    barChart(
      `Time of a step by block${shown.length < blocks.length ? `, the slowest ${shown.length}` : ''}`,
      shown.map(({ name, milliseconds: value, share }) => ({
        name,
        value,
        text: `${figure(value)} ms, ${percent(share)}`,
      })),
    ),
    table({
      caption: 'Blocks of the model, and the host around the engine',
      head: ['block', 'written at', 'ms a step', 'share', 'of it gradients', 'calls', 'MFLOP'],
      rows: blocks
        .slice(0, mostRows)
        .map(({ name, place, milliseconds: value, share, backward, calls, flops }) => [
          name,
          place ? `${place.file}:${place.line}` : '',
          figure(value),
          percent(share),
          backward === undefined || value === 0 ? '' : percent(backward / value),
          figure(calls),
          flopsOf({ flops }),
        ]),
    }),
    ...(ops.length === 0
      ? []
      : [
          table({
            caption: `Ops of the engine ${engine.name}${ops.length > mostOps ? `, the slowest ${mostOps} kinds` : ''}`,
            head: ['op', 'ms a step', 'share', 'calls', 'MFLOP'],
            rows: ops
              .slice(0, mostOps)
              .map((op) => [op.name, figure(op.milliseconds), percent(op.share), figure(op.calls), flopsOf(op)]),
          }),
        ]),
  );
}

const flopsOf = ({ flops }: { readonly flops?: ProfileRow['flops'] | undefined }): string =>
  flops === undefined ? '' : figure(flops / 1e6);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
