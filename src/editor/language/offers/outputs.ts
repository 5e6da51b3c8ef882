/** Reads an output that nothing reads: a channel of its own, as its siblings have one, and the task of its name. */
import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { textOf } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import type { Mistake, Offer } from './offer.ts';
import { entryAfter } from './places.ts';

export function readOutput({ checked: { file } }: FileAnalysis, { at, message }: Mistake): readonly Offer[] {
  const step = textOf(at);
  const [, output] = /`\w+\.(\w+)`/.exec(message) ?? [];
  const tower = file.declarations.find(
    (node): node is Ast.TowerNode => node.kind === 'Tower' && node.span.start <= at.start && at.end <= node.span.end,
  );
  const sibling = tower?.entries.find(({ channel, flow }) => channel && sourceOf(flow)?.parts[0]?.name === step);
  if (output === undefined || !tower || !sibling || tower.entries.some(({ name }) => name.name === output)) return [];
  const rest = textOf({ ...sibling.flow.span, start: sourceOf(sibling.flow)!.span.end });
  const channel = entryAfter(tower, tower.entries.at(-1)!, `channel ${output} = ${step}.${output}${rest}`);
  const task = file.declarations.find(
    (node): node is Ast.TaskNode => node.kind === 'Task' && node.name.name === output,
  );
  const reads = task ? namesIn(task, tower.name.name, sibling.name.name) : [];
  const title = `Give \`${step}.${output}\` a channel of its own`;
  const edits: readonly Edit[] = [channel, ...reads.map(({ span }) => ({ at: span, text: output }))];
  return [{ title: reads.length > 0 ? `${title}, which task \`${output}\` reads` : title, edits }];
}

const sourceOf = (flow: Ast.ExpressionNode): Ast.NameNode | undefined => {
  const first = flow.kind === 'Flow' ? flow.steps[0] : flow;
  return first?.kind === 'Name' ? first : undefined;
};

/** Where the score of a task names a channel of a tower. */
function namesIn({ entries }: Ast.TaskNode, tower: string, channel: string): readonly Ast.IdentifierNode[] {
  const found: Ast.IdentifierNode[] = [];
  const visit = (value: Ast.ExpressionNode): void => {
    if (value.kind === 'Binary') [value.left, value.right].forEach(visit);
    else if (value.kind === 'Unary') visit(value.operand);
    else if (value.kind === 'Call') for (const argument of value.arguments) visit(argument.value);
    else if (value.kind === 'Name' && value.parts[0]?.name === tower && value.parts[1]?.name === channel) {
      found.push(value.parts[1]!);
    }
  };
  for (const { name, value } of entries) if (name.name === 'score') visit(value);
  return found;
}
