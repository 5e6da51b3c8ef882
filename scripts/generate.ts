/**
 * Writes the files that are generated from code. `--check` writes nothing, and fails where a file is not what it would write.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
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

/** Makes a module of the blocks and losses whose text is Tower, so that nothing reads files. */
function formulaModule(): string {
  const paths = ['blocks', 'losses'].flatMap((kind) => {
    const folder = `src/compiler/library/${kind}/`;
    return readdirSync(new URL(folder, root)).flatMap((name) => (name.endsWith('.tower') ? [folder + name] : []));
  });
  const entries = paths.map((path) => {
    const text = textOf(path).replace(/[\\`]|\$\{/g, '\\$&');
    return `  ${basename(path, '.tower')}: \`${text}\`,\n`;
  });
  return `/** The \`.tower\` files of blocks and losses, which \`npm run generate\` writes here. */\nexport const formulas = {\n${entries.join('')}} as const;\n`;
}

/** Path from the root of the project → its text. */
const generated: Readonly<Record<string, () => string>> = {
  'src/compiler/library/blocks/generated_formulas.ts': formulaModule,
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

const check = process.argv.includes('--check');
let stale = 0;
for (const [path, write] of Object.entries(generated)) {
  const text = write();
  const file = new URL(path, root);
  if (current(file) === text) continue;
  if (check) {
    console.error(`${path} is not fresh: run \`npm run generate\``);
    stale++;
  } else {
    mkdirSync(new URL('./', file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
process.exitCode = stale > 0 ? 1 : 0;

function current(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
