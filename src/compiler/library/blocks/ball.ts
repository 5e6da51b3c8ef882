import { formulaBlock } from '../rows.ts';

export const ball = formulaBlock('ball', {
  doc: 'Each row within the unit ball: a row that is longer than 1 is divided by its length, any other stays as it is. vector[N] → vector[N], or each interest.',
  when: 'At the end of both channels of `distance`, whose vectors would grow without end; `normalize` puts every row on the sphere.',
  paper:
    'Hsieh et al., "Collaborative metric learning", WWW 2017 (section 3.5), which moves the parameters themselves after each step',
  also: ['unit_ball', 'clip_by_norm', 'max_norm', 'clip_norm'],
  example: 'ball',
});
