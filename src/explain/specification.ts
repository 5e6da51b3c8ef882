/** Which paragraph of docs/spec.md defines what a code or a page of the reference is about. */

import { data } from '../diagnostics/codes/data.ts';
import { lint } from '../diagnostics/codes/lint.ts';
import { model } from '../diagnostics/codes/model.ts';
import { names } from '../diagnostics/codes/names.ts';
import { products } from '../diagnostics/codes/products.ts';
import { shapes } from '../diagnostics/codes/shapes.ts';
import { syntax } from '../diagnostics/codes/syntax.ts';
import { tasks } from '../diagnostics/codes/tasks.ts';
import type { Code } from '../diagnostics/codes.ts';

/** The sections of the specification; the place in the list, from 1, is the number of the section. */
export const specSections = [
  'Lexis',
  'Grammar',
  'Files, names and scopes',
  'Values and their shapes',
  'Features, labels and groups',
  'Flows and blocks',
  'Towers',
  'Scores',
  'Tasks and losses',
  'Objective and retrieval',
  'Training',
  'Data',
  'Determinism',
  'Evaluation',
  'Artifacts',
  'Versions',
] as const;

/** The paragraph for the codes of one file, unless `paragraphs` names another. Codes of runs have none: most are about files. */
const paragraphOfGroup: readonly (readonly [codes: object, paragraph: string])[] = [
  [syntax, '2.1'],
  [names, '2.4'],
  [model, '3.7'],
  [tasks, '8.2'],
  [products, '8.7'],
  [shapes, '4.2'],
  [lint, '1.2'],
  [data, '12.1'],
];

/** `none`: the specification does not define it, as with the memory of a machine. */
const paragraphs: Readonly<Partial<Record<Code, string>>> = {
  // Lexis
  'not-text': '1.1',
  'foreign-comment': '1.2',
  'stray-description': '1.2',
  'malformed-name': '1.3',
  'look-alike': '1.3',
  'reserved-name': '1.3',
  'malformed-number': '1.4',
  'unclosed-text': '1.5',
  'foreign-quotes': '1.5',
  'unknown-escape': '1.5',
  'unexpected-character': '1.6',
  'foreign-arrow': '1.6',
  'foreign-form': '1.6',
  'too-deep': '1.7',
  'too-long': '1.7',
  'block-too-large': '1.7',
  // Grammar
  'unknown-entry': '2.1',
  'repeated-entry': '2.1',
  'missing-entry': '2.1',
  'unknown-kind': '2.3',
  'expected-kind': '2.3',
  'arguments-conflict': '2.4',
  'not-finite': '2.5',
  // Files, names and scopes
  'empty-file': '3.1',
  'tower-count': '3.1',
  'no-task': '3.1',
  'repeated-declaration': '3.1',
  'no-model': '3.1',
  'use-outside': '3.2',
  'use-cycle': '3.2',
  'use-missing': '3.2',
  'unknown-name': '3.3',
  'repeated-name': '3.3',
  'shadowed-name': '3.4',
  'read-before': '3.5',
  'constant-cycle': '3.5',
  'block-cycle': '3.5',
  'unknown-setting': '3.6',
  'unused-constant': '3.7',
  // Values, features and flows
  'no-outputs': '4',
  'no-elements': '5.1',
  'not-ascending': '5.2',
  'feature-value': '5.2',
  'wide-table': '5.3',
  'table-over-budget': '5.3',
  'key-without-embedding': '5.3',
  'label-as-feature': '5.7',
  'feature-as-label': '5.7',
  'group-cycle': '5.8',
  'repeated-member': '5.8',
  'not-a-flow': '6.1',
  'sequence-among-fields': '6.1',
  'block-arguments': '6.3',
  'last-dropout': '6.4',
  // Towers and scores
  'not-an-input': '7.1',
  'feature-both-sides': '7.1',
  'key-kind': '7.2',
  'no-user-key': '7.2',
  'tower-without-channel': '7.3',
  'channel-not-vector': '7.3',
  'item-interests': '7.3',
  'towers-swapped': '7.4',
  'not-a-score': '8.1',
  'channel-widths': '8.2',
  'nonnegative-channel': '8.2',
  // Tasks, objective and training
  'label-needed': '9.1',
  'label-not-read': '9.1',
  'label-type': '9.1',
  'only-not-binary': '9.2',
  'weight-not-number': '9.2',
  'bce-unscaled': '9.3',
  'item-key-needed': '9.4',
  'few-negatives': '9.4',
  'own-negatives': '11.8',
  'temperature-unnormalised': '9.6',
  'temperature-extreme': '9.6',
  'not-a-sum': '10.1',
  'objective-no-loss': '10.1',
  'objective-omits': '10.1',
  'objective-weight': '10.1',
  'retrieve-empty': '10.3',
  'retrieve-scales': '10.3',
  'retrieve-zero': '10.3',
  'product-in-retrieve': '10.3',
  'entry-without-loss': '9.1',
  'interests-in-retrieve': '10.3',
  'empty-range': '11.11',
  'log-range': '11.11',
  'not-searchable': '11.11',
  'search-choice': '11.11',
  'too-few-rows': '11.2',
  'loss-not-finite': '11.3',
  'no-validation-part': '11.6',
  'positions-one-list': '11.8',
  'positions-without-last': '11.8',
  'positions-look-ahead': '11.8',
  // Data
  'no-data-block': '12.1',
  'misplaced-by': '12.2',
  'missing-key': '12.2',
  'key-does-not-join': '12.2',
  'unfed-column': '12.3',
  'column-type': '12.3',
  'column-side': '12.3',
  'sql-refused': '12.3',
  'unrepeatable-sql': '12.3',
  'sql-fails': '12.3',
  'no-rows': '12.4',
  'time-needed': '12.5',
  'split-share': '12.7',
  'empty-split': '12.7',
  'too-many-rejected': '12.9',
  'data-memory': 'none',
  'fetch-failed': 'none',
  'originals-needed': 'none',
  'set-is-fetched': 'none',
  // Evaluation and artifacts
  'protocols-differ': '14.7',
  'vectors-not-finite': '14.8',
  'not-a-run': '15.1',
  'lost-file': '15.3',
  'changed-file': '15.3',
  'damaged-file': '15.3',
  'unfinished-run': '15.4',
  'nothing-to-resume': '15.5',
  'other-run': '15.5',
  'other-data': '15.5',
  'fewer-epochs': '15.5',
  'too-large-to-export': '15.6',
  'no-search': '11.9',
  'not-a-study': '15.8',
  'study-exists': '15.8',
  'other-study': '15.8',
  'unknown-measure': '11.9',
  'file-exists': 'none',
  'tuned-file': 'none',
};

/** Such as `9.3`, or `4` for a whole section; undefined where the specification does not define what the code is about. */
export function paragraphOf(code: Code): string | undefined {
  const found = paragraphs[code] ?? paragraphOfGroup.find(([codes]) => code in codes)?.[1];
  return found === 'none' ? undefined : found;
}

/** From a page in a folder of `docs`: `[Specification, 9.3: Tasks and losses](../spec.md#9-tasks-and-losses)`. */
export function specLink(paragraph: string): string {
  const number = Number.parseInt(paragraph, 10);
  const title = specSections[number - 1]!;
  return `[Specification, ${paragraph}: ${title}](../spec.md#${anchorOf(`${number} ${title}`)})`;
}

/** The anchor that GitHub gives a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
