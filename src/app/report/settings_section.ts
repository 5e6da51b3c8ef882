/** All settings of a run, so that a figure can be made again: entries of `train` with their defaults, the data, the engine, the text of the model. */
import type { Manifest } from '../../training/artifact/manifest.ts';
import { escapeHtml, section, table } from './html.ts';

export interface ModelFileText {
  readonly name: string;
  readonly text: string;
}

/** Each setting by its name in the file. */
export function settingFacts({ plan, training, data, engine, seed, settings, tower }: Manifest): [string, string][] {
  // Dense weights have one kind of optimizer, which no plan names.
  const train = { ...plan.train, dense: { kind: 'adam', ...plan.train.dense } };
  return [
    ...settingLines('', train).filter(([name]) => name !== 'seed'),
    ['seed', String(seed)],
    ['engine', `${engine.name}, ${engine.version}`],
    ...(tower === undefined ? [] : [['Tower', tower] as [string, string]]),
    ...(data.file === undefined ? [] : [['data block', data.file] as [string, string]]),
    ...(data.seen === undefined ? [] : [['seen items', `${data.seen} in rankings`] as [string, string]]),
    ...Object.entries(data.histories ?? {}).map(([name, each]): [string, string] => [
      `window of ${name}`,
      String(each),
    ]),
    ...(training.changes ?? []).map(({ step, setting, from, to }): [string, string] => [
      `${setting}, after step ${step}`,
      `${wordsOf(from)} became ${wordsOf(to)}`,
    ]),
    ...Object.entries(settings ?? {}).map(([name, value]): [string, string] => [`--set ${name}`, value]),
  ];
}

export function settingsSection(manifest: Manifest, sources: readonly ModelFileText[] = []): string {
  return section(
    'Settings',
    table({
      caption: 'Everything that the run was trained with, defaults too',
      head: ['setting', 'value'],
      rows: settingFacts(manifest),
      words: true,
    }),
    ...sources.map(
      ({ name, text }) =>
        `<details><summary>${escapeHtml(name)}</summary><pre tabindex="0">${escapeHtml(text)}</pre></details>`,
    ),
  );
}

/** `dense.schedule.kind`: one line for each value that is not an object. */
export function settingLines(prefix: string, value: unknown): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[prefix, String(value)]];
  if (Array.isArray(value) && value.every((each) => typeof each !== 'object')) return [[prefix, value.join(', ')]];
  return Object.entries(value).flatMap(([name, each]) =>
    settingLines(prefix === '' ? name : `${prefix}.${name}`, each),
  );
}

const wordsOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
