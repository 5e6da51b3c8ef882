/** What the editor offers of the files around a document: it reads headers of the project's files, and opens nothing else. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { FileAnalysis } from '../../../src/editor/language/file_analysis.ts';
import { nodeHost } from '../../../src/editor/lsp/hosts/node.ts';
import { surroundingsOf } from '../../../src/editor/lsp/session.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const project = join(root, 'project');

beforeAll(() => {
  mkdirSync(project);
  writeFileSync(join(project, 'rows.csv'), 'user,item\n');
  writeFileSync(join(root, 'secret.csv'), 'password\n');
  symlinkSync('../secret.csv', join(project, 'link.csv'));
  // To open it would wait for a writer.
  execFileSync('mkfifo', [join(project, 'pipe.csv')]);
});

const columnsOf = async (events: string, split = '  split = random(validation: 10%, test: 10%, seed: 1)\n') => {
  const text = `data d {\n  events = "${events}"\n  columns { own = "1); COPY (SELECT 1) TO '${root}/made.csv'; SELECT (1" }\n${split}}\n`;
  const source = makeSource(join(project, 'data.tower'), text);
  return (await surroundingsOf(new FileAnalysis(checkSource(source)), nodeHost())).columns;
};

describe('the columns that the editor offers', () => {
  it('are those of files of the project', async () => {
    expect(await columnsOf('rows.csv')).toEqual(['own', 'user', 'item']);
    expect(await columnsOf('r*.csv')).toEqual(['own', 'user', 'item']);
  });

  it.each(['../secret.csv', 'link.csv', 'l*.csv', 'pipe.csv', 'p*.csv', 'none.csv', 'ev[.csv', 'rows.csv/x.csv'])(
    'are not those of %s, in a block that is valid or not',
    async (events) => {
      expect(await columnsOf(events)).toEqual(['own']);
      expect(await columnsOf(events, '  split = \n')).not.toContain('password');
    },
  );

  it('come without an expression being run', () => {
    expect(existsSync(join(root, 'made.csv'))).toBe(false);
  });
});
