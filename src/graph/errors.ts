/** Operands that do not fit an op. The message is in the graph's own words: `MatMul: …`. */
export class GraphTypeError extends Error {}
