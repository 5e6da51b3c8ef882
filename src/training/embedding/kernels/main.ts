/** Exports the kernels that the host calls. This is AssemblyScript, compiled by scripts/build-kernels.mjs. */
export { copyBags } from './bags';
export { badCode, gather, gatherSequence } from './gather';
export { gatherHalf, roundRows, scatterRows } from './half';
export { gatherPooled, gatherWeighted } from './pool';
export { forget, resolve, resolveOne, scatterPooled, scatterSequence, scatterWeighted } from './accumulate';
export {
  regularize,
  updateAdagrad,
  updateAdam,
  updateLamb,
  updateMomentum,
  updateRowAdagrad,
  updateSgd,
} from './update';
export { addRows, addToNeighbours, scale, sumNeighbours, sumNeighboursOf } from './neighbours';
export { uniform } from './uniform';
export { rank } from './rank';
export { solveNarrow, solveWide } from './solve';
export { addOuters, combine, descend } from './sums';
