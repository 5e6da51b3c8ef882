/** The section of a report that lists what the run was trained with. */
import type { Manifest } from '../../training/artifact/run_manifest.ts';
import { escapeHtml, foldedSection, table } from './html.ts';

export interface ModelFileText {
  readonly name: string;
  readonly text: string;
}

/** Lists all settings that are needed to reproduce a figure: entries of `train` with defaults, the data, the engine, the text of the model. */
export function settingFacts({ plan, training, data, engine, seed, settings, tower }: Manifest): [string, string][] {
  // Dense weights have one kind of optimizer, which the plan does not name.
  const train = { ...plan.train, dense: { kind: 'adam', ...plan.train.dense } };
  return [
    ...settingLines('', train).filter(([name]) => name !== 'seed'),
    ['seed', String(seed)],
    ['engine', `${engine.name}, ${engine.version}`],
    ...(tower === undefined ? [] : [['Tower', tower] as [string, string]]),
    ...(data.file === undefined ? [] : [['data block', data.file] as [string, string]]),
    ...(data.seen === undefined ? [] : [['seen items', `${data.seen} in rankings`] as [string, string]]),
    ...Object.entries(data.histories ?? {}).map(([name, history]): [string, string] => [
      `window of ${name}`,
      String(history),
    ]),
    ...(training.changes ?? []).map(({ step, setting, from, to }): [string, string] => [
      `${setting}, after step ${step}`,
      `${changedValueText(from)} became ${changedValueText(to)}`,
    ]),
    ...Object.entries(settings ?? {}).map(([name, value]): [string, string] => [`--set ${name}`, value]),
  ];
}

export function settingsSection(manifest: Manifest, sources: readonly ModelFileText[] = []): string {
  return foldedSection(
    'Settings and model files',
    table({
      caption: 'Everything that the run was trained with, defaults too',
      head: ['setting', 'value'],
      rows: settingFacts(manifest),
      words: true,
    }),
    ...sources.map(({ name, text }) => `<h3>${escapeHtml(name)}</h3><pre tabindex="0">${escapeHtml(text)}</pre>`),
  );
}

/** Returns names such as `dense.schedule.kind`, with one line for each value that is not an object. */
export function settingLines(prefix: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[prefix, String(value)]];
  if (Array.isArray(value) && value.every((element) => typeof element !== 'object'))
    return [[prefix, value.join(', ')]];
  return Object.entries(value).flatMap(([name, entryValue]) =>
    settingLines(prefix === '' ? name : `${prefix}.${name}`, entryValue),
  );
}

const changedValueText = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);
