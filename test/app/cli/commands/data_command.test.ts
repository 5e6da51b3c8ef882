import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { keepBlock } from '../../../../src/app/cli/commands/data_command.ts';

const root = mkdtempSync(join(tmpdir(), 'tower-data-command-'));
afterAll(() => rmSync(root, { recursive: true }));

it('puts the data block next to the folder, under its name', () => {
  mkdirSync(join(root, 'there'));
  const block = keepBlock('movielens', join(root, 'there/films'));
  expect(block).toBe(join(root, 'there/films.tower'));
  expect(readFileSync(block, 'utf8')).toContain('events = "films/ratings.csv"');
});

it('gives the block of another set of the same form a name of its own', () => {
  const block = keepBlock('toys', join(root, 'there/2-beauty'), true);
  const text = readFileSync(block, 'utf8');
  expect(text).toMatch(/^\/\/\/ 2-beauty: files in the form of toys\.\ndata _2_beauty \{\n/);
  expect(text).toContain('events = lines("2-beauty/sequences.txt")');
  expect(readFileSync(keepBlock('toys', join(root, 'toys'), true), 'utf8')).toMatch(/^\/\/\/ Amazon Toys/);
});

it.each(['.', '..'])('puts the data block into a folder that is called `%s`, under the name of the set', (name) => {
  const folder = join(root, `in${name.length}`);
  mkdirSync(join(folder, 'deep'), { recursive: true });
  const out = name === '.' ? `${folder}/.` : `${folder}/deep/..`;
  keepBlock('movielens', out);
  expect(readdirSync(folder).sort()).toEqual(['deep', 'movielens.tower']);
  expect(readFileSync(join(folder, 'movielens.tower'), 'utf8')).toContain('events = "ratings.csv"');
});
