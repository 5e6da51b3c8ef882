/** The unit of systemd, the Dockerfile and the probes of the guide name what there is. `npm run check:package` runs the steps of the Dockerfile. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeProgram } from '../../src/app/cli/commands/table.ts';
import { routeOf } from '../../src/serving/server/routes.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const root = temporaryFolder();
const unit = readFileSync('deploy/tower.service', 'utf8');
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
if (!hasSystemd) console.warn('skipped: systemd-analyze is not installed');

it.skipIf(!hasSystemd)('systemd reads the unit without a complaint', () => {
  const path = join(root, 'tower.service');
  // The program must be there.
  writeFileSync(path, unit.replace('/srv/tower/node_modules/.bin/tower', process.execPath));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
  expect(stderr.split('\n').filter((line) => line.includes('tower.service'))).toEqual([]);
  expect(status).toBe(0);
  writeFileSync(path, unit.replace('DynamicUser=yes', 'DynamicUsers=yes'));
  expect(spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' }).stderr).toContain('DynamicUsers');
});

it('the commands have options that there are', () => {
  const serve = makeProgram().commands.find((command) => command.name() === 'serve')!;
  const known = serve.options.map(({ long }) => long);
  const docker = readFileSync('deploy/Dockerfile', 'utf8');
  const commands = [/^ExecStart=(.*)$/m.exec(unit)![1]!, /^CMD (.*)$/m.exec(docker)![1]!];
  for (const command of commands) {
    expect(command).toContain('serve');
    const used = [...command.matchAll(/--[\w-]+/g)].map(([option]) => option);
    expect(used.length).toBeGreaterThan(1);
    expect(known).toEqual(expect.arrayContaining(used));
  }
});

it('health checks and probes ask routes that there are', () => {
  const texts = ['deploy/Dockerfile', 'docs/guide/deployment.md'].map((path) => readFileSync(path, 'utf8'));
  const paths = texts.flatMap((text) => [...text.matchAll(/(?:8321|path: )(\/[\w/]+)/g)].map(([, path]) => path!));
  expect(new Set(paths)).toEqual(new Set(['/readyz', '/healthz']));
  for (const path of paths) expect(routeOf('GET', path)).toBeDefined();
});

it('the guide shows the files as they are', () => {
  const guide = readFileSync('docs/guide/deployment.md', 'utf8');
  for (const file of ['deploy/tower.service', 'deploy/Dockerfile', 'deploy/nginx.conf']) {
    expect(guide).toContain(`\n${readFileSync(file, 'utf8')}\`\`\``);
  }
});
