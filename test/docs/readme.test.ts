/** What the README shows exists, is small, and shows the model next to it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loopPicture } from '../../scripts/loop_picture.ts';
import { readmePicture } from '../../scripts/pictures.ts';
import { fences, pages, proseOf } from './fences.ts';

const root = new URL('../../', import.meta.url);
const shown = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/(?:src="|!\[[^\]]*\]\()([^")]+)/g)].map(
    ([, path]) => new URL(path!, new URL(page, root)),
  ),
);

it('the picture is of the model next to it: `npm run generate` draws it', () => {
  expect(readFileSync('docs/pictures/readme.svg', 'utf8')).toBe(readmePicture(root));
});

it('the first picture has the words of the model and of the output below it', () => {
  const picture = readFileSync('docs/pictures/loop.svg', 'utf8');
  expect(picture).toBe(loopPicture(root));
  const words = (text: string): string => text.replaceAll(/[\s{}]/g, '');
  const lines = [...picture.matchAll(/<text x="\d+"[^>]*>(.*)<\/text>/g)].map(([, line]) =>
    line!
      .replaceAll(/<[^>]+>/g, '')
      .replaceAll('&gt;', '>')
      .replaceAll('&#39;', "'"),
  );
  const file = readFileSync('models/fossil.tower', 'utf8')
    .replaceAll(/\/\/.*/g, '')
    .split('train {')[0]!;
  expect(words(lines.join(''))).toContain(words(file));
  expect(words(lines.join(''))).toContain(words(/^fossil beats .*\.$/m.exec(fences('README.md', 'text')[0]!.text)![0]));
});

it('each picture of a page exists', () => {
  expect(shown.length).toBeGreaterThan(10);
  expect(shown.filter((url) => !existsSync(url))).toEqual([]);
});

it('each file of docs/pictures is shown, and takes less than 300 kB', () => {
  for (const name of readdirSync('docs/pictures')) {
    expect(shown.map(String), name).toContain(new URL(`docs/pictures/${name}`, root).href);
    expect(statSync(`docs/pictures/${name}`).size, name).toBeLessThan(300_000);
  }
});

/** Headings of outputs, up to their first number: `History, latest of 138:`, `wrote step 17 of 3130 into audit/step-17: …`. */
const headings = ['README.md', 'docs/guide/getting-started.md', 'docs/guide/audit.md'].flatMap((page) =>
  fences(page, 'text').flatMap(({ text }) =>
    [...text.matchAll(/^([A-Za-z][a-z, ]+?)(?: \d.*)?: ?(?:before.*)?$/gm)].map(([, words]) => ({
      page,
      words: words!,
    })),
  ),
);

it('an output of a page has the words that the program prints', () => {
  expect(headings.length).toBeGreaterThan(4);
  const folder = new URL('src/app/cli/commands/', root);
  const printed = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
  expect(headings.filter(({ words }) => !printed.some((text) => text.includes(words)))).toEqual([]);
});
