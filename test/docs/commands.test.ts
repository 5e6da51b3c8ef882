/** The pages name only commands, options and scripts that there are. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { wholeProgram } from '../app/cli/in_process.ts';
import { fences, pages, proseOf } from './fences.ts';

/** Commands of a shell fence, without comments, and the folder that they are typed in. */
const typed = pages.flatMap((page) =>
  fences(page, 'sh').flatMap(({ name, text }) => {
    let folder = '.';
    return text
      .split('\n')
      .map((line) => line.replace(/\s#.*$/, '').trim())
      .flatMap((line) => line.split(' && '))
      .filter((line) => line !== '')
      .map((line) => {
        if (line.startsWith('cd ')) folder = line.slice(3);
        return { name, line, folder };
      });
  }),
);

/** `tower …` and `npm run …` in running text; `tower user(…)` is the language's own word. */
const mentioned = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/`((?:npx )?tower|npm run) ([\w:-]+(?: [^`]+)?)`/g)].map(([, program, words]) => ({
    page,
    line: `${program} ${words}`,
    // A template has scripts of its own.
    folder: existsSync(join(dirname(page), 'package.json')) ? dirname(page) : '.',
  })),
);

/** The words for tower itself, behind `npm run NAME --`; undefined where it is another program's. */
function wordsFor(line: string, folder = '.'): string[] | undefined {
  // A shell keeps what is in double quotes together.
  const words = (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
  if (words[0] === 'npx') words.shift();
  if (words[0] === 'tower') return words.slice(1);
  if (words[0] !== 'npm' || words[1] !== 'run') return undefined;
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const script: string | undefined = scripts[words[2]!];
  expect(script, `package.json has a script ${words[2]}`).toBeDefined();
  const rest = words.slice(3);
  if (rest.length > 0) expect(rest.shift(), `${line}: npm needs -- before arguments`).toBe('--');
  return script!.startsWith('node dist/tower.cjs ')
    ? [...script!.slice('node dist/tower.cjs '.length).split(' '), ...rest]
    : undefined;
}

async function commandOf(name: string): Promise<Command> {
  const found = (await wholeProgram()).commands.find((command) => command.name() === name);
  expect(found, `tower ${name}`).toBeDefined();
  return found!;
}

describe('commands in the pages', () => {
  it('are found', () => {
    expect(typed.length).toBeGreaterThan(10);
    expect(mentioned.length).toBeGreaterThan(3);
  });

  it.each(typed)('$name: $line', async ({ line, folder }) => {
    if (line.startsWith('cd ')) return expect(existsSync(folder)).toBe(true);
    const words = wordsFor(line, folder);
    if (words === undefined) {
      for (const [path] of line.matchAll(/\btest\/\S+/g)) expect(existsSync(path), path).toBe(true);
      return expect(line).toMatch(
        /^((UPDATE=1 )?npx vitest|npm (ci|test|start|run|install|pack|exec|create)|git|cp|mv|install|pip|python3|code|curl|openssl|systemctl|useradd|chown|export|psql|tensorboard)\b/,
      );
    }
    // Parsed as it is written, and not run.
    const ran: string[] = [];
    await (await commandOf(words[0]!))
      .exitOverride()
      .action(() => void ran.push(line))
      .parseAsync(words.slice(1), { from: 'user' });
    expect(ran).toEqual([line]);
  });

  it.each(mentioned)('$page: $line', async ({ line, folder }) => {
    const words = wordsFor(line, folder);
    if (words === undefined || words[0] === 'COMMAND' || words[0]!.startsWith('--')) return;
    const known = (await commandOf(words[0]!)).options.flatMap(({ long, short }) => [long, short]);
    for (const option of words.filter((word) => /^--?[a-z]/.test(word)))
      expect([...known, '--help']).toContain(option.split('=')[0]);
  });
});

describe('links in the pages', () => {
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, to]) => ({ page, to: to! })),
  );

  it.each(links)('$page → $to', ({ page, to }) => {
    expect(existsSync(join(dirname(page), to))).toBe(true);
  });
});

describe('files that CONTRIBUTING names', () => {
  const named = [
    ...proseOf('CONTRIBUTING.md').matchAll(/`((?:docs|editors|grammar|scripts|src|test)\/[\w/.-]+\.\w+)`/g),
  ].map(([, path]) => path!);

  it('are found', () => expect(named.length).toBeGreaterThan(30));
  it.each([...new Set(named)])('%s', (path) => expect(existsSync(path)).toBe(true));
});
