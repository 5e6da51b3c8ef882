/** A file has one reason to exist. One of more than 300 lines says in its header why it is long. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const longest = 300;
const generated = 'embedding/kernels/generated.ts';
/** Tables of messages, which grow by a row a code. */
const tables = 'diagnostics/codes/';
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts') && name !== generated && !name.startsWith(tables))
  .map((name) => ({ name, text: readFileSync(join('src', name), 'utf8') }))
  .map(({ name, text }) => ({ name, text, lines: text.split('\n').length - 1 }));

const saysWhy = (text: string): boolean => /^\/\*\*(?:(?!\*\/)[\s\S])*\bLong because [^.]+\./.test(text);

it('every long file says why, and no other does', () => {
  expect(files.filter(({ text, lines }) => lines > longest && !saysWhy(text)).map(({ name }) => name)).toEqual([]);
  expect(files.filter(({ text, lines }) => lines <= longest && saysWhy(text)).map(({ name }) => name)).toEqual([]);
});
