/** `features { … }` and `labels { … }`. */

import { notes } from '../../diagnostics/notes.ts';
import { labelKinds } from '../../library/declarations/labels.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import { singleName } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { removal } from '../edits.ts';
import { guess } from '../guess.ts';
import type { Library } from '../library.ts';
import type { Feature, Label } from '../model.ts';
import type { TypedName } from '../scope.ts';
import type { Binding } from '../values.ts';
import type { Workspace } from '../workspace.ts';

/** Binds a feature, or answers what it was bound to before. */
export interface FeatureCache {
  feature(workspace: Workspace, typed: TypedName): Feature | undefined;
}

/** @param cache of the texts before, whose features need not be bound again */
export function resolveFeatures(workspace: Workspace, cache?: FeatureCache): ReadonlyMap<string, Feature> {
  const { library, scope, binding } = workspace;
  const features = new Map<string, Feature>();
  /** By entry: the kind of several names is one, and so are its mistakes. */
  const bound = new Map<Ast.TypedEntry, Feature | undefined>();
  for (const [name, typed] of scope.features) {
    const { entry } = typed;
    if (!bound.has(entry)) {
      bound.set(entry, cache ? cache.feature(workspace, typed) : resolveFeature(library, typed, binding));
    }
    const first = bound.get(entry);
    if (first) features.set(name, { name, span: typed.name.span, call: first.call });
  }
  return features;
}

/** Nothing where it is not valid. */
export function resolveFeature(library: Library, { name, value }: TypedName, binding: Binding): Feature | undefined {
  const call = bindKind('kind of feature', library.features, value, binding);
  return call && { name: name.name, span: name.span, call };
}

const types = Object.keys(labelKinds) as Label['type'][];

export function resolveLabels({ scope, report }: Workspace): ReadonlyMap<string, Label> {
  const labels = new Map<string, Label>();
  const reported = new Set<Ast.TypedEntry>();
  for (const [name, { value, name: at, entry }] of scope.labels) {
    const word = singleName(value)?.name;
    const type = types.find((known) => known === word);
    if (type) labels.set(name, { name, span: at.span, type });
    // The type of several names is one mistake.
    if (type || reported.has(entry)) continue;
    reported.add(entry);
    if (word === undefined) {
      const facts = { of: name, expected: '`binary` or `number`', found: describeExpression(value) };
      report('wrong-type', value.span, facts);
    } else {
      const { extra, ...meant } = guess(word, value.span, types, 'label');
      report('unknown-kind', value.span, { what: 'type of label', name: word, known: types, ...meant }, extra);
    }
  }
  return labels;
}

/** Where the label is declared, and the fix that takes it out of here. */
export function labelExtra(
  { scope, reads }: Workspace,
  name: string,
  at: Feature['span'],
): Parameters<Workspace['report']>[3] & {} {
  reads.label.add(name);
  return {
    notes: [{ message: notes.declared('label', name), at: scope.labels.get(name)!.name.span }],
    fixes: [[removal(at)]],
  };
}
