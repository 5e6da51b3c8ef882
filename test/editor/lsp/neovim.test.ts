/** Neovim as an independent client, set up as the guide says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const version = /^NVIM v(\d+)\.(\d+)/.exec(spawnSync('nvim', ['--version'], { encoding: 'utf8' }).stdout ?? '');

const model = `model films
features {
  /// A person.
  user_id : id(dim: 8)
  movie_id : id(dmi: 8)
}
tower user(user_id) keyed by user_id { channel main = user_id -> mlp(8) }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8) }
task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
`;

/** Opens the file as a person would, waits for what is said of it, asks what `user_id` is, writes both down. */
const script = `
vim.cmd('filetype on')
vim.cmd('edit ' .. vim.fn.fnameescape(os.getenv('TOWER_FILE')))
vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 20)
local reported = {}
for _, one in ipairs(vim.diagnostic.get(0)) do table.insert(reported, { code = one.code, line = one.lnum, message = one.message }) end
local params = { textDocument = vim.lsp.util.make_text_document_params(), position = { line = 6, character = 12 } }
local answers = vim.lsp.buf_request_sync(0, 'textDocument/hover', params, 30000) or {}
local hover = ''
for _, answer in pairs(answers) do hover = answer.result.contents.value end
local file = io.open(os.getenv('TOWER_ANSWER'), 'w')
file:write(vim.fn.json_encode({ reported = reported, hover = hover }))
file:close()
vim.cmd('qall!')
`;

it.skipIf(!version)(
  'Neovim, set up as the guide says, shows the mistake and what a name is',
  { timeout: 120_000 },
  () => {
    const folder = temporaryFolder();
    const [, major, minor] = version!.map(Number);
    const guide = [...readFileSync('docs/guide/editor.md', 'utf8').matchAll(/```lua\n([\s\S]*?)```/g)].map(
      ([, lua]) => lua,
    );
    const setup = major! > 0 || minor! >= 11 ? guide[0] : guide[1];
    writeFileSync(join(folder, 'init.lua'), `${setup}\n${script}`);
    writeFileSync(join(folder, 'films.tower'), model);
    // The guide starts `tower`: a command of that name, which is the program that was built.
    const command = join(folder, 'tower');
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${resolve('dist/tower.cjs')}" "$@"\n`);
    chmodSync(command, 0o755);
    execFileSync('nvim', ['--headless', '--clean', '-n', '-u', join(folder, 'init.lua')], {
      env: {
        ...process.env,
        PATH: `${folder}${delimiter}${process.env.PATH}`,
        XDG_STATE_HOME: folder,
        XDG_CACHE_HOME: folder,
        XDG_DATA_HOME: folder,
        TOWER_FILE: join(folder, 'films.tower'),
        TOWER_ANSWER: join(folder, 'answer.json'),
      },
      timeout: 90_000,
    });
    const { reported, hover } = JSON.parse(readFileSync(join(folder, 'answer.json'), 'utf8'));
    expect(reported).toEqual([
      { code: 'unknown-argument', line: 4, message: '`id` has no argument `dmi`\ndid you mean `dim`?' },
    ]);
    expect(hover).toContain('A person.');
  },
);
