/** `train { … }`: how it is trained. What the file leaves out has the default of its row. */
import { train } from '../../library/declarations/train.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { Span } from '../../text/source.ts';
import type { Training } from '../model.ts';
import type { Workspace } from '../workspace.ts';
import { defaultOf, resolveEntries } from './entry.ts';

const { entries: rows } = train;

export function defaultTraining(span: Span): Training {
  const values = Object.entries(rows).map(([name, row]) => [name, defaultOf(row, span)]);
  return { span, ...(Object.fromEntries(values) as Omit<Training, 'span'>) };
}

export function resolveTrain(workspace: Workspace, { entries, span }: Ast.Train): Training | undefined {
  const declared = { place: 'train', of: '`train`', at: span, rows, entries } as const;
  const { values, valid } = resolveEntries(workspace, declared);
  return valid ? { span, ...(values as Omit<Training, 'span'>) } : undefined;
}
