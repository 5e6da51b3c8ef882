/**
 * Writes the files that are generated from code. `--check` writes nothing, and fails where a file is not what it would write.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

const root = new URL('../', import.meta.url);
const check = process.argv.includes('--check');
let stale = 0;
writeFresh({ 'src/compiler/library/blocks/generated_formulas.ts': formulaModule });
// Rows of the library read the formulas when they load, so a new one has to be written by then.
if (stale === 0) writeFresh((await import('./generated_files.ts')).generatedFiles);
process.exitCode = stale > 0 ? 1 : 0;

/** Writes the files that are not what they shall be, or counts them. */
function writeFresh(files: Readonly<Record<string, () => string>>): void {
  for (const [path, write] of Object.entries(files)) {
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
}

function current(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Makes a module of the blocks and losses whose text is Tower, so that nothing reads files. */
function formulaModule(): string {
  const paths = ['blocks', 'losses'].flatMap((kind) => {
    const folder = `src/compiler/library/${kind}/`;
    return readdirSync(new URL(folder, root)).flatMap((name) => (name.endsWith('.tower') ? [folder + name] : []));
  });
  const entries = paths.map((path) => {
    const text = readFileSync(new URL(path, root), 'utf8').replace(/[\\`]|\$\{/g, '\\$&');
    return `  ${basename(path, '.tower')}: \`${text}\`,\n`;
  });
  return `/** The \`.tower\` files of blocks and losses, which \`npm run generate\` writes here. */\nexport const formulas = {\n${entries.join('')}} as const;\n`;
}
