/**
 * `npm run new -- block|loss|score|feature|lint|command|op|format NAME` writes what such a thing needs: its file, the word in its table, a test
 * that fails first, and the function of its PyTorch numbers. It changes nothing where the name is taken.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { kinds, type NewKind, planNew, RefusedName } from './new/plan.ts';

const [kind, name, ...rest] = process.argv.slice(2);
const usage = `Usage: npm run new -- ${kinds.join('|')} NAME`;

if (!kinds.includes(kind as NewKind) || name === undefined || rest.length > 0) fail(usage);
try {
  const read = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  const { files, next } = planNew(kind as NewKind, name, read);
  for (const [path, text] of files) {
    const verb = existsSync(path) ? 'changed' : 'wrote';
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`${verb} ${path}`);
  }
  console.log(['', 'Next:', ...next.map((step, at) => `${at + 1}. ${step}`)].join('\n'));
} catch (error) {
  if (!(error instanceof RefusedName)) throw error;
  fail(`\`${name}\` ${error.message}`);
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}
