import type { Builder, Ref } from '../graph/builder.ts';

/** What may follow a dense layer, element by element. THE list for every block that takes an `activation`. */
const table = {
  linear: (_, x) => x,
  relu: (g, x) => g.relu(x),
  tanh: (g, x) => g.tanh(x),
  sigmoid: (g, x) => g.sigmoid(x),
  softplus: (g, x) => g.softplus(x),
  /** x · sigmoid(x): Ramachandran et al. 2017. */
  swish: (g, x) => g.mul(x, g.sigmoid(x)),
} satisfies Record<string, (builder: Builder, x: Ref) => Ref>;

export type Activation = keyof typeof table;
export const activations = Object.keys(table) as readonly Activation[];

export function activate(builder: Builder, x: Ref, activation: Activation): Ref {
  return (table[activation] as (builder: Builder, x: Ref) => Ref)(builder, x);
}
