/** Implements activations, which work element by element. Each can be an argument of a layer, and is also a block of the same name. */
import type { Builder, Ref } from '../../graph/builder.ts';
import { standardize } from './batch_statistics.ts';
import type { BlockContext } from './contract.ts';

/** Default slope of `leaky_relu` below 0: Maas et al. 2013. */
export const leakySlope = 0.01;

/** Initial slope of `prelu` below 0: He et al. 2015. */
const initialPreluSlope = 0.25;

const silu = (g: Builder, x: Ref): Ref => g.mul(x, g.sigmoid(x));

/** Activations without parameters. */
const withoutParameters = {
  linear: (_, x) => x,
  relu: (g, x) => g.relu(x),
  leaky_relu: (g, x) => leaky(g, x, leakySlope),
  /** ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): Hendrycks & Gimpel 2016, within 5e-4 of x Φ(x). */
  gelu(g, x) {
    const cube = g.mul(g.mul(g.square(x), x), 0.044715);
    const tanhTerm = g.tanh(g.mul(g.add(x, cube), Math.sqrt(2 / Math.PI)));
    return g.mul(g.mul(x, 0.5), g.add(tanhTerm, 1));
  },
  silu,
  /** The older name of `silu`: Ramachandran et al. 2017. */
  swish: silu,
  tanh: (g, x) => g.tanh(x),
  sigmoid: (g, x) => g.sigmoid(x),
  softplus: (g, x) => g.softplus(x),
} satisfies Record<string, (builder: Builder, x: Ref) => Ref>;

export interface ActivationOptions {
  /** Suffix of the names of learned parameters. */
  readonly suffix?: string;
  /** float32 [rows] of 1 and 0: rows that count in statistics of the batch. Absent: all count. */
  readonly mask?: Ref | undefined;
}

/** Activations with one parameter for each column of x: float32 [rows, width]. */
const withParameters = {
  prelu({ builder }, x, { suffix = '' }) {
    const slope = builder.parameter(`slope${suffix}`, [widthOf(x)], { kind: 'constant', value: initialPreluSlope });
    return leaky(builder, x, slope);
  },
  dice: (context, x, options) => dice(context, x, { ...options, decay: 0.9, epsilon: diceEpsilon }),
} satisfies Record<string, (context: BlockContext, x: Ref, options: ActivationOptions) => Ref>;

export type PlainActivation = keyof typeof withoutParameters;
export type Activation = PlainActivation | keyof typeof withParameters;

/** All activations, for every block with an argument `activation`. */
export const activations = [...Object.keys(withoutParameters), ...Object.keys(withParameters)] as readonly Activation[];

/** @param x float32 [rows, width] */
export function activate(context: BlockContext, x: Ref, activation: Activation, options: ActivationOptions = {}): Ref {
  return Object.hasOwn(withParameters, activation)
    ? withParameters[activation as keyof typeof withParameters](context, x, options)
    : activatePlainly(context.builder, x, activation as PlainActivation);
}

/** @param x float32 of any shape */
export const activatePlainly = (builder: Builder, x: Ref, activation: PlainActivation): Ref =>
  (withoutParameters[activation] as (builder: Builder, x: Ref) => Ref)(builder, x);

/** Returns x above 0 and slope · x below. A learned slope has one number for each column. */
export const leaky = (builder: Builder, x: Ref, slope: Ref | number): Ref =>
  builder.sub(builder.relu(x), builder.mul(builder.relu(builder.neg(x)), slope));

export const diceEpsilon = 1e-8;

/** Returns p · x + (1 − p) · α · x with p = σ of x standardized by the batch: Zhou et al. 2018, equation 3. α is initially 0. */
export function dice(
  context: BlockContext,
  x: Ref,
  options: ActivationOptions & { readonly decay: number; readonly epsilon: number },
): Ref {
  const { builder } = context;
  const { suffix = '' } = options;
  const alpha = builder.parameter(`alpha${suffix}`, [widthOf(x)], { kind: 'zeros' });
  const probability = builder.sigmoid(standardize(context, x, { ...options, name: 'dice', suffix }));
  return builder.mul(x, builder.add(alpha, builder.mul(probability, builder.sub(1, alpha))));
}

const widthOf = (x: Ref): number => x.type.shape.at(-1) as number;
