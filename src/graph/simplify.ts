/** Makes a graph smaller and faster without changing what it computes, beyond the rounding of float32. */
import type { Graph } from './graph.ts';
import { removeDead } from './passes/dead.ts';
import { foldConstants, removeIdentities, removeScatters, shareEqualNodes } from './passes/identities.ts';
import { joinMoves, removeBroadcasts } from './passes/moves.ts';
import type { Pass } from './passes/rewrite.ts';
import { moveScales } from './passes/scaling.ts';
import { foldBiases, foldTransposes } from './passes/transposes.ts';

/** The table of passes, in the order in which a round runs them. */
export const passes: readonly { readonly name: string; readonly doc: string; readonly run: Pass }[] = [
  { name: 'dead', doc: 'nodes that nothing needs', run: removeDead },
  { name: 'constants', doc: 'nodes of constants are computed', run: foldConstants },
  { name: 'common', doc: 'equal nodes are computed once', run: shareEqualNodes },
  { name: 'identities', doc: 'x + 0, x × 1, −(−x), x ÷ 2 as x × ½, …', run: removeIdentities },
  {
    name: 'moves',
    doc: 'reshapes, transposes, slices, pads and joins that undo each other or can be one',
    run: joinMoves,
  },
  { name: 'broadcasts', doc: 'broadcasts that the op which follows does by itself', run: removeBroadcasts },
  { name: 'transposes', doc: 'transposes become flags of products', run: foldTransposes },
  { name: 'scatters', doc: 'zeros written over zeros', run: removeScatters },
  { name: 'scaling', doc: 'scales go from big matrices to small ones', run: moveScales },
  { name: 'biases', doc: 'a row or column added to a big product becomes part of it', run: foldBiases },
];

/** Maximum number of rounds. A round that changes nothing ends the passes; more rounds than this would mean that a pass undoes another one. */
const maxRounds = 30;

/** Runs all passes again and again until none changes anything. `seen` is called with every pass that changed the graph. */
export function simplify(graph: Graph, onChange: (pass: string, after: Graph) => void = () => {}): Graph {
  /** The last result of each pass, which that pass would not change. */
  const unchangedBy = new Map<Pass, Graph>();
  let currentGraph = graph;
  for (let round = 0; round < maxRounds; round++) {
    const beforeRound = currentGraph;
    for (const { name, run } of passes) {
      if (unchangedBy.get(run) === currentGraph) continue;
      const afterPass = run(currentGraph);
      if (afterPass !== currentGraph) onChange(name, afterPass);
      else unchangedBy.set(run, currentGraph);
      currentGraph = afterPass;
    }
    if (currentGraph === beforeRound) return currentGraph;
  }
  throw new Error(`invariant: the passes do not come to an end on graph "${graph.name}"`);
}
