/** Helix is in no package registry that a test could take it from: its configuration is that of the guide, and starts a server that answers as Helix asks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { Hover } from 'vscode-languageserver-protocol';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { Client } from './client.ts';

const configuration = readFileSync('editors/helix/languages.toml', 'utf8');

it('has the configuration that the guide shows', () => {
  expect(readFileSync('docs/guide/editor.md', 'utf8')).toContain(`\`\`\`toml\n${configuration}\`\`\``);
});

it('starts a program that this project has, with words that it takes, and gets text alone', async () => {
  const [, command] = /^command = "(\w+)"$/m.exec(configuration)!;
  const args = JSON.parse(/^args = (\[.*\])$/m.exec(configuration)![1]!) as string[];
  const bin = JSON.parse(readFileSync('package.json', 'utf8')).bin as Record<string, string>;
  const client = await Client.start(temporaryFolder(), [bin[command!]!, ...args], {
    capabilities: {
      general: { positionEncodings: ['utf-8', 'utf-32', 'utf-16'] },
      textDocument: { hover: { contentFormat: ['markdown'] } },
    },
  });
  const uri = pathToFileURL(join(temporaryFolder(), 'films.tower')).href;
  await client.open(uri, 'model films\n');
  expect((await client.diagnostics(uri)).diagnostics.length).toBeGreaterThan(0);
  const position = { line: 0, character: 8 };
  const found = await client.ask<Hover>('textDocument/hover', { textDocument: { uri }, position });
  expect(found.contents).toEqual({ kind: 'markdown', value: '```tower\nmodel films\n```' });
  expect(await client.stop()).toBe(0);
});
