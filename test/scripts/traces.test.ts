/** The trace of an internal error of the built library names lines that can be read. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('a trace names places in lines of code, not in one line of a bundle', () => {
  const program = `import { check } from './dist/api.js'; await check(undefined).catch(({ stack }) => console.log(stack));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const places = [...stdout.matchAll(/dist\/\S+\.js:(\d+):(\d+)/g)].map(([, line, column]) => [+line!, +column!]);
  expect(places.length, stdout + stderr).toBeGreaterThan(0);
  expect(Math.max(...places.map(([, column]) => column!)), stdout).toBeLessThan(200);
});
