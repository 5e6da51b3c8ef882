/** Writes a folder from which launchers on several machines start a training: `tower scale prepare`. */
import { chmod, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { reading, writing } from '../../base/diagnostics/system_reason.ts';
import { defined } from '../../base/util/defined.ts';
import { isAddress } from '../../data/files/remote/address.ts';
import { type CheckRequest, checkAndLower } from './check.ts';
import {
  coresPerProcess,
  jobName,
  mountsOf,
  quoted,
  quotedText,
  restarted,
  sharedVolume,
  startTower,
} from './launchers.ts';
import { memoryBytes } from './shards.ts';
import { version } from './version.ts';

export interface PrepareRequest extends CheckRequest {
  readonly data: string;
  readonly out: string;
  readonly workers: number;
  /** Folder of the run. Default: `run` in the folder of the job. */
  readonly run?: string;
  readonly seed?: number;
  /** As `TrainRequest.tables`. */
  readonly tables?: 'replicated' | 'sharded';
  /** As `TrainRequest.memory`, but for all workers of a machine together. */
  readonly memory?: string;
  /** As `TrainRequest.shards`, in a folder that all machines share. */
  readonly shards?: string;
  readonly force?: boolean;
  /** Path of the program `tower` that workers run. Default: the one that npx finds. */
  readonly program?: string | undefined;
}

export interface PreparedJob {
  readonly job: ScaleJob;
  readonly files: readonly string[];
}

/**
 * Checks that workers can share the model, and writes the scripts. It reads no rows.
 * @throws Failure with the model's diagnostics, `workers-unsupported`, `memory-text`, `folder-not-empty`, `cannot-write`
 */
export async function prepare(path: string, request: PrepareRequest): Promise<PreparedJob> {
  const { out, workers, seed, force = false, run = join(out, 'run'), memory, shards } = request;
  // Otherwise all machines would report its errors.
  if (memory !== undefined) memoryBytes(memory);
  const allSettings = seed === undefined ? request.set : { ...request.set, seed };
  const { lowered, data } = await checkAndLower(path, { ...request, ...defined({ set: allSettings }) });
  if (!data) throw failure('data-missing', { path });
  const { plan } = lowered;
  const { sharedStep } = await import('../../training/workers/talk.ts');
  const { torchModule } = await import('../../engines/formats/torch.ts');
  const { identityOf } = await import('../../training/artifact/identity.ts');
  const { makeFolder, removeDurably, writeTextDurably } = await import('../../base/storage/durable.ts');
  const step = sharedStep(plan.step);
  const { unshared } = await import('../../training/workers/read_together.ts');
  const cannot = request.tables === 'sharded' ? unshared(plan) : undefined;
  if (cannot !== undefined) throw failure('workers-unsupported', { what: cannot, areTables: true });
  await makeFolder(out);
  if (!force && (await reading(out, readdir(out))).length > 0) throw failure('folder-not-empty', { folder: out });
  const job: ScaleJob = {
    format: 'tower-job-1',
    tower: version,
    model: plan.model,
    plan: identityOf(plan).plan,
    workers,
    arguments: [
      'train',
      resolve(path),
      ...['--data', resolve(request.data), '--out', resolve(run), '--workers', 'launched'],
      ...Object.entries(allSettings ?? {}).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
      ...(request.tables === undefined ? [] : ['--tables', request.tables]),
      ...(memory === undefined ? [] : ['--memory', memory]),
      ...(shards === undefined ? [] : ['--shards', resolve(shards)]),
      ...(request.allow ?? []).flatMap((place) => ['--allow', isAddress(place) ? place : resolve(place)]),
    ],
    run: resolve(run),
    folder: resolve(out),
    project: resolve(),
    folders: [out, dirname(run), dirname(path), dirname(request.data), ...(shards === undefined ? [] : [shards])].map(
      (each) => resolve(each),
    ),
    ...defined({ memory, program: request.program && resolve(request.program) }),
    sums: step.nodes.filter(({ op }) => op === 'AllReduce').length,
    gathers: step.nodes.filter(({ op }) => op === 'AllGather').length,
  };
  const fileTexts = { 'step.py': torchModule(step).source, ...jobFiles(job) };
  // The file that marks the folder as a job is removed first and written last.
  await removeDurably(join(out, 'job.json'));
  for (const [name, text] of Object.entries(fileTexts)) {
    const filePath = join(out, name);
    await writeTextDurably(filePath, text);
    if (name.endsWith('.sh')) await writing(filePath, chmod(filePath, 0o755));
  }
  return { job, files: Object.keys(fileTexts) };
}

interface ScaleJob {
  readonly format: 'tower-job-1';
  readonly tower: string;
  readonly model: string;
  /** SHA-256 of the plan. */
  readonly plan: string;
  readonly workers: number;
  readonly arguments: readonly string[];
  readonly run: string;
  readonly folder: string;
  /** The working folder, against which settings of the model may name files. */
  readonly project: string;
  /** Folders that all machines share. */
  readonly folders: readonly string[];
  readonly memory?: string;
  readonly program?: string;
  /** Number of sums and gathers between workers in a step. */
  readonly sums: number;
  readonly gathers: number;
}

function jobFiles(job: ScaleJob): Readonly<Record<string, string>> {
  return {
    'worker.sh': worker(job),
    'torchrun.sh': torchrun(job),
    'slurm.sh': slurm(job),
    'kubernetes.yaml': kubernetes(job),
    'job.json': `${JSON.stringify(job, null, 2)}\n`,
  };
}

const worker = ({ arguments: words, run, program, project }: ScaleJob): string => `#!/bin/sh
# One worker. torchrun sets RANK and the others; Slurm and Kubernetes say the same by other names.
set -e
cd ${quoted(project)}
: "\${RANK:=\${SLURM_PROCID:-$JOB_COMPLETION_INDEX}}"
: "\${WORLD_SIZE:=$SLURM_NTASKS}"
: "\${MASTER_PORT:=29500}"
export RANK WORLD_SIZE MASTER_ADDR MASTER_PORT
set -- ${words.map(quoted).join(' ')} "$@"
# A run that was stopped goes on, with any number of workers.
[ ! -e ${quoted(`${run}/run.json`)} ] || set -- "$@" --resume
${startTower(program)}`;

const torchrun = ({ workers, folder }: ScaleJob): string => `#!/bin/sh
# All workers on this machine: ./torchrun.sh
# On several, on each: NODES=2 WORKERS=4 HOST=first-machine ./torchrun.sh
exec \${TORCHRUN:-torchrun} --no-python --nnodes "\${NODES:-1}" --nproc-per-node "\${WORKERS:-${workers}}" --max-restarts 3 \\
  --rdzv-backend c10d --rdzv-endpoint "\${HOST:-localhost}:\${PORT:-29400}" --rdzv-id ${quoted(jobName(folder))} \\
  ${quoted(`${folder}/worker.sh`)}
`;

const slurm = ({ workers, folder }: ScaleJob): string => `#!/bin/bash
#SBATCH --job-name=${jobName(folder)}
#SBATCH --ntasks=${workers}
#SBATCH --cpus-per-task=${coresPerProcess}
#SBATCH --requeue
#SBATCH --open-mode=append
# sbatch slurm.sh
MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# Jobs that share a machine need ports of their own.
MASTER_PORT=$((29500 + SLURM_JOB_ID % 1000))
export MASTER_ADDR MASTER_PORT TOWER_TORCH_THREADS="\${SLURM_CPUS_PER_TASK:-1}"
# Since Slurm 22.05, srun does not take the number of processors from the job.
${restarted(`srun --cpus-per-task="$TOWER_TORCH_THREADS" --kill-on-bad-exit=1 ${quoted(`${folder}/worker.sh`)}`)}`;

const kubernetes = ({ workers, folder, project, folders, memory }: ScaleJob): string => {
  const objectName = jobName(folder);
  return `# kubectl apply -f kubernetes.yaml
# Set the image, which has Node.js, the engine of \`tower engines --setup torch\`, and the project with its packages in ${project};
# and the claim of a volume that has the folders below at the same paths.
apiVersion: v1
kind: Service
metadata:
  name: ${objectName}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector:
    job-name: ${objectName}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: ${objectName}
spec:
  completionMode: Indexed
  completions: ${workers}
  parallelism: ${workers}
  backoffLimit: ${3 * workers}
  template:
    spec:
      subdomain: ${objectName}
      restartPolicy: Never
      containers:
        - name: worker
          image: tower
          command: [${quotedText(`${folder}/worker.sh`)}]
          workingDir: ${quotedText(project)}
          resources:
            requests: { cpu: ${quotedText(String(coresPerProcess))}${memory === undefined ? '' : `, memory: ${memoryBytes(memory)}`} }
          env:
            - { name: WORLD_SIZE, value: ${quotedText(String(workers))} }
            - { name: MASTER_ADDR, value: ${objectName}-0.${objectName} }
            - { name: TOWER_TORCH_THREADS, value: ${quotedText(String(coresPerProcess))} }
          volumeMounts:
${mountsOf(folders)}
${sharedVolume}`;
};
