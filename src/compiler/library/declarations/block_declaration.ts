// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const block: DeclarationRow = {
  brief: 'Steps with a name; each use has weights of its own.',
  doc: 'A name for steps of a flow. Each use has weights of its own; those of a `shared block` are the same for all uses.',
  example: 'block deep = flatten -> mlp(256, 128) -> dense(64)',
  snippet: ['block ${1:deep} = ${2:flatten -> mlp(128, 64)}'],
  value: { is: 'flow' },
};

/** `shared block`: a keyword before `block`. */
export const shared: DeclarationRow = {
  brief: 'Steps with a name; every use has the same weights.',
  doc: 'All uses of a shared block have the same weights: a siamese pair is two towers over one.',
  example: 'shared block body = mlp(300, 128, activation: tanh)',
  snippet: ['shared block ${1:body} = ${2:mlp(128, 64)}'],
  value: { is: 'flow' },
};
