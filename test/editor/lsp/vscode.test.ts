/** The extension of VS Code, as far as it can be tried without VS Code. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { snippetsFile } from '../../../src/editor/language/completion/context.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { Client } from './client.ts';
import { activated } from './vscode_window.ts';

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

  it('carries out each command that it declares, in a folder that is trusted', async () => {
    const { commands, seen } = await activated({ trusted: true, program: '/programs of mine/tower' });
    const declared = extension.contributes.commands.map(({ command }: { command: string }) => command);
    expect([...commands.keys()].sort()).toEqual([...declared].sort());
    expect(seen.options!.initializationOptions()).toMatchObject({ commands: ['tower.check', 'tower.train'] });

    await commands.get('tower.check')!();
    await commands.get('tower.train')!('file:///w/my%20models/films.tower');
    const [check, train] = seen.tasks as [object, unknown[], object][];
    // Quoted where a shell would take the word for something else.
    const quoted = (value: string): object => ({ value, quoting: 2 });
    const [model, data] = [quoted('my models/films.tower'), 'data/movies.tower'];
    const program = quoted('/programs of mine/tower');
    expect(check).toEqual([program, ['check', model, '--data', data], { cwd: '/w' }]);
    expect(train![1].slice(0, 5)).toEqual(['train', model, '--data', data, '--out']);
    expect(train![1][5]).toMatch(/^runs\/films-\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d$/);
    // Chosen once: the file that declares a data block, of two.
    expect(seen.asked).toEqual([['data/movies.tower']]);

    await commands.get('tower.openReport')!();
    expect(seen.panels).toEqual([{ title: 'runs/b/report.html', enableScripts: false, html: 'new' }]);
  });

  it('says what is missing where there is no program, and asks npm for none', async () => {
    const path = process.env.PATH;
    process.env.PATH = temporaryFolder();
    const { commands, seen } = await activated({ trusted: true });
    await commands.get('tower.train')!();
    process.env.PATH = path;
    expect(seen.tasks).toEqual([]);
    expect(seen.mistakes).toEqual([expect.stringContaining('Install the package `tower-lang`')]);
  });

  it('asks for pictures on the paper of its theme, and again when the theme changes', async () => {
    const { seen } = await activated({ trusted: true });
    expect(seen.options!.initializationOptions()).toMatchObject({ pictures: 'dark' });
    seen.changeTheme(4);
    expect(seen.sent).toContainEqual(['tower/pictures', 'light']);
  });

  it('starts no program in a folder that is not trusted', async () => {
    const { seen } = await activated({ trusted: false });
    expect(seen.options!.initializationOptions()).toMatchObject({ commands: [] });
    const { capabilities, contributes } = extension;
    expect(capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(capabilities.untrustedWorkspaces.restrictedConfigurations).toContain('tower.path');
    for (const name of ['tower.check', 'tower.train']) {
      const command = contributes.commands.find((one: { command: string }) => one.command === name);
      // `isWeb` is also true where the window is a browser and the extension runs on a machine.
      expect(command.enablement).toBe('isWorkspaceTrusted && tower.startsPrograms');
    }
    expect(seen.sent).toEqual([['setContext', 'tower.startsPrograms', true]]);
  });

  it('gives its server in a browser the files of the workspace, and starts no program', async () => {
    const { commands, seen } = await activated({ trusted: true, entry: 'extension_web' });
    expect([...commands.keys()].sort()).toEqual(['tower.openReport', 'tower.restart']);
    const model = { uri: 'file:///w/my%20models/films.tower', text: 'model films' };
    const data = { uri: 'file:///w/data/movies.tower', text: 'data movies {\n}' };
    expect(seen.options!.initializationOptions()).toEqual({ pictures: 'dark', files: [model, data] });
    await seen.changeFile('/w/data/movies.tower', true);
    await seen.changeFile('/w/my models/films.tower');
    expect(seen.sent).toEqual([
      ['tower/files', { files: [{ uri: data.uri, text: null }] }],
      ['tower/files', { files: [model] }],
    ]);
    // Also what a server that starts again is given.
    expect(seen.options!.initializationOptions()).toEqual({ pictures: 'dark', files: [model] });
    expect(extension.browser).toBe('dist/web/extension.js');
    expect(extension.capabilities.virtualWorkspaces.supported).toBe('limited');
  });

  it('gives them also where the file system cannot be searched', async () => {
    const { seen } = await activated({ trusted: true, entry: 'extension_web', searches: false });
    const { files } = seen.options!.initializationOptions() as { readonly files: readonly { readonly uri: string }[] };
    expect(files.map(({ uri }) => uri)).toEqual(['file:///w/my%20models/films.tower', 'file:///w/data/movies.tower']);
  });

  it('speaks with a worker of a class that is not `Worker`, and ends it when another one starts', async () => {
    const { seen } = await activated({ trusted: true, entry: 'extension_web' });
    const worker = { address: 'file:///extension/dist/web/server.js', isEnded: false };
    expect(await seen.connect!()).toMatchObject({ reader: { worker }, writer: { worker } });
    await seen.connect!();
    expect(seen.workers.map(({ isEnded }) => isEnded)).toEqual([true, false]);
  });

  it('starts where a folder has a model, so that mistakes of files that are not open are listed', () => {
    expect(extension.activationEvents).toEqual(['workspaceContains:**/*.tower']);
  });

  it('packs each file that its manifest names', () => {
    const { grammars, languages, snippets } = extension.contributes;
    const named = [...grammars, ...snippets].map(({ path }: { path: string }) => path.replace(/^\.\//, ''));
    const packed = readFileSync('editors/vscode/.vscodeignore', 'utf8').split('\n');
    for (const path of [...named, languages[0].configuration, 'README.md', 'CHANGELOG.md']) {
      expect(
        packed.some((line) => line === `!${path}` || (line === '!dist/**' && path.startsWith('dist/'))),
        path,
      ).toBe(true);
    }
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
      entryPoints: ['src/editor/lsp/main.ts'],
      bundle: true,
      platform: 'node',
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    expect(
      inputs.filter((name) => /duckdb|tensorflow|onnxruntime|src\/(?:engines|training|serving)\//.test(name)),
    ).toEqual([]);
    expect(inputs).toContain('src/editor/lsp/language_server.ts');
  });
});
