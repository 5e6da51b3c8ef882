/** A run compiled anew from the files kept with it. */
import { basename, parse, resolve } from 'node:path';
import { readRunFile } from '../../base/storage/run_files.ts';
import { makeSource } from '../../base/text/source.ts';
import { defined } from '../../base/util/defined.ts';
import { compile } from '../../compiler/pipeline.ts';
import type { Manifest } from '../../training/artifact/manifest.ts';

/** Its files lie side by side, whatever folders they came from. Undefined where none were kept. */
export async function recompiled(
  folder: string,
  { sources, settings }: Manifest,
): Promise<ReturnType<typeof compile> | undefined> {
  const storedTexts: string[] = [];
  for (const path of sources) storedTexts.push((await readRunFile(folder, path)).toString('utf8'));
  const [main] = sources;
  if (main === undefined) return undefined;
  // Files of one name lie under others here; what is used is read in the order in which it was at training.
  const otherTexts = storedTexts.slice(1).values();
  return compile(makeSource(basename(main), storedTexts[0]!), {
    load(path) {
      const { value } = otherTexts.next();
      return value === undefined ? undefined : makeSource(path, value);
    },
    folder: resolve(folder, 'sources'),
    project: parse(resolve(folder)).root,
    ...defined({ settings }),
  });
}
