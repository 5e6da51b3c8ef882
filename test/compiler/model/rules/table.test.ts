/** Laws of the rules: each is in the table, and each mistake this folder can report has an example. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codes } from '../../../../src/base/diagnostics/codes.ts';
import { rules } from '../../../../src/compiler/model/rules/table.ts';

const read = (folder: string, ending: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');

describe('the table of rules', () => {
  const folder = 'src/compiler/model/rules';
  const files = readdirSync(folder).filter((name) => name !== 'table.ts');

  it.each(files)('holds every rule of %s', async (name) => {
    const exported = Object.values(await import(join('../../../..', folder, name)));
    const source = readFileSync(join(folder, name), 'utf8');
    const declared = [...source.matchAll(/^export const \w+: Rule = /gm)];
    expect(declared.length).toBeGreaterThan(0);
    expect(exported.filter((value) => rules.some((rule) => rule === value)).length).toBe(declared.length);
  });
  it('names each rule once', () => {
    expect(new Set(rules).size).toBe(rules.length);
  });
});

describe('every mistake of a model has an example', () => {
  const source = read('src/compiler/model', '.ts');
  const reported = Object.keys(codes).filter((code) => new RegExp(`report\\(\\s*'${code}'`).test(source));
  const examples = `${read('test/compiler/model/mistakes', '.txt')}\n${read('test/compiler/model', '.test.ts')}`;

  it('found them', () => expect(reported.length).toBeGreaterThan(50));
  it.each(reported)('%s', (code) => {
    expect(examples.includes(`[${code}]`) || new RegExp(`'${code}[' ]`).test(examples)).toBe(true);
  });
});
