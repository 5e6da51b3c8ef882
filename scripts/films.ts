/**
 * `npm run docs:browser`: builds the page of films in `build/films`, and serves it on this machine alone. `-- --out FOLDER` builds it in that folder instead,
 * for a host of static files, and serves nothing.
 */
import { parseArgs } from 'node:util';
import { buildFilms } from './site/films.ts';
import { serve } from './site/serve.ts';

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = values.out ?? 'build/films';
buildFilms(out);
console.log(`\nbuilt ${out}: any host of static files can serve it, under any path`);
if (values.out === undefined) serve(out, { port: 5175, command: 'npm run docs:browser' });
