/** Where workers meet, as launchers say it. */
import { availableParallelism } from 'node:os';
import { expect, it, vi } from 'vitest';
import { launchWorkers, meetingOfLauncher } from '../../../src/app/api/workers.ts';

it('reads the variables of torchrun, and names those that are missing', () => {
  const all = { RANK: '1', WORLD_SIZE: '3', MASTER_ADDR: 'first', MASTER_PORT: '29500' };
  expect(meetingOfLauncher(all)).toEqual({
    ...{ rank: 1, workers: 3, meet: 'env://' },
    ...{ meetSeconds: 300, seconds: 300, patientSeconds: 3600 },
  });
  expect(meetingOfLauncher({ ...all, LOCAL_WORLD_SIZE: '3' }).meetSeconds).toBe(60);
  expect(meetingOfLauncher({ ...all, TOWER_WORKER_MEET_TIMEOUT: '20' }).meetSeconds).toBe(20);
  expect(meetingOfLauncher({ ...all, TOWER_WORKER_TIMEOUT: '20' })).toMatchObject({ seconds: 20, patientSeconds: 240 });
  expect(() => meetingOfLauncher({ RANK: '0', WORLD_SIZE: '2' })).toThrow('MASTER_ADDR, MASTER_PORT are not set');
  for (const wrong of [
    { RANK: '3' },
    { RANK: 'first' },
    { WORLD_SIZE: '0' },
    { MASTER_PORT: 'first' },
    { MASTER_PORT: '70000' },
    { TOWER_WORKER_TIMEOUT: 'soon' },
    { TOWER_WORKER_MEET_TIMEOUT: '-1' },
  ]) {
    expect(() => meetingOfLauncher({ ...all, ...wrong })).toThrow(/is `/);
  }
});

it('one worker is an ordinary training', async () => {
  expect((await launchWorkers(1)).meeting).toBeUndefined();
});

it('workers that a launcher starts on one machine share its cores', async () => {
  const environment = { RANK: '0', WORLD_SIZE: '100', MASTER_ADDR: 'first', MASTER_PORT: '29500' };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.stubEnv('LOCAL_WORLD_SIZE', '100');
  vi.stubEnv('TOWER_TORCH_THREADS', undefined);
  expect((await launchWorkers('launched')).meeting).toMatchObject({ rank: 0, workers: 100 });
  expect(process.env.TOWER_TORCH_THREADS).toBe(String(Math.max(1, Math.floor(availableParallelism() / 100))));
  vi.stubEnv('TOWER_TORCH_THREADS', '7');
  await launchWorkers('launched');
  expect(process.env.TOWER_TORCH_THREADS).toBe('7');
  vi.unstubAllEnvs();
});
