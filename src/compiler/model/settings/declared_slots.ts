/** The slot of each declaration, and of each entry. */
import type { Span } from '../../../base/text/source.ts';
import type { DeclarationEntry, Entries, EntryType } from '../../library/declarations/entry.ts';
import { objective } from '../../library/declarations/objective.ts';
import { retrieve } from '../../library/declarations/retrieve.ts';
import type * as Ast from '../../syntax/ast.ts';
import type { Library } from '../library.ts';
import type { Files } from '../use.ts';
import type { DeclaredFeature } from './declared.ts';
import type { Slot } from './slot.ts';

/** Where an entry is, or would be. */
export interface Holder {
  /** The declaration that has the entries. */
  readonly node: Ast.TrainNode | Ast.TaskNode;
  /** Set where no file has the declaration. */
  readonly isNew?: true;
  readonly at: Span;
}

export function trainOf({ main }: Files): Holder {
  const node = main.declarations.find((one): one is Ast.TrainNode => one.kind === 'Train');
  const at = { ...main.span, start: main.span.end };
  return node ? { node, at: node.span } : { node: { kind: 'Train', span: at, entries: [] }, isNew: true, at };
}

export const letSlot = (node: Ast.LetNode): Slot => ({
  type: { is: 'constant' },
  values: [node.value],
  put: ([value]) => ({ from: node, to: { ...node, value: value! } }),
  write: (text) => ({ at: node.value.span, text }),
});

export const blockSlot = (node: Ast.BlockNode): Slot => ({
  type: { is: 'flow' },
  values: [node.flow],
  put: ([flow]) => ({ from: node, to: { ...node, flow: flow! } }),
  write: (text) => ({ at: node.flow.span, text }),
});

export function sumSlot({ main }: Files, word: 'objective' | 'retrieve', at: Span): Slot {
  const kind = word === 'objective' ? 'Objective' : 'Retrieve';
  const node = main.declarations.find((one): one is Ast.ObjectiveNode | Ast.RetrieveNode => one.kind === kind);
  const end = { ...main.span, start: main.span.end };
  return {
    type: (word === 'objective' ? objective.value : retrieve.value) as EntryType,
    values: node ? [node.value] : [],
    put: ([value]) => {
      const to = { kind, span: node?.span ?? at, value: value! } as Ast.ObjectiveNode | Ast.RetrieveNode;
      return node ? { from: node, to } : { to };
    },
    write: (text) => (node ? { at: node.value.span, text } : { at: end, text: `\n${word} = ${text}\n` }),
  };
}

export function entrySlot({ node, isNew, at }: Holder, rows: Entries, name: string): Slot {
  const row: DeclarationEntry = rows[name]!;
  const given = node.entries.find((entry) => entry.name.name === name);
  return {
    type: row.type,
    values: given ? [given.value, ...(given.more ?? [])] : [],
    default: row.default,
    put: ([value, ...more]) => {
      const span = value!.span;
      const made: Ast.EntryNode = {
        kind: 'Entry',
        span: given?.span ?? span,
        name: given?.name ?? { kind: 'Identifier', span, name },
        value: value!,
        ...(more.length > 0 ? { more } : {}),
      };
      // What the file says in the place of this entry goes. Of two settings that exclude each other both stay, and are reported.
      const isReplaced = ({ name: other, span: of }: Ast.EntryNode): boolean =>
        other.name === row.insteadOf && of.source === node.span.source;
      const entries = given
        ? node.entries.map((entry) => (entry === given ? made : entry))
        : [...node.entries.filter((entry) => !isReplaced(entry)), made];
      const to = { ...node, entries } as Ast.TrainNode | Ast.TaskNode;
      return isNew ? { to } : { from: node, to };
    },
    write(text) {
      if (given) {
        const { start } = given.value.span;
        return { at: { ...given.span, start }, text };
      }
      if (isNew) return { at, text: `\ntrain {\n  ${name} = ${text}\n}\n` };
      // Before the closing brace.
      const end = node.span.end - 1;
      return { at: { ...node.span, start: end, end }, text: `  ${name} = ${text}\n` };
    },
  };
}

export function featureSlot({ features, entry }: DeclaredFeature, name: string, library: Library): Slot {
  const own = entry.names.find((one) => one.name === name)!;
  const others = entry.names.filter((one) => one !== own);
  return {
    type: { is: 'kind', what: 'kind of feature', of: library.features },
    values: [entry.value],
    put: ([value]) => {
      const made = { ...entry, names: [own], value: value! };
      const kept = others.length > 0 ? [{ ...entry, names: others }] : [];
      const entries = features.entries.flatMap((one) => (one === entry ? [made, ...kept] : [one]));
      return { from: features, to: { ...features, entries } };
    },
    write: (text) => (others.length === 0 ? { at: entry.value.span, text } : undefined),
  };
}
