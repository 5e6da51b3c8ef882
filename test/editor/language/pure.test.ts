import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const folder = 'src/editor/language';
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(folder, name));

it.each(files)('%s needs no Node.js and no protocol, so that a page can use it', (file) => {
  const imports = [...readFileSync(file, 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from!);
  const isProtocol = (from: string): boolean => join(dirname(file), from).startsWith('src/editor/lsp/');
  expect(imports.filter((from) => from.startsWith('node:') || from.startsWith('vscode') || isProtocol(from))).toEqual(
    [],
  );
});
