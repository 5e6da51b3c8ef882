/** Declares a name that nothing declares: a label, a feature or a constant, whichever the place can read. */
import { textOf } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import type { Mistake, Offer } from './offer.ts';
import { declarationAfter, entryAfter, insertionAt, lastOf } from './places.ts';

const labels = ['binary', 'number'];
const features = ['id(dim: 32)', 'category(dim: 16)', 'number(standardize)', 'list(category(dim: 16), max: 50)'];
/** Values that a number of some place may have: a width, a share. */
const numbers = ['64', '0.1'];

export function declareName({ checked: { file } }: FileAnalysis, { at }: Mistake): readonly Offer[] {
  const name = textOf(at);
  if (!/^[A-Za-z_]\w*$/.test(name)) return [];
  const tower = file.declarations.find(
    (node): node is Ast.TowerNode => node.kind === 'Tower' && node.span.start <= at.start && at.end <= node.span.end,
  );
  const last = tower?.inputs.at(-1);
  // A flow reads what its tower lets in.
  const letIn = tower && last && !tower.inputs.some(({ span }) => span.start === at.start) ? last : undefined;
  const feature = (kind: string): Offer => {
    const declared = typed(file, 'Features', `${name} : ${kind}`);
    const input = letIn && insertionAt(at.source, letIn.span.end, `, ${name}`);
    const own: Offer = { title: `Declare the feature \`${name} : ${kind}\``, edits: [declared] };
    return input ? { title: `${own.title}, and let it into \`${tower!.name.name}\``, edits: [declared, input] } : own;
  };
  return [
    ...labels.map((type) => ({
      title: `Declare the label \`${name} : ${type}\``,
      edits: [typed(file, 'Labels', `${name} : ${type}`)],
    })),
    ...features.map(feature),
    ...constants(file, name),
  ];
}

/** Where a number is needed and a name is written. */
export function declareConstant({ checked: { file } }: FileAnalysis, { at }: Mistake): readonly Offer[] {
  const name = textOf(at);
  return /^[A-Za-z_]\w*$/.test(name) ? constants(file, name) : [];
}

const constants = (file: Ast.FileNode, name: string): readonly Offer[] =>
  numbers.map((value) => ({
    title: `Declare \`let ${name} = ${value}\``,
    edits: [constant(file, `let ${name} = ${value}`)],
  }));

/** A feature or a label, in the declaration that the file has, or in a new one. */
export function typed(file: Ast.FileNode, kind: 'Features' | 'Labels', entry: string) {
  const node = lastOf(file, kind);
  const last = node?.entries.at(-1);
  if (node && last) return entryAfter(node, last, entry);
  const word = kind === 'Features' ? 'features' : 'labels';
  const above = lastOf(file, 'Use', 'Let', 'ModelName', ...(kind === 'Labels' ? (['Features'] as const) : []));
  return declarationAfter(file, above, `${word} {\n  ${entry}\n}`, '\n\n');
}

function constant(file: Ast.FileNode, text: string) {
  const other = lastOf(file, 'Let');
  return declarationAfter(file, other ?? lastOf(file, 'Use', 'ModelName'), text, other ? '\n' : '\n\n');
}
