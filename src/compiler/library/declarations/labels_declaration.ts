// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { LabelType } from '../../../graph/plan/plan.ts';
import type { KindRow } from '../contract.ts';
import type { DeclarationRow } from './entry.ts';

export const labelKinds: Readonly<Record<LabelType, KindRow>> = {
  binary: { doc: 'A label of 0 and 1.', example: 'binary', parameters: {} },
  probability: {
    doc: 'A label from 0 to 1, such as what another model predicts of the row. For `bce`, `mse` and `huber`.',
    paper: 'Hinton et al., "Distilling the knowledge in a neural network", 2015 (section 2)',
    example: 'probability',
    parameters: {},
  },
  number: { doc: 'A label that is a number.', example: 'number', parameters: {} },
};

export const labelTypes = Object.keys(labelKinds) as LabelType[];

export const labels: DeclarationRow = {
  brief: 'What the model learns: clicks, ratings, seconds.',
  doc: 'What is predicted: `name : binary`, `name : probability` or `name : number`. A task names one with `label =`. No tower may read a label.',
  example: 'labels {\n  clicked : binary\n  seconds : number\n}',
  snippet: ['labels { ${1:clicked}: ${2|binary,probability,number|} }'],
  value: { is: 'kind', what: 'type of label', of: labelKinds },
  words: {
    binary: {
      what: 'type of label',
      brief: labelKinds.binary.doc,
      doc: 'A label that is 0 or 1, yes or no.',
      example: 'labels { clicked : binary }',
    },
    probability: {
      what: 'type of label',
      brief: labelKinds.probability.doc,
      doc: 'A label from 0 to 1: `bce` learns it as the target of the cross-entropy. A value outside makes a bad row.',
      example: 'labels { taught : probability }',
    },
  },
};
