/** The look of every command: on terminals of several widths, with and without colours, and where no terminal is. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { makeProgram } from '../../../src/app/cli/commands/table.ts';
import { widthOf } from '../../../src/app/cli/layout.ts';
import { sayDiagnostics } from '../../../src/app/cli/report.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { model, writeProject } from './project.ts';
import { screenOf } from './terminal.ts';

interface Look {
  /** Undefined where the output goes to a file. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const looks = { 'a coloured terminal of 40': { columns: 40 }, 'a file': {} } satisfies Record<string, Look>;

/** Only for commands that take no time. */
const moreLooks = {
  'a terminal of 40 without colours': { columns: 40, env: { NO_COLOR: '1' } },
  'a terminal of 200': { columns: 200 },
  'a terminal that only adds lines': { columns: 80, env: { TERM: 'dumb' } },
  'a file with colours': { env: { FORCE_COLOR: '1' } },
} satisfies Record<string, Look>;

/** A command line. */
interface Case {
  readonly line: string;
  /** It prints text of files as it is, which is not wrapped. */
  readonly files?: true;
  /** It takes a second. */
  readonly long?: true;
  /** Its words differ: a line of a file is cut to the terminal, the first column of a list has no head, or they say what was measured. */
  readonly varies?: true;
}

const cases: readonly Case[] = [
  { line: '--help' },
  { line: 'help train' },
  { line: 'check films.tower --data data.tower' },
  { line: 'check wrong.tower', files: true, varies: true },
  { line: 'format films.tower' },
  { line: 'format --check ugly.tower' },
  { line: 'explain bce-unscaled', files: true },
  { line: 'explain senet', files: true },
  { line: 'explain retrieve', files: true },
  { line: 'compile films.tower --out OUT' },
  { line: 'shards plan films.tower --data data.tower --parts 2 --out OUT' },
  { line: 'runs' },
  { line: 'report run' },
  { line: 'recommend runs/one --user u1 --because 2 --engine onnx' },
  { line: 'recommend runs/one --user nobody --engine onnx' },
  { line: 'export runs/one --out OUT' },
  { line: 'export runs/one --browser --out OUT' },
  { line: 'inspect films.tower' },
  { line: 'inspect films.tower --plan' },
  { line: 'inspect films.tower --graph user', files: true },
  { line: 'inspect runs/one', files: true },
  { line: 'inspect runs/one --step 1 --out OUT --engine onnx' },
  { line: 'data synthetic --rows 500 --out OUT' },
  { line: 'data movilens' },
  { line: `import easyrec ${resolve('test/plugins/easyrec/configs/dssm-of-shops.config')} --out OUT` },
  { line: 'init ratings.csv films.csv --out OUT --yes --no-train', varies: true },
  { line: 'evaluate runs/none' },
  { line: 'train films.tower' },
  { line: 'trian' },
  { line: 'engines', long: true },
  { line: 'evaluate runs/one --engine onnx --baselines popularity', long: true },
  { line: 'compare runs/one runs/two --engine onnx', long: true },
  { line: 'index runs/one --to OUT --engine onnx', long: true },
  { line: 'train films.tower --data data.tower --out OUT --engine onnx', long: true },
  { line: 'tune tuned.tower --data data.tower --out OUT --engine onnx --trials 2 --seeds 1 --finalists 1', long: true },
  { line: 'init ratings.csv films.csv --out OUT --yes --seconds 1 --engine onnx', long: true, varies: true },
];

/** Commands that serve, or that need a server. */
const withServer = ['serve', 'live', 'embed', 'lsp'];

const root = temporaryFolder();
const ending = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const listeners = ending.map((signal) => process.listeners(signal));
const before = { cwd: process.cwd(), out: terminalOf(process.stdout), err: terminalOf(process.stderr) };

function terminalOf({ isTTY, columns }: NodeJS.WriteStream) {
  return { isTTY, columns };
}

