/** A run compiled anew from the files kept with it. */
import { basename, join, parse, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Trained } from '../artifact/load.ts';
import { type Manifest, manifestFile } from '../artifact/manifest.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { compile } from '../pipeline.ts';
import { readRunFile } from '../storage/run_files.ts';
import { makeSource } from '../text/source.ts';
import { version } from './version.ts';

/** Its files lie side by side, whatever folders they came from. Undefined where none were kept. */
export async function recompiled(
  folder: string,
  { sources, settings }: Manifest,
): Promise<ReturnType<typeof compile> | undefined> {
  const texts: string[] = [];
  for (const path of sources) texts.push((await readRunFile(folder, path)).toString('utf8'));
  const [main] = sources;
  if (main === undefined) return undefined;
  // Files of one name lie under others here; what is used is read in the order in which it was at training.
  const others = texts.slice(1).values();
  return compile(makeSource(basename(main), texts[0]!), {
    load(path) {
      const { value } = others.next();
      return value === undefined ? undefined : makeSource(path, value);
    },
    folder: resolve(folder, 'sources'),
    project: parse(resolve(folder)).root,
    ...defined({ settings: settings && Object.fromEntries(Object.entries(settings).map(([k, v]) => [k, Number(v)])) }),
  });
}

/**
 * A plan and graphs that fit each other may still not be those of the model: another activation, another pooling. This version
 * compiles its own runs to the same again. Runs of other versions may differ, and are not compared.
 * @throws Failure `damaged-file` with the file that differs
 */
export async function refuseOtherPlan({ folder, manifest, plan }: Trained): Promise<void> {
  if (manifest.tower !== version) return;
  const lowered = (await recompiled(folder, manifest))?.lowered;
  if (!lowered) return;
  const own = JSON.parse(JSON.stringify(lowered.plan)) as typeof plan;
  const pairs = [
    ...manifest.plan.towers.map(({ embedded }, at) => [embedded.graph, plan.towers[at]!, own.towers[at]] as const),
    [manifest.plan.step.graph, plan.step, own.step] as const,
    [manifestFile, plan, own] as const,
  ];
  for (const [path, is, should] of pairs) {
    if (isDeepStrictEqual(is, should)) continue;
    throw failure('damaged-file', {
      path: join(folder, path),
      reason: 'it is not what the sources of the run compile to',
    });
  }
}
