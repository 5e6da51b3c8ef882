/** Lists the files that are generated from code, and how each is made. */
import { readFileSync } from 'node:fs';
import { ebnf } from '../grammar/ebnf.ts';
import { textMate } from '../grammar/textmate.ts';
import { makeProgram } from '../src/app/cli/commands/table.ts';
import { errorIndex } from '../src/compiler/explain/error_page.ts';
import { snippetsFile, vocabulary } from '../src/editor/language/completion/context.ts';
import { referencePages } from '../src/editor/reference/reference_page.ts';
import { loopPicture } from './loop_picture.ts';
import { pictures, readmePicture } from './pictures.ts';
import { withFormulas } from './reference/formulas.ts';
import { llmsPage } from './reference/llms.ts';
import { tutorialPictures } from './tutorial_pictures.ts';

const root = new URL('../', import.meta.url);

const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** Path from the root of the project → its text. */
export const generatedFiles: Readonly<Record<string, () => string>> = {
  'grammar/tower.ebnf': ebnf,
  ...Object.fromEntries([...errorIndex()].map(([path, text]) => [path, () => text])),
  ...Object.fromEntries([...referencePages()].map(([path, text]) => [path, () => text])),
  'docs/spec.md': () => withFormulas(textOf('docs/spec.md')),
  'docs/llms.txt': () =>
    llmsPage({
      examples: ['models/two_tower.tower', 'models/data/movielens.tower', 'models/sasrec.tower'].map((path) => ({
        path,
        text: textOf(path),
      })),
      commands: makeProgram().commands.map((command) => ({ name: command.name(), description: command.description() })),
    }),
  ...Object.fromEntries([...pictures(root)].map(([path, text]) => [path, () => text])),
  ...Object.fromEntries([...tutorialPictures(root)].map(([path, text]) => [path, () => text])),
  'docs/pictures/loop.svg': () => loopPicture(root),
  'docs/pictures/readme.svg': () => readmePicture(root),
  'grammar/tower.tmLanguage.json': () => textMate(vocabulary()),
  'editors/vscode/snippets.json': snippetsFile,
};