/** All that a command writes, in the order in which a terminal gets it. */
async function written(line: string, { columns, env = {} }: Look): Promise<string> {
  const out = join(root, 'out', 'here');
  rmSync(join(root, 'out'), { recursive: true, force: true });
  mkdirSync(join(root, 'out'));
  let text = '';
  const streams = [process.stdout, process.stderr] as const;
  const spies = streams.map((stream) => {
    Object.assign(stream, { isTTY: columns !== undefined, columns });
    return vi.spyOn(stream, 'write').mockImplementation((piece) => Boolean((text += piece)));
  });
  for (const [name, value] of Object.entries({ NO_COLOR: '', FORCE_COLOR: '', TERM: 'xterm', COLUMNS: '', ...env }))
    vi.stubEnv(name, value);
  try {
    const args = line.split(' ').map((word) => (word === 'OUT' ? out : word));
    await makeProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    // Help and the version are thrown too.
    if (error instanceof Failure) sayDiagnostics(error.diagnostics);
    else if (!(error instanceof Error) || !('exitCode' in error && error.exitCode === 0)) throw error;
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
    process.exitCode = undefined;
  }
  return text;
}

/** The line of progress each time that it is drawn or erased. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what terminals read.
const drawings = /\r[^\r\n]*\x1b\[K/g;

/** Lines that a reader copies, and words that are wider than the terminal. */
const isWhole = (line: string, columns: number): boolean =>
  /^\s*(npx|tower|Usage:|\/\S+$)/.test(line) ||
  line
    .trim()
    .split(' ')
    .some((word) => widthOf(word) > columns - (/^ */.exec(line)![0].length + 2));

/** The words, without what differs from run to run. */
const wordsOf = (text: string): Set<string> =>
  new Set(
    stripVTControlCharacters(text)
      .replaceAll(/\d[\d,.]*/g, '#')
      .split(/\s+/)
      .filter((word) => /[A-Za-z]/.test(word)),
  );

beforeAll(async () => {
  writeProject(root);
  process.chdir(root);
  writeFileSync('wrong.tower', model.replace('mlp(16, width) }', 'mpl(16, width) }'));
  writeFileSync('ugly.tower', 'model ugly\nfeatures { a:id(dim:8) }\n');
  writeFileSync('tuned.tower', `${model}\nsearch { width : one of 8, 16 }\n`);
  await written('train films.tower --data data.tower --out runs/one --engine onnx', {});
  cpSync('runs/one', 'runs/two', { recursive: true });
  cpSync('runs/one', 'run', { recursive: true });
});

afterAll(() => {
  process.chdir(before.cwd);
  // A training of a program of its own listens to the end.
  for (const [at, signal] of ending.entries())
    for (const each of process.listeners(signal)) if (!listeners[at]!.includes(each)) process.off(signal, each);
  Object.assign(process.stdout, before.out);
  Object.assign(process.stderr, before.err);
});

it('is tried for each command that needs no server', () => {
  const tried = new Set([...withServer, ...cases.map(({ line }) => line.split(' ')[0]!)]);
  const names = makeProgram().commands.map((command) => command.name());
  expect(names.filter((name) => !tried.has(name))).toEqual([]);
});

it.each(cases)('of `tower $line`', async ({ line, files, long, varies }) => {
  const tried: Record<string, Look> = long ? looks : { ...looks, ...moreLooks };
  let words: Set<string> | undefined;
  for (const [name, look] of Object.entries(tried)) {
    const { columns, env = {} }: Look = look;
    const text = await written(line, look);
    const printed = text.replaceAll(drawings, '');
    expect(printed, name).toMatch(/\S[^\n]*\n$/);
    // Where a line cannot be drawn again there is none, and only colours are escape codes.
    if (columns === undefined || env.TERM === 'dumb') expect(printed, name).toBe(text);
    const isColoured = env.FORCE_COLOR !== undefined || (columns !== undefined && Object.keys(env).length === 0);
    if (!isColoured) expect(printed, name).toBe(stripVTControlCharacters(printed));
    expect(printed, name).not.toContain('\r');
    if (columns !== undefined) {
      const lines = stripVTControlCharacters(printed).split('\n');
      if (!files)
        expect(
          lines.filter((each) => widthOf(each) > columns && !isWhole(each, columns)),
          name,
        ).toEqual([]);
      // Nothing of the line of progress is left, and it has overwritten nothing.
      const screen = screenOf(text.replaceAll('\n', '\r\n'), { rows: 10_000, columns: 1000 });
      expect(screen, name).toEqual(lines.slice(0, -1).map((each) => each.trimEnd()));
    }
    const here = wordsOf(printed);
    if (!varies) expect([...here].sort(), name).toEqual([...(words ??= here)].sort());
  }
});
