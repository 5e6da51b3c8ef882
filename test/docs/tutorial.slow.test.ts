/** The pages of `docs/tutorial`: each shows its file, its commands run as typed, its figures hold, and its exercise is wrong as it says until it is solved. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { fences } from './fences.ts';

const source = 'docs/tutorial';
const names = readdirSync(source)
  .filter((name) => /^\d/.test(name))
  .sort();
const folder = temporaryFolder();
const pageText = (name: string): string => readFileSync(join(source, name), 'utf8');

async function tower(words: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const env = { ...process.env, NO_COLOR: '1' };
  const options = { cwd: folder, env, maxBuffer: 1e8 };
  try {
    return await promisify(execFile)(process.execPath, [resolve('dist/tower.cjs'), ...words], options);
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { stdout, stderr };
  }
}

/** The words of a line of a shell: what is in single quotes stays together. */
const wordsOf = (line: string): string[] => (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ''));

const commands = names.flatMap((name) =>
  fences(join(source, name), 'sh').flatMap(({ text }) =>
    text
      .split('\n')
      .filter((line) => /^npx tower (?!serve|check)/.test(line))
      .map((line) => line.replace(/\s#.*$/, '').slice('npx tower '.length)),
  ),
);

let drawn: Awaited<ReturnType<typeof tower>>;

beforeAll(async () => {
  cpSync(source, folder, { recursive: true, filter: (path) => !/tutorial.shop\d?$/.test(path) });
  drawn = await tower(wordsOf(commands[0]!));
});

it('the tutorial has eight pages, each with a picture', () => {
  expect(names.length).toBe(8);
  for (const name of names) {
    const [, picture] = /!\[[^\]]+\]\((pictures\/\w+\.svg)\)/.exec(pageText(name))!;
    expect(existsSync(join(source, picture!)), picture).toBe(true);
  }
});

describe('a page of the tutorial', () => {
  it.each(names)('%s shows files as they are', (name) => {
    const files = readdirSync(source).filter((file) => file.endsWith('.tower'));
    const texts = files.map((file) => readFileSync(join(source, file), 'utf8'));
    for (const { text, name: place } of fences(join(source, name), 'tower')) expect(texts, place).toContain(text);
  });

  it.each(names)(
    '%s has an exercise: the checker says what the page prints, and nothing of the solution',
    async (name) => {
      const text = pageText(name);
      const [, file] = /^npx tower check (\S+\.exercise\.tower)$/m.exec(text)!;
      const shown = /## Exercise[\s\S]*?```text\n([\s\S]*?)\n```/.exec(text)![1]!;
      const checked = async (path: string): Promise<string> => {
        const { stdout, stderr } = await tower(['check', path]);
        return `${stdout}${stderr}`.trim();
      };
      expect((await checked(file!)).replace(`${file}: no errors\n`, '')).toBe(shown);
      const solution = file!.replace('.exercise.', '.solution.');
      expect(text).toContain(`(${solution})`);
      expect(await checked(solution)).toBe(`${solution}: no errors`);
    },
  );
});

describe('the shop of the tutorial', () => {
  it('is the one that the first page prints, and its data block is the one in the folder', () => {
    for (const line of fences(join(source, names[0]!), 'text')[0]!.text.trim().split('\n'))
      expect(`${drawn.stderr}${drawn.stdout}`).toContain(line);
    expect(readFileSync(join(folder, 'shop.tower'), 'utf8')).toBe(readFileSync(join(source, 'shop.tower'), 'utf8'));
  });
});

/** Each row `file.tower --set …` of a table, with the figure in the next cell. */
const allFigures = names.flatMap((name) =>
  [...pageText(name).matchAll(/^\| `(\w+(?:\.exercise)?\.tower)((?: --set \S+)?)`[^|]* \| (0\.\d+) \|/gm)].map(
    ([, file, set, figure]) => ({ name, file: file!, set: set!.trim(), figure: Number(figure) }),
  ),
);

/** A run that a page repeats from the one before is made once. */
const figures = allFigures.filter(
  ({ file, set, figure }, at) =>
    allFigures.findIndex((other) => other.file === file && other.set === set && other.figure === figure) === at,
);

describe('a figure of the tutorial', () => {
  it('is on most pages', () => expect(figures.length).toBeGreaterThan(8));

  it.each(figures)('$name: $file $set has a recall@10 of $figure', async ({ file, set, figure }) => {
    const data = file.includes('.exercise.') ? [] : ['--data', 'shop.tower'];
    await tower(['train', file, ...data, ...set.split(' ').filter(Boolean), '--out', 'runs/figure', '--force']);
    const { stdout } = await tower(['evaluate', 'runs/figure', '--baselines', 'none', '--json']);
    const [{ all }] = JSON.parse(stdout).rows;
    // The page has the mean of three seeds, which differ by 0.03 at most.
    expect(Math.abs(all['recall@10'] - figure)).toBeLessThan(0.03);
  });
});

it('the baselines have the figures that the pages say', async () => {
  await tower(wordsOf('train evaluation.tower --data shop.tower --set epochs=1 --out runs/baselines'));
  const { stdout } = await tower(wordsOf('evaluate runs/baselines --baselines popularity,random,ials --json'));
  const rows: readonly { name: string; all: Record<string, number> }[] = JSON.parse(stdout).rows;
  const shown = {
    random: ['ten random items', '1-retrieval.md'],
    popularity: ['popularity', '6-evaluation.md'],
  } as const;
  const said = (words: string, name: string): number =>
    Number(new RegExp(`^\\| ${words}[^|]* \\| (0\\.\\d+) \\|`, 'm').exec(pageText(name))![1]);
  for (const [name, [words, page]] of Object.entries({ ...shown, ials: ['iALS', '6-evaluation.md'] as const }))
    expect(rows.find((row) => row.name === name)!.all['recall@10'], name).toBeCloseTo(said(words, page), 2);
  expect(said('the ten most popular items', '1-retrieval.md')).toBe(said('popularity', '6-evaluation.md'));
});

it('the judge of the loop cannot tell the second day from the first', async () => {
  const day2 = commands.find((line) => line.includes('--rows 7e4'))!;
  for (const line of [
    'train loop.tower --data shop.tower --out runs/loop1',
    day2,
    'train loop.tower --data shop2.tower --from runs/loop1 --out runs/loop2',
  ])
    await tower(wordsOf(line));
  const compared = wordsOf('compare runs/loop1 runs/loop2 --data shop2.tower --baselines none');
  const { stdout } = await tower(compared);
  const number = String.raw`([+-]?\d\.\d+)`;
  const row = (name: string) => new RegExp(`^${name} +${number} \\[${number}, ${number}\\]`, 'm').exec(stdout)!;
  const [, , low, high] = row('loop2 − loop1');
  expect([Number(low) < 0, Number(high) > 0]).toEqual([true, true]);
  const figures = [...pageText('8-loop.md').matchAll(/^\| the version [^|]+ \| (0\.\d+) \|$/gm)].map(
    ([, each]) => each,
  );
  for (const [at, name] of ['loop1', 'loop2'].entries())
    expect(Math.abs(Number(row(name)[1]) - Number(figures[at]))).toBeLessThan(0.02);
});

it('the commands of all pages run one after the other, as typed', async () => {
  for (const line of commands.slice(1)) {
    // One pass, and the quickest baseline, say whether a command is right.
    const short = [
      ...(/^train/.test(line) ? ['--set', 'epochs=1'] : []),
      ...(/^(compare|evaluate)/.test(line) && !line.includes('--baselines') ? ['--baselines', 'popularity'] : []),
    ];
    const { stderr } = await tower([...wordsOf(line), ...short]);
    expect(stderr, line).not.toMatch(/\d errors?$/m);
  }
}, 600_000);
