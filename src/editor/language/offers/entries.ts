/** Adds an entry that a declaration needs: the label of a task, its loss, the split of data. */
import { data } from '../../../compiler/library/declarations/data.ts';
import type { Entries } from '../../../compiler/library/declarations/entry.ts';
import { task } from '../../../compiler/library/declarations/task.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import { typed } from './declare.ts';
import type { Mistake, Offer } from './offer.ts';
import { entryAfter } from './places.ts';

type Bodied = Extract<Ast.DeclarationNode, { readonly kind: 'Task' | 'Data' }>;

function around({ declarations }: Ast.FileNode, { at }: Mistake): Bodied | undefined {
  return declarations.find(
    (node): node is Bodied =>
      (node.kind === 'Task' || node.kind === 'Data') && node.span.start <= at.start && at.end <= node.span.end,
  );
}

/** The label of a task: one that is declared, or a new one. */
export function giveLabel({ checked: { file, resolution } }: FileAnalysis, mistake: Mistake): readonly Offer[] {
  const node = around(file, mistake);
  const last = node?.entries.at(-1);
  if (!node || !last) return [];
  const declared = [...resolution.labels.keys()].map((label) => ({
    title: `Add \`label = ${label}\``,
    edits: [entryAfter(node, last, `label = ${label}`)],
  }));
  const name = /^(.*?)(?:_label)?$/.exec(node.name.name)![1]!;
  const own = ['binary', 'number'].map((type) => ({
    title: `Declare the label \`${name} : ${type}\`, and add \`label = ${name}\``,
    edits: [typed(file, 'Labels', `${name} : ${type}`), entryAfter(node, last, `label = ${name}`)],
  }));
  return [...declared, ...own];
}

/** The entry that is missing, with the value of its example. */
export function giveEntry({ checked: { file } }: FileAnalysis, mistake: Mistake): readonly Offer[] {
  const node = around(file, mistake);
  const last = node?.entries.at(-1);
  if (!node || !last) return [];
  const entries: Entries = node.kind === 'Task' ? task.entries : data.entries;
  const missing = Object.entries(entries).filter(
    ([name]) =>
      mistake.message.includes(`\`${name}\``) &&
      !node.entries.some((entry) => entry.kind === 'Entry' && entry.name.name === name),
  );
  return missing.map(([name, { example }]) => {
    const text = example.startsWith(`${name} =`) ? example : `${name} = ${example}`;
    return { title: `Add \`${text}\``, edits: [entryAfter(node, last, text)] };
  });
}
