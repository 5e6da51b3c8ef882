/** A cluster of Slurm that is this machine alone, for as long as a file of tests runs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const hasSlurm = [
  ['slurmctld', '-V'],
  ['slurmd', '-V'],
  ['munged', '--version'],
].every(([daemon, word]) => spawnSync(daemon!, [word!]).status === 0);

export interface SlurmCluster {
  /** Starts a command with the arguments, and returns what it prints. */
  run(command: string, words: readonly string[], environment?: Readonly<Record<string, string>>): string;
  /** Waits until no job is left. Jobs that are started again wait two seconds, and not two minutes. */
  finish(): Promise<void>;
  stop(): void;
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** @param folder an empty one; the daemons keep all of their files there */
export async function startSlurm(folder: string): Promise<SlurmCluster> {
  const path = (name: string): string => join(folder, name);
  for (const name of ['state', 'spool']) mkdirSync(path(name));
  writeFileSync(path('key'), randomBytes(1024), { mode: 0o600 });
  const [host] = hostname().split('.');
  const { username } = userInfo();
  const settings = {
    ...{ ClusterName: 'tower', SlurmctldHost: `${host}(127.0.0.1)`, SlurmUser: username, SlurmdUser: username },
    ...{ SlurmctldPort: await freePort(), SlurmdPort: await freePort(), AuthInfo: `socket=${path('munge')}` },
    ...{ StateSaveLocation: path('state'), SlurmdSpoolDir: path('spool') },
    ...{ SlurmctldPidFile: path('slurmctld.pid'), SlurmdPidFile: path('slurmd.pid') },
    ...{ SlurmctldLogFile: path('slurmctld.log'), SlurmdLogFile: path('slurmd.log') },
    ...{ ProctrackType: 'proctrack/linuxproc', TaskPlugin: 'task/none', SwitchType: 'switch/none' },
    ...{ JobAcctGatherType: 'jobacct_gather/none', MpiDefault: 'none', ReturnToService: 2 },
    ...{ SelectType: 'select/cons_tres', SelectTypeParameters: 'CR_CPU_Memory' },
    // Otherwise jobs wait for seconds until others have come.
    SchedulerParameters: 'batch_sched_delay=0,sched_interval=1',
    // A node may say that it has more processors than this machine.
    SlurmdParameters: 'config_overrides',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  const node = `NodeName=${host} NodeAddr=127.0.0.1 CPUs=16 RealMemory=65536\n`;
  const partition = `PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE\n`;
  writeFileSync(path('slurm.conf'), `${lines.join('')}${node}${partition}`);
  const environments = { ...process.env, SLURM_CONF: path('slurm.conf') };
  const run: SlurmCluster['run'] = (command, words, environment = {}) =>
    execFileSync(command, words, { env: { ...environments, ...environment }, encoding: 'utf8', timeout: 30_000 });
  const mungeFiles = ['key', 'pid', 'log', 'seed'].map((kind) => `--${kind}-file=${path(kind)}`);
  const stop = (): void => {
    for (const name of ['slurmd.pid', 'slurmctld.pid', 'pid']) {
      if (existsSync(path(name))) process.kill(Number(readFileSync(path(name), 'utf8')));
    }
  };
  run('munged', ['--force', `--socket=${path('munge')}`, ...mungeFiles]);
  run('slurmctld', []);
  run('slurmd', ['-N', host!]);
  const registered = performance.now() + 20_000;
  while (run('sinfo', ['--noheader', '--format=%T']).trim() !== 'idle') {
    if (performance.now() > registered) throw new Error('the node of Slurm has not registered in 20 seconds');
    await pause(100);
  }
  return {
    run,
    stop,
    async finish() {
      const hurried = new Set<string>();
      for (;;) {
        const jobs = run('squeue', ['--noheader', '--array', '--format=%i %r']).trim();
        if (jobs === '') return;
        for (const [job, reason] of jobs.split('\n').map((line) => line.split(' '))) {
          if (reason !== 'BeginTime' || hurried.has(job!)) continue;
          hurried.add(job!);
          // In the second in which a job was stopped, the node refuses to start it again.
          run('scontrol', ['update', `JobId=${job}`, 'StartTime=now+2seconds']);
        }
        await pause(200);
      }
    },
  };
}
