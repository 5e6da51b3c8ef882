/** What a tracking server gets of a run besides its curves: settings as parameters, and where it comes from as tags. */
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { defined } from '../../../base/util/defined.ts';
import { type Manifest, validationUnit } from '../../../training/artifact/manifest.ts';
import type { TextsByKey } from '../../../training/tracking/mlflow/client.ts';
import { metricKey } from '../../../training/tracking/mlflow/client.ts';
import { settingLines } from '../../report/settings_section.ts';

/** A run that begins, and the manifest of one that has ended, give the same parameters. */
export interface RunFacts extends Pick<Manifest, 'engine' | 'tower' | 'seed' | 'settings'> {
  readonly plan: Pick<Manifest['plan'], 'model' | 'train'>;
  readonly data: Pick<Manifest['data'], 'train' | 'validation' | 'test' | 'items'>;
}

/** Each entry of `train`, defaults too, by its name in the file. */
export function paramsOf({ plan, engine, seed, settings = {}, data }: RunFacts): TextsByKey {
  const { train, validation, test, items } = data;
  const { seed: _, ...entries } = plan.train;
  return byKey([
    // As the manifest has them: without undefined entries.
    ...settingLines('', JSON.parse(JSON.stringify(entries))),
    ['seed', String(seed)],
    ['engine', `${engine.name}, ${engine.version}`],
    ...Object.entries(settings).map(([name, value]): [string, string] => [`set.${name}`, value]),
    ...Object.entries({ train, validation, test, items }).map(([name, rows]): [string, string] => [
      `data.${name}`,
      String(rows),
    ]),
  ]);
}

export const tagsOf = (
  { plan, tower }: { readonly plan: { readonly model: string }; readonly tower: string },
  source: string | undefined,
  commit: string | undefined,
): TextsByKey =>
  byKey(
    Object.entries(
      defined({
        'tower.model': plan.model,
        'tower.version': tower,
        'mlflow.user': userName(),
        'mlflow.source.type': 'LOCAL',
        'mlflow.source.name': source,
        'mlflow.source.git.commit': commit,
      }),
    ),
  );

export const endTagsOf = ({ checksum, training, data, plan }: Manifest): TextsByKey =>
  byKey([
    ['tower.checksum', checksum],
    ['tower.status', training.status],
    ['tower.data', data.fingerprint.events],
    ...(training.best
      ? [
          [
            'tower.best',
            `${training.best.metric} ${training.best.value}, ${validationUnit(plan)} ${training.best.epoch}`,
          ] as [string, string],
        ]
      : []),
  ]);

export const byKey = (pairs: readonly (readonly [string, unknown])[]): TextsByKey =>
  Object.fromEntries(pairs.map(([key, value]) => [metricKey(key), String(value)]));

/** Some machines have a user without a name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** The commit that a folder is at, where it lies in a repository of git and git is installed. `rev-parse` runs nothing of the repository. */
export async function commitOf(folder: string): Promise<string | undefined> {
  const revParse = promisify(execFile)('git', ['rev-parse', '--verify', 'HEAD'], { cwd: folder, timeout: 5000 });
  const { stdout } = await revParse.catch(() => ({ stdout: '' }));
  return /^[0-9a-f]{40,64}$/.exec(stdout.trim())?.[0];
}
