/** `train { … }`: how it is trained. What the file leaves out has the default of its row. */
import type { Span } from '../../../base/text/source.ts';
import { train } from '../../library/declarations/train.ts';
import type * as Ast from '../../syntax/ast.ts';
import { removal } from '../edits.ts';
import type { Training } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { defaultOf, resolveEntries } from './entry.ts';

const { entries: rows } = train;

export function defaultTraining(span: Span): Training {
  const values = Object.entries(rows).map(([name, row]) => [name, defaultOf(row, span)]);
  return { span, ...(Object.fromEntries(values) as Omit<Training, 'span'>) };
}

export function resolveTrain(workspace: Workspace, { entries, span }: Ast.TrainNode): Training | undefined {
  const declared = { place: 'train', of: '`train`', at: span, rows, entries } as const;
  const { given, values, valid } = resolveEntries(workspace, declared);
  const both = given.has('epochs') && given.get('steps');
  if (both) {
    const fix = { fixes: [[removal(both.span)]] };
    workspace.report('arguments-conflict', both.span, { kind: 'train', reason: howLong }, fix);
  }
  return valid && !both ? { span, ...(values as Omit<Training, 'span'>) } : undefined;
}

const howLong = 'gives `epochs` and `steps`, and each of them says how long to train: give one';
