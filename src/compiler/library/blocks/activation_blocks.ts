/** Makes a block of an activation without learned parameters. The output has the shape of the input. */
import { activatePlainly, type PlainActivation } from '../activations.ts';
import type { BlockKind, KindRow } from '../contract.ts';
import { blockKind } from '../rows.ts';
import { eachNumber } from '../values.ts';

const activationBlock = (
  name: PlainActivation,
  row: Pick<KindRow, 'doc' | 'formula' | 'when' | 'paper' | 'also' | 'near'>,
): BlockKind =>
  blockKind({
    ...row,
    example: name,
    numberwise: true,
    lower: ({ builder }, input) => eachNumber(builder, input, (x) => activatePlainly(builder, x, name)),
  });

export const relu = activationBlock('relu', {
  doc: 'Sets numbers below 0 to 0. The shape stays: of a vector, fields, a sequence or interests.',
  formula: ['max(0, x)'],
  when: 'After a block that has no `activation` of its own, such as `cross` or `batch_norm`.',
  paper: 'Nair & Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010',
  near: ['relu6', 'crelu', 'rectifier'],
});

export const gelu = activationBlock('gelu', {
  doc: 'The number times the chance that a normal number is smaller, in the approximation by tanh. The shape stays.',
  formula: ['½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))'],
  when: 'In layers after `self_attention`, as transformers have it.',
  paper: 'Hendrycks & Gimpel, "Gaussian error linear units", 2016',
  also: ['gelu_tanh', 'gelu_new'],
});

export const silu = activationBlock('silu', {
  doc: 'The number times its sigmoid, also called swish. The shape stays.',
  formula: ['x · σ(x)'],
  when: 'A smooth `relu`, where gradients of exactly 0 below 0 hold training up.',
  paper: 'Elfwing et al., "Sigmoid-weighted linear units", Neural Networks 2018; Ramachandran et al. 2017',
  also: ['swish'],
  near: ['mish', 'hard_swish', 'hardswish'],
});

export const tanh = activationBlock('tanh', {
  doc: 'The hyperbolic tangent, within [−1, 1]. The shape stays.',
  formula: ['tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)'],
  when: 'At the end of a tower whose numbers must stay bounded, as in DSSM.',
  paper: 'Huang et al., "Learning deep structured semantic models", CIKM 2013 (equation 3)',
  near: ['softsign', 'hard_tanh', 'hardtanh'],
});

export const sigmoid = activationBlock('sigmoid', {
  doc: 'The logistic function, within [0, 1]. The shape stays.',
  formula: ['σ(x) = 1 / (1 + e⁻ˣ)'],
  when: 'For shares that weigh other numbers, through `product`; `gate` does both.',
  paper: 'no paper: the logistic function',
  also: ['expit'],
  near: ['hard_sigmoid', 'hardsigmoid'],
});

export const softplus = activationBlock('softplus', {
  doc: 'A smooth `relu`, above 0. The shape stays.',
  formula: ['log(1 + eˣ)'],
  when: 'For numbers that must be positive, such as weights of a `product`.',
  paper: 'Dugas et al., "Incorporating second-order functional knowledge", NIPS 2000',
  near: ['elu', 'selu', 'celu'],
});
