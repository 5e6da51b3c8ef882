/** Exports the kernels that the host calls. This is AssemblyScript, compiled by scripts/build-kernels.mjs. */
export { firstFree, pick, scan } from './scan';
