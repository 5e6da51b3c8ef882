/** How one thing that may be written is offered: its label, what is said of it, and the text that takes its place. */
import { defined } from '../../../base/util/defined.ts';
import type { KindRow, Parameter, Parameters } from '../../../compiler/library/contract.ts';
import { describeType } from '../../../compiler/model/describe.ts';
import { headOf } from '../hover.ts';
import { kindDoc, parameterText, signatureOf } from '../markdown.ts';
import { snippets } from '../snippets.ts';
import type { NamedSymbol } from '../symbols.ts';

export type CompletionKind = 'word' | 'kind' | 'argument' | 'choice' | 'name' | 'column' | 'file' | 'entry' | 'snippet';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** One line next to the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly doc?: string;
  /** What is written, where it is not the label; `$1` and `${1:name}` are places to fill in when `snippet`. */
  readonly insert?: string;
  readonly snippet?: true;
}

export const declarations: readonly Completion[] = snippets.map(({ prefix, doc, body }) => ({
  label: prefix,
  kind: 'snippet',
  doc,
  insert: body.join('\n'),
  snippet: true,
}));

export function symbolItem(symbol: NamedSymbol): Completion {
  const { name, node } = symbol;
  // A block that needs numbers is written with its parentheses.
  const needs = node.kind === 'Block' && node.parameters.some((parameter) => !parameter.default);
  const insert = needs ? { insert: `${name}($1)`, snippet: true as const } : {};
  return { label: name, kind: 'name', detail: headOf(symbol), ...defined({ doc: node.doc }), ...insert };
}

/** @param what what its place asks for: "block", "loss" */
export function kindItems(
  what: string,
  table: Readonly<Record<string, KindRow>>,
  extra: Parameters = {},
): Completion[] {
  return Object.entries(table).map(([label, row]) => ({
    label,
    kind: 'kind',
    detail: signatureOf('', { ...row.parameters, ...extra }),
    doc: kindDoc(what, label, row, extra),
    ...(Object.values(row.parameters).some(({ required }) => required)
      ? { insert: `${label}($1)`, snippet: true as const }
      : {}),
  }));
}

export function argumentItem(kind: string, name: string, parameter: Parameter): Completion {
  return {
    label: `${name}:`,
    kind: 'argument',
    insert: `${name}: `,
    detail: parameterText(name, parameter),
    doc: `${parameter.doc}\n\nOf \`${kind}\`: ${describeType(parameter.type)}.`,
  };
}

/** Each label once, where it comes first. */
export function unique(items: readonly Completion[]): Completion[] {
  const seen = new Set<string>();
  return items.filter(({ label }) => !seen.has(label) && seen.add(label));
}
