/** What the README shows exists, is small, and is of what stands beside it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readmePicture } from '../../scripts/pictures.ts';
import { pages, proseOf } from './fences.ts';

const root = new URL('../../', import.meta.url);
const shown = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/(?:src="|!\[[^\]]*\]\()([^")]+)/g)].map(
    ([, path]) => new URL(path!, new URL(page, root)),
  ),
);

it('the picture is of the model beside it: `npm run generate` draws it', () => {
  expect(readFileSync('docs/pictures/readme.svg', 'utf8')).toBe(readmePicture(root));
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
