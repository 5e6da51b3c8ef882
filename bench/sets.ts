/**
 * `npm run bench:sets -- SET [--from FOLDER] [--out FOLDER]`: fetches a data set of docs/results.md, or makes it from its original files, in `models/data`,
 * where its data block reads it.
 */
import { Failure } from '../src/base/diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../src/base/diagnostics/render.ts';
import { prepareSet } from './sets/prepare.ts';

try {
  const { folder, holds, from, terms } = await prepareSet(process.argv.slice(2), (line) => console.error(line));
  console.log(`${folder}: ${holds}, from ${from}\nterms: ${terms}`);
} catch (error) {
  console.error(error instanceof Failure ? renderDiagnostics(error.diagnostics) : error);
  process.exitCode = 1;
}
