/** The walks of docs/architecture.md name files and functions that exist, so that a rename cannot leave them behind. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/architecture.md', 'utf8');

/** A step of a walk: its file, and the names in its sentences. */
const steps = [...page.matchAll(/^\d+\. `([^`]+)`(?: \(again\))? — ([\s\S]*?)(?=^\d+\. |^#|\n\n)/gm)].map(
  ([, path, text]) => ({ path: path!, names: [...text!.matchAll(/`([a-z]\w+)`/g)].map(([, name]) => name!) }),
);

/** Names that a step mentions and another file has: arguments, methods of tables, and words of the language. */
const elsewhere = ['greaterEqual', 'mul', 'rate', 'training'];

it('has four walks of steps', () => {
  expect(walks.length).toBe(5);
  expect(steps.length).toBeGreaterThan(90);
});

/** Each walk's sentence of its length, and the list after it. A second part of a walk says `more`. */
const walks = [
  ...page.matchAll(
    / (?:takes|it takes) (\d+) (?:more )?files and (no|\d+) (?:more )?turns? back[\s\S]*?\n\n((?:(?:\d+\. | {3,}).*\n)+)/g,
  ),
].map(([, files, turns, list]) => ({ files: Number(files), turns: turns === 'no' ? 0 : Number(turns), list: list! }));

it.each(walks)('opens $files files, with $turns turns back, as its list says', ({ files, turns, list }) => {
  const opened = [...list.matchAll(/^\d+\. `([^`]+)`( \(again\))?/gm)];
  expect(opened.filter(([, , again]) => again).length).toBe(turns);
  expect(new Set(opened.flatMap(([, path, again]) => (again ? [] : [path]))).size).toBe(files);
});

it.each(steps)('$path has what its step names', ({ path, names }) => {
  expect(existsSync(path)).toBe(true);
  const text = readFileSync(path, 'utf8');
  expect(names.filter((name) => !elsewhere.includes(name) && !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});
