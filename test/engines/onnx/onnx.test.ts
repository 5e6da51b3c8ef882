/** Which cores the engine uses: only those that the process may use. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { expect, it } from 'vitest';

/** Prepares a graph in this process, and prints the cores of every thread. Linux has them in /proc. */
const program = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { stepGraph, randomTensors } from './bench/step_graph.ts';
  import { onnxEngine } from './src/engines/onnx/onnx.ts';
  const graph = stepGraph();
  const prepared = await (await onnxEngine()).prepare(graph, randomTensors(graph, 'parameters', {}));
  await prepared.run(randomTensors(graph, 'inputs', { batch: 64 }));
  const cores = readdirSync('/proc/self/task').map((id) => /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]);
  console.log(JSON.stringify([...new Set(cores)]));
  await prepared.close();
`;

it('binds no thread to a core that the process may not use', ({ skip }) => {
  const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
  if (!hasTaskset || cpus().length < 2) skip('needs taskset and two cores');
  const args = ['-c', '0', process.execPath, '--import', 'tsx', '--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
  expect(stdout, stderr).toBe('["0"]\n');
});
