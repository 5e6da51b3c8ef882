import { spawnSync } from 'node:child_process';

/** True where PyTorch can compile. */
export const hasCompiler = ['g++', 'c++', 'clang++'].some((name) => spawnSync(name, ['--version']).status === 0);
