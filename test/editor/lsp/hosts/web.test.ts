/** The paths that a server in a browser knows files by. */
import { describe, expect, it } from 'vitest';
import { webHost } from '../../../../src/editor/lsp/hosts/web.ts';

describe('the files that an editor in a browser gives', () => {
  it.each([
    ['a repository', 'vscode-vfs://github/someone/films', 'vscode-vfs://github/someone/films/'],
    ['a file system whose folder is the root', 'memfs://mount/', 'memfs://mount/'],
    ['a file system without an authority', 'memfs:/films', 'memfs:/films/'],
  ])('lie in the folder that is open, in %s', (_, folder, base) => {
    const host = webHost();
    host.take([{ uri: `${base}my%20models/a.tower`, text: 'model a' }, { uri: `${base}rows.csv` }]);
    const open = host.pathOf(folder);
    expect(host.entries(open).map(({ name }) => name)).toEqual(['my models', 'rows.csv']);
    const path = `${open}/my models/a.tower`;
    expect(host.source(path)?.text).toBe('model a');
    expect(host.isWithin(path, [open])).toBe(true);
    expect(host.uriOf(path)).toBe(`${base}my%20models/a.tower`);
  });
});
