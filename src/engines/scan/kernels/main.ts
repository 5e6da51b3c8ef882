/** Exports the kernels that the host calls. This is AssemblyScript, compiled by scripts/build-kernels.mjs. */
export { firstFree, scan } from './scan';
