/** What the extension's commands ask the program `tower` to do. Nothing here needs VS Code. */

/** A file of the workspace, with its text. */
export interface Candidate {
  readonly path: string;
  readonly text: string;
}

/** Those that declare a data block: what `--data` takes. */
export const withData = (files: readonly Candidate[]): readonly string[] =>
  files.filter(({ text }) => /^\s*data\s+\w+\s*\{/m.test(text)).map(({ path }) => path);

export const checkWords = (model: string, data: string | undefined): readonly string[] => [
  'check',
  model,
  ...(data === undefined ? [] : ['--data', data]),
];

/** @param now names the folder of the run, so that no run is written over */
export function trainWords(model: string, data: string, now: Date): readonly string[] {
  const name = /([^/\\]+)\.tower$/.exec(model)?.[1] ?? 'model';
  const time = now.toISOString().slice(0, 19).replace(/[T:]/g, '-');
  return ['train', model, '--data', data, '--out', `runs/${name}-${time}`];
}
