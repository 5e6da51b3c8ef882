/** What the host may call. AssemblyScript, compiled by scripts/build-kernels.mjs. */
export { firstFree, scan } from './scan';
