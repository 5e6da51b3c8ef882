/** Writes V8's code of the script of `tower check`, with the functions that a check of one model calls. `node scripts/compile-check.mjs SCRIPT CODE` */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { Script } from 'node:vm';

const [path, to] = process.argv.slice(2);
process.argv = [process.execPath, path, 'check', 'models/two_tower.tower'];
const script = new Script(readFileSync(path, 'latin1'), { filename: resolve(path) });
script.runInThisContext()(createRequire(resolve(path)), dirname(resolve(path)));
process.once('exit', () => {
  // Renamed into place: another process that reads at the same time sees the whole file.
  writeFileSync(`${to}.${process.pid}`, script.createCachedData());
  renameSync(`${to}.${process.pid}`, to);
});
