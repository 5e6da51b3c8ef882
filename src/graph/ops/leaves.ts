import type { LeafRow } from './row.ts';

export const input: LeafRow = { doc: 'A value that the host gives at every run. Attribute name.' };

export const parameter: LeafRow = {
  doc: 'A value that the engine keeps from run to run. Attribute name; updates of the graph replace it.',
};

export const constant: LeafRow = {
  doc: 'Numbers written in the graph, row-major. Attribute values; bools are 0 and 1.',
};
