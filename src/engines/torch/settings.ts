/** Settings of the `torch` engine, from the environment. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cacheBase } from '../../base/storage/package_file.ts';

/** What `tower engines --setup torch` installs. No older one is tested. */
export const torchVersion = '2.15.0';

export interface TorchSettings {
  readonly python: string;
  /** `cpu`, `cuda`, `cuda:1` */
  readonly device: string;
  /** Compile training steps, where there is a C++ compiler. */
  readonly compile: boolean;
  /** Folder of compiled steps. */
  readonly cache: string;
  readonly threads: number;
  /** For a start, and for one run of a graph. A busy machine may take minutes to load PyTorch. */
  readonly answerSeconds: number;
  /** For compiling a step: one of thousands of ops takes minutes. */
  readonly compileSeconds: number;
}

/** The virtual environment that scripts/setup-torch.mjs makes; a test holds the two together. */
export const torchFolder = (): string => join(cacheBase(), `torch-${torchVersion}-${process.platform}-${process.arch}`);

/** Throws, with what to do, where there is no Python to run or a setting has no meaning. */
export function torchSettings(environment: NodeJS.ProcessEnv = process.env): TorchSettings {
  if (process.platform === 'win32') throw new Error('it runs on Linux and macOS; use WSL on Windows');
  const { TOWER_TORCH_DEVICE: device = 'cpu', TOWER_TORCH_COMPILE: compile = 'on' } = environment;
  if (!/^(cpu|cuda(:\d+)?)$/.test(device))
    throw new Error(`TOWER_TORCH_DEVICE is \`${device}\`; set it to cpu, cuda or cuda:1`);
  if (compile !== 'on' && compile !== 'off')
    throw new Error(`TOWER_TORCH_COMPILE is \`${compile}\`; set it to on or off`);
  const seconds = Number(environment.TOWER_TORCH_TIMEOUT ?? 900);
  if (!(seconds > 0))
    throw new Error(`TOWER_TORCH_TIMEOUT is \`${environment.TOWER_TORCH_TIMEOUT}\`; set it to seconds, such as 900`);
  return {
    python: environment.TOWER_PYTHON || pythonOfSetup(),
    device,
    compile: compile === 'on',
    cache: join(cacheBase(), 'torch'),
    threads: threadsOf(environment.TOWER_TORCH_THREADS),
    answerSeconds: seconds,
    compileSeconds: 4 * seconds,
  };
}

/** Workers of one machine share its cores. */
function threadsOf(given: string | undefined): number {
  if (given === undefined) return availableParallelism();
  const threads = Number(given);
  if (!Number.isInteger(threads) || threads < 1)
    throw new Error(`TOWER_TORCH_THREADS is \`${given}\`; set it to a number of threads, such as 4`);
  return threads;
}

function pythonOfSetup(): string {
  const python = join(torchFolder(), 'bin', 'python');
  if (!existsSync(python)) {
    throw new Error(
      'PyTorch is not set up (`tower engines --setup torch` does it; TOWER_PYTHON names a Python that has it)',
    );
  }
  return python;
}
