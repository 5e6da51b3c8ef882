/** Holds where completion is requested, the names that are in scope there, and how each item is offered. */
import { defined } from '../../../base/util/defined.ts';
import type { KindRow, Parameter, Parameters } from '../../../compiler/library/contract.ts';
import { describeType } from '../../../compiler/model/describe.ts';
import type { Library } from '../../../compiler/model/library.ts';
import type { EditorCursor } from '../cursor.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import { headOf } from '../hover.ts';
import { kindDoc, parameterText, signatureOf } from '../markdown.ts';
import { type LookupKind, type NamedSymbol, SymbolTable } from '../symbols.ts';
import { snippets } from '../vocabulary.ts';

/** Names from outside the file: none of them need be there. */
export interface CompletionSurroundings {
  /** Columns of the data's files, as their headers say. */
  readonly columns?: readonly string[];
  /** Paths that may follow `use`, from the folder of the file. */
  readonly towerFiles?: readonly string[];
  /** Paths that `events`, `items` and `users` may name. */
  readonly dataFiles?: readonly string[];
}

/** A place in a declaration. */
type PlaceWithin = EditorCursor & Required<Pick<EditorCursor, 'declaration'>>;

/** The kind of name that a value gets, by the word of its declaration. */
const declares: Readonly<Record<string, LookupKind>> = {
  features: 'feature',
  let: 'constant',
  block: 'block',
  group: 'group',
};

export class CompletionContext {
  readonly symbols: SymbolTable;

  constructor(
    readonly facts: FileAnalysis,
    readonly place: PlaceWithin,
    readonly around: CompletionSurroundings,
  ) {
    this.symbols = new SymbolTable(facts.checked.resolution);
  }

  get library(): Library {
    return this.facts.checked.resolution.library;
  }

  /** All but what is being declared here: nothing is made of itself. */
  names(...among: readonly LookupKind[]): Completion[] {
    const { declaration, entry } = this.place;
    const own = entry?.name ?? declaration.name;
    return among.flatMap((kind) => {
      const all = [...(kind === 'constant' ? this.#parameters() : []), ...this.symbols.all(kind)];
      const others = declares[declaration.word] === kind ? all.filter(({ name }) => name !== own) : all;
      return unique(others.map(symbolItem));
    });
  }

  /** Inputs for the tower or group that is being declared: those that another tower reads come last, since no feature is in two. */
  inputs(...among: readonly LookupKind[]): Completion[] {
    const { word, name } = this.place.declaration;
    const taken = new Set(
      this.facts.checked.resolution.towers
        .filter(({ name: tower, inputs }) =>
          word === 'tower' ? tower !== name : inputs.every((input) => ![input.name, ...input.groups].includes(name!)),
        )
        .flatMap(({ features, inputs }) => [...features, ...inputs.flatMap((input) => [input.name, ...input.groups])]),
    );
    return this.names(...among).toSorted((a, b) => Number(taken.has(a.label)) - Number(taken.has(b.label)));
  }

  /** Those of the block that is being declared: numbers, as constants are. */
  #parameters(): readonly NamedSymbol[] {
    const { word, name } = this.place.declaration;
    return word === 'block' && name !== undefined ? this.symbols.parameters(name) : [];
  }

  columns(): Completion[] {
    return (this.around.columns ?? []).map((label) => ({ label, kind: 'column', detail: 'column of the data' }));
  }
}

export type CompletionKind = 'word' | 'kind' | 'argument' | 'choice' | 'name' | 'column' | 'file' | 'entry' | 'snippet';

export interface Completion {
  readonly label: string;
  readonly kind: CompletionKind;
  /** One line next to the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly doc?: string;
  /** The text to insert, where it is not the label; `$1` and `${1:name}` are places to fill in when `snippet`. */
  readonly insert?: string;
  readonly snippet?: true;
}

export const declarationSnippets: readonly Completion[] = snippets.map(({ prefix, doc, body }) => ({
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
