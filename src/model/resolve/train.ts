/** `train { … }`: how it is trained. What the file leaves out has the default of its row. */
import { train } from '../../library/declarations/train.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { Span } from '../../text/source.ts';
import { describeEntry, inRange } from '../describe.ts';
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

/** The numbers of `train`, which settings override where no constant has their name. */
export const trainNumbers = Object.entries(rows)
  .filter(([, { type }]) => type.is === 'integer' || type.is === 'number')
  .map(([name]) => name as keyof typeof rows);

/** `--set seed=2` */
export function overrideTraining(
  training: Training,
  settings: Readonly<Record<string, number>>,
  { report, constants }: Workspace,
): Training {
  const changed: Record<string, number> = {};
  for (const name of trainNumbers) {
    const value = settings[name];
    if (value === undefined || constants.names.includes(name)) continue;
    const { type } = rows[name];
    const whole = type.is !== 'integer' || Number.isSafeInteger(value);
    if ((type.is === 'integer' || type.is === 'number') && whole && inRange(value, type)) changed[name] = value;
    else report('out-of-range', undefined, { of: name, expected: describeEntry(type), value });
  }
  return { ...training, ...changed };
}
