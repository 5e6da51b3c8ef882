/** The unit of systemd, the Dockerfile, the compose file and the probes of the guide name what there is. `npm run check:package` runs the steps of the Dockerfile. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { routeOf } from '../../src/serving/server/routes.ts';
import { wholeProgram } from '../app/cli/in_process.ts';
import { redisProgram } from '../plugins/redis/redis_server.ts';
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
  writeFileSync(path, unit.replace('PrivateTmp=yes', 'PrivateTmps=yes'));
  expect(spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' }).stderr).toContain('PrivateTmps');
});

const program = await wholeProgram();
const optionsOf = (name: string): readonly (string | undefined)[] =>
  program.commands.find((command) => command.name() === name)!.options.map(({ long }) => long);
const docker = readFileSync('deploy/Dockerfile', 'utf8');
interface ComposeService {
  readonly command: readonly string[];
  readonly ports: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes: readonly string[];
  readonly depends_on?: object;
  readonly build: { readonly args: object };
  readonly healthcheck: { readonly test: readonly [string, string] };
}
const compose: {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: object;
  readonly secrets: object;
} = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true });

it('the commands have options that there are', () => {
  const lines = [
    /^ExecStart=(.*)$/m.exec(unit)![1]!,
    /^CMD (.*)$/m.exec(docker)![1]!.replaceAll(/["[\],]/g, ''),
    /keep (node_modules.*) &$/m.exec(readFileSync('deploy/replicas.sh', 'utf8'))![1]!,
    ...['server-1', 'server-2', 'day'].map((name) => compose.services[name]!.command.join(' ')),
  ];
  for (const line of lines) {
    const [, command] = /node_modules\/\.bin\/tower (serve|live) /.exec(line)!;
    const used = [...line.matchAll(/ (--[\w-]+)/g)].map(([, option]) => option);
    expect(used.length).toBeGreaterThan(1);
    expect(optionsOf(command!)).toEqual(expect.arrayContaining(used));
  }
});

describe('the compose file', () => {
  const { services, volumes, secrets } = compose;

  it('names what its other parts, the Dockerfile and nginx have', () => {
    const upstream = [...readFileSync('deploy/nginx.conf', 'utf8').matchAll(/^ {2}server (\S+)/gm)].map(
      ([, own]) => own,
    );
    const inside = /^EXPOSE (\d+)$/m.exec(docker)![1];
    expect(['server-1', 'server-2'].flatMap((name) => services[name]!.ports)).toEqual(
      upstream.map((own) => `${own}:${inside}`),
    );
    for (const [name, { command, secrets: own = [], depends_on: needs = {}, build }] of Object.entries(services)) {
      if (name === 'redis') continue;
      const argumentOf = (option: string): string => command[command.indexOf(option) + 1]!;
      expect(Object.keys(needs)).toEqual(['redis']);
      expect(Object.keys(build.args).map((argument) => docker.includes(`\nARG ${argument}=`))).toEqual([true]);
      expect(new URL(argumentOf('--events')).hostname).toBe('redis');
      if (name === 'day') continue;
      expect(argumentOf('--port')).toBe(inside);
      expect(own.map((secret: string) => `/run/secrets/${secret}`)).toEqual([argumentOf('--token-file')]);
      expect(own.filter((secret: string) => !(secret in secrets))).toEqual([]);
    }
    expect(services.redis!.volumes.map((volume: string) => volume.split(':')[0])).toEqual(Object.keys(volumes));
  });

  it.skipIf(redisProgram === undefined)('starts a Redis that its own health check finds', async () => {
    const [shell, option, script] = services.redis!.command as readonly [string, string, string];
    const socket = join(root, 'redis.sock');
    const settings = `redis-server - --port 0 --unixsocket ${socket} --dir ${root}`;
    const env = { ...process.env, REDISCLI_AUTH: '0123abcd' };
    const child = spawn(shell, [option, script.replaceAll('$$', '$').replace('redis-server -', settings)], { env });
    const ended = once(child, 'exit');
    const cli = (line: string, own: object = env) =>
      spawnSync('sh', ['-c', line.replace('redis-cli', `redis-cli -s ${socket}`)], {
        env: own as typeof env,
        encoding: 'utf8',
      });
    try {
      const [, check] = services.redis!.healthcheck.test;
      await vi.waitFor(() => expect(cli(check).status).toBe(0), { timeout: 10_000 });
      expect(cli(check, { ...env, REDISCLI_AUTH: 'another' }).status).not.toBe(0);
      for (const [name, value] of [
        ['appendonly', 'yes'],
        ['appendfsync', 'always'],
        ['maxmemory-policy', 'noeviction'],
      ])
        expect(cli(`redis-cli config get ${name}`).stdout.trim()).toBe(`${name}\n${value}`);
      expect(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toMatch(/^redis-server(?!.*0123abcd)/);
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  });
});

it('health checks and probes ask routes that there are', () => {
  const texts = ['deploy/Dockerfile', 'docs/guide/deployment.md'].map((path) => readFileSync(path, 'utf8'));
  const paths = texts.flatMap((text) => [...text.matchAll(/(?:8321|path: )(\/[\w/]+)/g)].map(([, path]) => path!));
  expect(new Set(paths)).toEqual(new Set(['/readyz', '/healthz']));
  for (const path of paths) expect(routeOf('GET', path)).toBeDefined();
});

it('the guide shows the files as they are', () => {
  const guide = readFileSync('docs/guide/deployment.md', 'utf8');
  for (const file of ['deploy/tower.service', 'deploy/Dockerfile', 'deploy/nginx.conf', 'deploy/compose.yaml']) {
    expect(guide).toContain(`\n${readFileSync(file, 'utf8')}\`\`\``);
  }
});
