/** Where the time of a training went. */
import type { EpochRecord } from '../training/training_events.ts';
import { barChart } from './bars.ts';
import { figure, paragraph, section, table } from './html.ts';
import type { ReportParts } from './parts.ts';

const timeParts = ['engine', 'feed', 'scatter', 'other', 'validation'] as const;
const timeWords: Readonly<Record<(typeof timeParts)[number], string>> = {
  engine: 'engine',
  feed: 'feed and gather',
  scatter: 'scatter',
  other: 'the rest of the loop',
  validation: 'validation',
};

export function time({ curves: { epochs } }: ReportParts): string {
  if (epochs.length === 0) return '';
  const of = ({ milliseconds }: EpochRecord) => ({
    ...milliseconds,
    other: Math.max(0, milliseconds.total - milliseconds.engine - milliseconds.feed - milliseconds.scatter),
  });
  const sums = timeParts.map((part) => ({ part, value: epochs.reduce((sum, record) => sum + of(record)[part], 0) }));
  const whole = sums.reduce((sum, { value }) => sum + value, 0);
  const bars = sums
    .toSorted((a, b) => b.value - a.value)
    .map(({ part, value }) => ({
      name: timeWords[part],
      value,
      text: `${figure(value / 1000)} s, ${((100 * value) / Math.max(1e-9, whole)).toFixed(0)} %`,
    }));
  return section(
    'Where the time went',
    paragraph(
      'The engine runs the graph; feeding makes a batch and gathers the rows of embedding tables; scattering writes them back.',
    ),
    barChart('Slowest parts, over all epochs', bars),
    table({
      caption: 'Milliseconds of each epoch',
      head: ['epoch', ...timeParts.map((part) => timeWords[part]), 'examples/s'],
      rows: epochs.map((record) => [
        String(record.epoch),
        ...timeParts.map((part) => figure(Math.round(of(record)[part]))),
        figure(Math.round(record.examplesPerSecond)),
      ]),
    }),
  );
}
