/** The section of a report about its time: by parts of the training, and by blocks of the model. */
import type { Profile, ProfileRow } from '../../training/step_profile.ts';
import type { EpochRecord } from '../../training/train_options.ts';
import { barChart } from './bar_charts.ts';
import { alternative, counted, figureText, folded, section, soft, table } from './html.ts';
import type { ReportParts } from './report_parts.ts';

const timeParts = ['engine', 'feed', 'scatter', 'other', 'validation'] as const;
const timeWords: Readonly<Record<(typeof timeParts)[number], string>> = {
  engine: 'engine',
  feed: 'feed and gather',
  scatter: 'scatter',
  other: 'the rest of the loop',
  validation: 'validation',
};

/** Shows where the time of a run went, and if the run was profiled also where a step spends it, by block of the model. */
export function timeSection({ curves: { epochs }, profile }: Pick<ReportParts, 'curves' | 'profile'>): string {
  const parts = [...(profile ? [blocksOf(profile)] : []), ...(epochs.length > 0 ? [partsOf(epochs)] : [])];
  if (parts.length === 0) return '';
  return section('Where the time went', ...parts);
}

function partsOf(epochs: readonly EpochRecord[]): string {
  const partTimes = ({ milliseconds }: EpochRecord) => ({
    ...milliseconds,
    other: Math.max(0, milliseconds.total - milliseconds.engine - milliseconds.feed - milliseconds.scatter),
  });
  const partSums = timeParts.map((part) => ({
    part,
    value: epochs.reduce((sum, record) => sum + partTimes(record)[part], 0),
  }));
  const totalTime = partSums.reduce((sum, { value }) => sum + value, 0);
  const bars = partSums
    .toSorted((a, b) => b.value - a.value)
    .map(({ part, value }) => ({
      name: timeWords[part],
      value,
      text: `${figureText(value / 1000)} s, ${((100 * value) / Math.max(1e-9, totalTime)).toFixed(0)} %`,
    }));
  return [
    barChart('The whole training, by its parts', bars),
    soft(
      'The engine runs the graph; feeding makes a batch and gathers the rows of embedding tables; scattering writes them back.',
    ),
    alternative({
      caption: 'Milliseconds of each epoch',
      head: ['epoch', ...timeParts.map((part) => timeWords[part]), 'examples/s'],
      rows: epochs.map((record) => [
        String(record.epoch),
        ...timeParts.map((part) => figureText(Math.round(partTimes(record)[part]))),
        figureText(Math.round(record.examplesPerSecond)),
      ]),
    }),
  ].join('\n');
}

const [mostBars, mostRows, mostOps] = [16, 60, 16];

function blocksOf(profile: Profile): string {
  const { engine, steps, rows, milliseconds, blocks, ops, notes } = profile;
  const shownBlocks = blocks.slice(0, mostBars);
  return [
    barChart(
      `A step by block of the model${shownBlocks.length < blocks.length ? `, the slowest ${shownBlocks.length}` : ''}`,
      shownBlocks.map(({ name, milliseconds: value, share }) => ({
        name,
        value,
        text: `${figureText(value)} ms, ${percent(share)}`,
      })),
    ),
    soft(
      `A training step of ${counted(rows, 'row')} on the engine ${engine.name} took ${figureText(milliseconds.step)} ms: medians of ${counted(steps.length, 'sampled step')}, from ${steps[0]!.toLocaleString('en')} to ${steps.at(-1)!.toLocaleString('en')}.`,
    ),
    ...notes.map(soft),
    folded(
      'Blocks and ops as tables',
      table({
        caption: 'Blocks of the model, and the host around the engine',
        head: ['block', 'written at', 'ms a step', 'share', 'of it gradients', 'calls', 'MFLOP'],
        rows: blocks
          .slice(0, mostRows)
          .map(({ name, place, milliseconds: value, share, backward, calls, flops }) => [
            name,
            place ? `${place.file}:${place.line}` : '',
            figureText(value),
            percent(share),
            backward === undefined || value === 0 ? '' : percent(backward / value),
            figureText(calls),
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
                .map((op) => [
                  op.name,
                  figureText(op.milliseconds),
                  percent(op.share),
                  figureText(op.calls),
                  flopsOf(op),
                ]),
            }),
          ]),
    ),
  ].join('\n');
}

const flopsOf = ({ flops }: { readonly flops?: ProfileRow['flops'] | undefined }): string =>
  flops === undefined ? '' : figureText(flops / 1e6);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
