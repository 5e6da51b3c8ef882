/** The extension of VS Code, as far as it can be tried without VS Code. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { snippetsFile } from '../../src/language/snippets.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { Client } from './client.ts';

const extension = JSON.parse(readFileSync('editors/vscode/package.json', 'utf8'));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

describe('the extension of VS Code', () => {
  it('has the version of the project, and a client of the version that its server is of', () => {
    expect(extension.version).toBe(manifest.version);
    expect(extension.devDependencies['vscode-languageclient']).toBe(manifest.devDependencies['vscode-languageserver']);
  });

  it('is checked against the oldest VS Code that it runs in, and the client that it bundles', () => {
    expect(extension.engines.vscode).toBe(`^${manifest.devDependencies['@types/vscode']}`);
    expect(manifest.devDependencies['vscode-languageclient']).toBe(extension.devDependencies['vscode-languageclient']);
  });

  it('has snippets as fresh as completion has', () => {
    expect(readFileSync('editors/vscode/snippets.json', 'utf8')).toBe(snippetsFile());
  });

  it('bundles a server that answers without any package next to it', async () => {
    const folder = temporaryFolder();
    execFileSync(process.execPath, ['editors/vscode/build.mjs', '--server', folder]);
    const client = await Client.start(folder, [join(folder, 'server.js')]);
    expect(client.initialized.capabilities).toMatchObject({ hoverProvider: true, inlayHintProvider: true });
    expect(await client.stop()).toBe(0);
  });

  it('bundles no engine and no database', async () => {
    const { metafile } = await build({
      entryPoints: ['src/lsp/main.ts'],
      bundle: true,
      platform: 'node',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    expect(
      inputs.filter((name) => /duckdb|tensorflow|onnxruntime|src\/(?:engine|run|feed|embedding)\//.test(name)),
    ).toEqual([]);
    expect(inputs).toContain('src/lsp/server.ts');
  });
});
