import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { makeProgram } from '../../../src/app/cli/commands/table.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { inProcess, wholeProgram } from './in_process.ts';

async function mistake(...args: string[]): Promise<string> {
  const { thrown, written } = await inProcess(...args);
  expect(thrown).toBeInstanceOf(Failure);
  expect(written).toBe('');
  const [{ code, message, hint }] = (thrown as Failure).diagnostics as [Failure['diagnostics'][number]];
  return `${code}: ${message}; ${hint}`;
}

const names = makeProgram().commands.map((command) => command.name());

describe('help', () => {
  it('is there for every command', () => {
    const nine = ['check', 'compile', 'train', 'evaluate', 'recommend', 'export', 'inspect', 'engines', 'data'];
    expect(names).toEqual(expect.arrayContaining(nine));
  });

  it.each([...names, ''])('of `tower %s` ends with examples that the program itself takes', async (name) => {
    const { written, thrown } = await inProcess(...(name === '' ? [] : [name]), '--help');
    expect(thrown).toBeInstanceOf(CommanderError);
    expect((thrown as CommanderError).exitCode).toBe(0);
    expect(written).toContain('\nExample:\n');
    const examples = [...written.matchAll(/^ {2}tower (.*)$/gm)].map(([, words]) => words!.split(' '));
    expect(examples.length).toBeGreaterThan(0);
    for (const [command, ...args] of examples) {
      if (name !== '') expect(command).toBe(name);
      const found = (await wholeProgram()).commands.find((one) => one.name() === command)!;
      // Parsed, and not done.
      found.exitOverride().action(() => {});
      await found.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
        if (!(error instanceof CommanderError) || error.code !== 'commander.helpDisplayed') throw error;
      });
    }
  });

  it('is also a command', async () => {
    expect((await inProcess('help', 'train')).written).toContain('Usage: tower train [options] [model]');
    expect((await inProcess('help')).written).toContain('Usage: tower [options] [command]');
    expect(await mistake('help', 'trian')).toBe(
      'unknown-name: there is no command called `trian`; did you mean `train`?',
    );
  });
});

describe('a mistake of the command line', () => {
  it.each([
    [['chek'], 'unknown command `chek`; did you mean `check`?'],
    [['check', 'm', '--dta', 'd'], 'unknown option `--dta`; did you mean `--data`?'],
    [
      ['shards', 'plan', 'm'],
      'unknown command `shards`; run `tower train … --memory 8G`, which writes shards where rows do not fit',
    ],
    [
      ['index', 'run', '--kind', 'graph'],
      'unknown option `--kind`; leave it out: an index in a folder is of lists, and one with `--to postgres://…` is a graph of pgvector',
    ],
    [['engines', '--setpu'], 'unknown option `--setpu`; did you mean `--setup`?'],
    [['check'], 'missing required argument `files`; run `tower check --help` for its arguments and an example'],
    [
      ['evaluate', 'a', 'b'],
      'too many arguments for `evaluate`. Expected 1 argument but got 2; run `tower evaluate --help` for its arguments and an example',
    ],
    [
      ['train', 'm'],
      'required option `--out <folder>` not specified; run `tower train --help` for its arguments and an example',
    ],
    [
      ['train', 'm', '--out'],
      'option `--out <folder>` argument missing; run `tower train --help` for its arguments and an example',
    ],
    [
      ['train', 'm', '--out', 'x', '--engine', 'cuda'],
      'option `--engine <name>` argument `cuda` is invalid. Allowed choices are tensorflow, onnx, javascript, torch; run `tower train --help` for its arguments and an example',
    ],
    [
      ['train', 'm', '--out', 'x', '--resume', '--force'],
      'option `--resume [when]` cannot be used with option `--force`; run `tower train --help` for its arguments and an example',
    ],
    [
      ['train', '--out', 'x', '--resume', 'm'],
      'option `--resume [when]` argument `m` is invalid. Write `--resume` after the model, or `--resume=auto`; run `tower train --help` for its arguments and an example',
    ],
    [
      ['recommend', 'r', '--user', 'u', '-k', '0.5'],
      'option `-k <count>` argument `0.5` is invalid. It must be a whole number from 1; run `tower recommend --help` for its arguments and an example',
    ],
    [
      ['recommend', 'r'],
      'the query is missing: give `--user <key>`, or `--with <feature=value>`, or both; run `tower recommend --help` for its arguments and an example',
    ],
    [
      ['recommend', 'r', '--user', 'u', '--weight', 'like'],
      'option `--weight <task=number>` argument `like` is invalid. Write `task=number`, such as `like=2`; run `tower recommend --help` for its arguments and an example',
    ],
    [
      ['recommend', 'r', '--with', 'country'],
      'option `--with <feature=value>` argument `country` is invalid. Write `feature=value`, such as `country=NL`; run `tower recommend --help` for its arguments and an example',
    ],
    [
      ['recommend', 'r', '--with', 'history=[1,'],
      'option `--with <feature=value>` argument `history=[1,` is invalid. Write a list as JSON, such as `history=["318", "50"]`; run `tower recommend --help` for its arguments and an example',
    ],
    [
      ['evaluate', 'r', '--remove-seen', '--keep-seen'],
      'option `--remove-seen` cannot be used with option `--keep-seen`; run `tower evaluate --help` for its arguments and an example',
    ],
    [
      ['check', 'm', '--set', 'width'],
      'option `--set <name=value>` argument `width` is invalid. Write `name=value`, such as `width=128` or `dense.rate=1e-3`; run `tower check --help` for its arguments and an example',
    ],
    [
      ['train', 'm', '--out', 'x', '--seed', '-1'],
      'option `--seed <number>` argument `-1` is invalid. It must be a whole number from 0; run `tower train --help` for its arguments and an example',
    ],
    ...['', 'much'].map((text): [string[], string] => [
      ['train', 'm', '--out', 'x', '--from', 'y', '--replay', text],
      `option \`--replay <times>\` argument \`${text}\` is invalid. Write a number from 0 on, such as 20; run \`tower train --help\` for its arguments and an example`,
    ]),
    [
      ['train', 'm', '--out', 'x', '--seed', '2', '--set', 'seed=3'],
      'option `--seed 2` contradicts `--set seed=3`. Write one of them; run `tower train --help` for its arguments and an example',
    ],
    [
      ['compare', '--baselines', 'runs/first'],
      'option `--baselines [names]` argument `runs/first` is invalid. It is a run, not a baseline. Write the run before the option: `runs/first --baselines all`; run `tower compare --help` for its arguments and an example',
    ],
    [
      ['compare', 'r', '--seed', '0.5'],
      'option `--seed <number>` argument `0.5` is invalid. It must be a whole number from 0; run `tower compare --help` for its arguments and an example',
    ],
    [
      ['inspect', 'm', '--ast', '--graph'],
      'option `--ast` cannot be used with option `--graph [name]`; run `tower inspect --help` for its arguments and an example',
    ],
  ])('%j', async (args, said) => {
    expect(await mistake(...args)).toBe(`command-line: ${said}`);
  });

  it('of a data set names those there are', async () => {
    expect(await mistake('data', 'netflix')).toMatch(
      /^unknown-name: there is no data set called `netflix`; use one of .*`movielens`/,
    );
  });
});
