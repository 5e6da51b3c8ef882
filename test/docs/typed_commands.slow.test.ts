/**
 * Each `tower` command that the README and the guide show runs as it is typed, on a small set in the layout of MovieLens; or stands below with the reason
 * why it does not. Where the page shows an output next, its lines are among those that the commands print, but for numbers, names of films, and what the
 * machine has.
 */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { fences } from './fences.ts';
import { writeMovieLensProject } from './movielens_project.ts';

/** What a command needs that this test does not have. The first row that fits holds. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [/tower serve /, 'runs until it is stopped; test/docs/serving.test.ts and test/serving/server ask servers'],
  [/--watch/, 'serves a page; test/app/api/watch.test.ts'],
  [/--track/, 'needs an MLflow server; test/training/tracking'],
  [/postgres:|--to /, 'needs PostgreSQL; test/plugins/postgres'],
  [/--setup|--engine torch/, 'fetches or needs PyTorch; test/engines'],
  [
    /s3:|--memory|--workers 2|synthetic/,
    'names the rows of a large set or of a store; test/retrieval/scan and test/app/api/workers.test.ts',
  ],
  [/tower data /, 'fetches a data set; test/data'],
  [/tower embed /, 'asks an endpoint of the reader; test/plugins/embed/embed_rows.slow.test.ts'],
  [/tower import /, 'reads a config of another repository; test/plugins/easyrec'],
  [/tower init/, 'reads files of the reader; test/data/init and test/app/api/init'],
  [/tower tune /, 'trains for half an hour; test/plugins/tune'],
  [/--replay|live\/|tower live|runs\/day2/, 'goes on with events of another day; test/app/api/continued.slow.test.ts'],
  [/runs\/flights|device=phone|--weight |--items /, 'asks a model of other columns or tasks; test/app/api'],
  [
    /model\.tower|films\.tower|block\.tower|movielens\.tower --data data\.tower|ids\.tower/,
    'shows the name of a file of the reader',
  ],
  [/--resume|--finish/, 'goes on with a run that was stopped; test/app/api/runs.test.ts'],
  [/step 17/, 'goes back to a step that a small set does not have; test/app/api/recorded.test.ts'],
];

const pages = ['README.md', ...readdirSync('docs/guide').map((name) => `docs/guide/${name}`)];
const typed = pages.map((page) => {
  const all = fences(page);
  return {
    page,
    blocks: all.flatMap(({ language, text, name }, at) => {
      const lines = text
        .split('\n')
        .map((line) => line.trim().replace(/\s+#.*$/, ''))
        .filter((line) => /^(npx )?tower /.test(line));
      const next = all[at + 1];
      const isWhole = lines.length === text.split('\n').filter((line) => line.trim() !== '').length;
      const shown = isWhole && next?.language === 'text' && next.mark === '' ? next.text : '';
      return language === 'sh' && lines.length > 0 ? [{ name, lines, shown }] : [];
    }),
  };
});
const reasonOf = (line: string): string | undefined => notRun.find(([pattern]) => pattern.test(line))?.[1];
/** Each line once: pages begin with the same training. */
const seen = new Set<string>();
const run = typed.flatMap(({ page, blocks }) => {
  const here = blocks.flatMap(({ name, lines, shown }) => {
    const runs = lines.filter((line) => reasonOf(line) === undefined && !seen.has(line) && seen.add(line));
    return runs.length === 0 ? [] : [{ name, lines: runs, shown: runs.length === lines.length ? shown : '' }];
  });
  return here.length === 0 ? [] : [{ page, blocks: here }];
});

/** Lines that differ from machine to machine: engines that load, and what the processor can do. */
const ofMachine = /^(?:engine|precision|tensorflow|onnx|javascript|torch)\b/;

/** A line of an output as the reader sees its form: `   1  0.232  Snatch (2000) (4011)` → `# # FILM (#)`. */
const formOf = (line: string): string =>
  line
    .replace(/(?<=^| {2})[A-Z].*? \(\d{4}\)/g, 'FILM')
    .replace(/\d[\d,.]*/g, '#')
    .replace(/\s+/g, ' ')
    .trim();

const base = temporaryFolder();
const shell = (line: string, cwd: string) =>
  promisify(execFile)('bash', ['-c', line.replace(/^npx /, '')], {
    cwd,
    env: { ...process.env, PATH: `${join(base, 'node_modules/.bin')}:${process.env.PATH}`, NO_COLOR: '1' },
  });
const trained = 'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/first';

beforeAll(async () => {
  writeMovieLensProject(base);
  // The models of the page of the first steps, and the files where its first command puts them.
  const [views, data, history] = fences('docs/guide/getting-started.md', 'tower');
  cpSync(join(base, 'models/data/movielens'), join(base, 'movielens'), { recursive: true });
  for (const [name, { text }] of Object.entries({ views: views!, data: data!, history: history! }))
    writeFileSync(join(base, `${name}.tower`), text);
  await shell(`${trained} --set epochs=1`, base);
});

describe('a command that a page shows', () => {
  it('runs on most pages', () => {
    expect(run.length).toBeGreaterThan(6);
    const all = new Set(typed.flatMap(({ blocks }) => blocks.flatMap(({ lines }) => lines)));
    expect(notRun.filter(([pattern]) => ![...all].some((line) => pattern.test(line)))).toEqual([]);
  });

  it.each(run)(
    'of $page runs as it is typed',
    async ({ blocks }) => {
      for (const { name, lines, shown } of blocks) {
        const printed = new Set<string>();
        for (const line of lines) {
          // One epoch says whether the command is right. Pages write into folders of the same name.
          const short = /tower train /.test(line) ? `${line} --set epochs=1` : line;
          const again = / --out /.test(line) && /tower (train|export) /.test(line) ? `${short} --force` : short;
          const { stdout, stderr } = await shell(again, base);
          for (const printedLine of `${stdout}\n${stderr}`.split('\n')) printed.add(formOf(printedLine));
        }
        const missing = shown
          .split('\n')
          .filter((line) => !line.includes('…') && !ofMachine.test(line) && !printed.has(formOf(line)));
        expect(missing, `${name}: its output has no line like these; it prints:\n${[...printed].join('\n')}`).toEqual(
          [],
        );
      }
    },
    240_000,
  );
});
