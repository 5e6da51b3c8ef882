/** The scripts with which Slurm, Kubernetes and Ray run the steps of a plan. */
import { dirname } from 'node:path';
import { type ShardJobPlan, shardSteps, stepNames } from '../../data/shards/job/folder.ts';
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

interface JobPlace {
  readonly folder: string;
  /** The working folder, against which settings of the model may name files. */
  readonly project: string;
  readonly program?: string | undefined;
}

export const shardJobFiles = (plan: ShardJobPlan, place: JobPlace): Readonly<Record<string, string>> => ({
  'step.sh': stepScript(plan, place),
  'slurm.sh': slurm(plan, place),
  'slurm_step.sh': slurmStep(place),
  'kubernetes.yaml': kubernetes(plan, place),
  'kubernetes.sh': kubernetesScript(place),
  'on_ray.py': ray(plan, place),
});

const stepsInParts = stepNames.filter((step) => shardSteps[step].inParts);

const stepScript = ({ parts }: ShardJobPlan, { folder, project, program }: JobPlace): string => `#!/bin/sh
# One step: ${stepNames.map((step) => `./step.sh ${step}${shardSteps[step].inParts ? ' 3' : ''}`).join(', ')}
# Slurm counts parts from 1, and Kubernetes from 0.
set -e
cd ${quoted(project)}
step=$1
part=\${2:-\${SLURM_ARRAY_TASK_ID:-$((\${JOB_COMPLETION_INDEX:-0} + 1))}}
set -- shards "$step" ${quoted(folder)}
case $step in ${stepsInParts.join(' | ')}) set -- "$@" --part "$part/${parts}" ;; esac
${startTower(program)}`;

const slurm = ({ parts, memory }: ShardJobPlan, { folder }: JobPlace): string => `#!/bin/bash
# Sends all steps, each to begin after the one before it: ./slurm.sh. Arguments go to sbatch, such as --partition=long.
# If a step fails, those after it are removed. Then ./slurm.sh goes on with what is missing.
set -e
options=(--parsable --requeue --open-mode=append --kill-on-invalid-dep=yes --chdir=${quoted(folder)}
  --cpus-per-task=${coresPerProcess} --mem=${Math.ceil(memory / 2 ** 20)}M "$@")
job=
submit() {
  job=$(sbatch "\${options[@]}" --job-name="${jobName(folder)}-$1" \${job:+--dependency="afterok:$job"} "\${@:2}" \\
    ${quoted(`${folder}/slurm_step.sh`)} "$1")
  # With --clusters, a name follows.
  job=\${job%;*}
  echo "$1: job \${job:-not sent}"
}
${stepNames.map((step) => `submit ${step}${shardSteps[step].inParts ? ` --array=1-${parts}` : ''}\n`).join('')}`;

const slurmStep = ({ folder }: JobPlace): string => `#!/bin/sh
# A step as a job of Slurm: sbatch --array=3 slurm_step.sh map
${restarted(`${quoted(`${folder}/step.sh`)} "$1"`)}`;

const kubernetes = (plan: ShardJobPlan, { folder, project }: JobPlace): string => {
  const { parts, memory, command } = plan;
  const folders = [folder, command.shards, dirname(command.model), dirname(command.data)];
  const jobs = stepNames.map((step) => {
    const { inParts } = shardSteps[step];
    return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${jobName(folder)}-${step}
  labels: { tower-step: ${step} }
spec:
${inParts ? `  completionMode: Indexed\n  completions: ${parts}\n  parallelism: ${parts}\n` : ''}  backoffLimit: ${inParts ? 3 * parts : 3}
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: ${step}
          image: tower
          command: [${quotedText(`${folder}/step.sh`)}, ${step}]
          workingDir: ${quotedText(project)}
          resources:
            requests: { cpu: "${coresPerProcess}", memory: "${memory}" }
            limits: { memory: "${memory}" }
          volumeMounts:
${mountsOf(folders)}
${sharedVolume}`;
  });
  return `# Set the image, which has Node.js and the project with its packages in ${project}; the claim of a volume that has the folders
# below at the same paths; and \`parallelism\`. Then kubernetes.sh starts the jobs one after another.
${jobs.join('---\n')}`;
};

const kubernetesScript = ({ folder }: JobPlace): string => `#!/bin/sh
# Starts the jobs of kubernetes.yaml, each when the one before it is complete: ./kubernetes.sh
set -e
for step in ${stepNames.join(' ')}; do
  job=job/${jobName(folder)}-$step
  kubectl apply -f ${quoted(`${folder}/kubernetes.yaml`)} -l "tower-step=$step"
  until kubectl wait --for=condition=complete --timeout=60s "$job"; do
    if kubectl wait --for=condition=failed --timeout=0s "$job"; then
      echo "kubectl logs $job says why. Then kubectl delete $job, and start this again: it goes on with what is missing." >&2
      exit 1
    fi
  done
done
`;

const ray = (
  { parts, memory }: ShardJobPlan,
  { folder }: JobPlace,
): string => `"""Runs all steps on Ray: python on_ray.py

RAY_ADDRESS names the cluster; without it Ray starts one on this machine. CORES: those of a part.
A part that fails or whose machine is lost is run again, at most three times.
"""
import os
import subprocess

import ray

STEP = ${quotedText(`${folder}/step.sh`)}
PARTS = ${parts}


@ray.remote(
    num_cpus=int(os.environ.get("CORES", "${coresPerProcess}")),
    memory=${memory},
    max_retries=3,
    retry_exceptions=[subprocess.CalledProcessError],
)
def run(*words):
    subprocess.run([STEP, *words], check=True)


def run_parts(step):
    waiting = [run.remote(step, str(part)) for part in range(1, PARTS + 1)]
    while waiting:
        done, waiting = ray.wait(waiting)
        ray.get(done)
        print(f"{step}: {PARTS - len(waiting)} of {PARTS} parts are done", flush=True)


ray.init()
${stepNames.map((step) => (shardSteps[step].inParts ? `run_parts("${step}")` : `ray.get(run.remote("${step}"))`)).join('\n')}
`;
