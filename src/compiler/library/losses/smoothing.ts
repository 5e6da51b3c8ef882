import { number } from '../parameters.ts';

/** ε of a smoothed target. */
export const smoothing = number({
  min: 0,
  below: 1,
  doc: 'ε: this share of the target goes to all answers alike (Szegedy et al., CVPR 2016, section 7).',
  default: 0,
});
