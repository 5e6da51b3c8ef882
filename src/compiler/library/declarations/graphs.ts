/** `graph` of `train`: what the rows of the id tables of both towers learn from their neighbours. */
import type { KindRow } from '../contract.ts';
import { integer } from '../parameters.ts';

export const graphs = {
  lightgcn: {
    doc: 'The graph has a node for each user and each item, and an edge where a training event has both. What the towers read of the two id tables is the mean over layers: the row itself, the sum of its neighbours’ rows, each divided by √(neighbours of one · neighbours of the other), the same of their neighbours, and so on. Every step updates all rows of both tables.',
    paper:
      'He et al., "LightGCN: simplifying and powering graph convolution network for recommendation", SIGIR 2020 (equations 3, 4 and 8)',
    also: ['light_gcn', 'gcn', 'lgcn'],
    example: 'lightgcn(layers: 2)',
    parameters: {
      layers: integer({
        min: 1,
        max: 8,
        default: 2,
        doc: 'How many edges away a row reads. A step costs two products of the whole graph for each layer after the first.',
      }),
    },
  },
} satisfies Readonly<Record<string, KindRow>>;
