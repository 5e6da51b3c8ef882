import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = 'src/lsp/language';

it.each(readdirSync(folder))('%s needs no Node.js and no protocol, so that a page can use it', (name) => {
  const imports = [...readFileSync(`${folder}/${name}`, 'utf8').matchAll(/from '([^']+)'/g)].map(([, from]) => from!);
  expect(
    imports.filter((from) => from.startsWith('node:') || from.startsWith('vscode') || /^\.\.\/\w+\.ts$/.test(from)),
  ).toEqual([]);
});
