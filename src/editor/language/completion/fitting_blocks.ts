/** Sorts the blocks that may follow an arrow by how well they fit its value, by lowering each in a temporary graph. */
import * as t from '../../../../grammar/tokens.ts';
import type { Span } from '../../../base/text/source.ts';
import {
  type BlockKind,
  type Parameter,
  ReportedShapeError,
  type Value,
  type ValueType,
} from '../../../compiler/library/contract.ts';
import { typeOf } from '../../../compiler/library/values.ts';
import { rowsDim } from '../../../compiler/lower/field.ts';
import { type Arrow, blockContext, makeLowering } from '../../../compiler/lower/flow.ts';
import { GraphInputs } from '../../../compiler/lower/inputs.ts';
import { bindDefaults } from '../../../compiler/model/arguments.ts';
import { firstWordOf, stepsOf } from '../../../compiler/model/expressions.ts';
import { rowIn } from '../../../compiler/model/library.ts';
import type { FlowStep } from '../../../compiler/model/model.ts';
import { endOf, is } from '../../../compiler/syntax/token.ts';
import { type Builder, makeBuilder } from '../../../graph/builder.ts';
import type { SymbolTable } from '../symbols.ts';
import type { Completion, CompletionContext } from './context.ts';

/** Sorts the blocks after an arrow of a known type: first those that accept it, then those without an effect, then those that refuse it. */
export function fittingFirst(here: CompletionContext, items: Completion[]): Completion[] {
  const { facts, place } = here;
  const [value, arrow] = place.before.slice(-2);
  if (!value || !is(arrow, t.Arrow)) return items;
  const arrows = facts.arrowsEnding(endOf(value));
  if (arrows.length === 0) return items;
  const ranks = new Map(items.map(({ label }) => [label, rankOf(here, label, arrows)]));
  const isSequence = arrows.every(({ type }) => type.kind === 'sequence');
  const order = ({ label }: Completion): number =>
    3 * ranks.get(label)! - (isSequence && usualOfSequences.has(label) ? 1 : 0);
  return items.toSorted((a, b) => order(a) - order(b));
}

/** What nearly every sequence goes through: its elements get places, read each other and become one vector. */
const usualOfSequences: ReadonlySet<string> = new Set(['positions', 'transformer', 'last', 'mean']);

/** Returns 0 for a block that fits, or may; 1 for one that has no effect there, 2 for one that refuses a type of any of the arrows. */
function rankOf({ library, symbols }: CompletionContext, name: string, arrows: readonly Arrow[]): number {
  const kind = firstKind(name, symbols);
  const row = rowIn(library.blocks, kind);
  const fits = row ? arrows.map(({ type, span }) => fitOf(kind, row, type, span)) : [];
  if (fits.includes('refused')) return 2;
  // More steps may follow within a block of the file.
  const isLibraryBlock = !symbols.find(name, 'block');
  return isLibraryBlock && fits.length > 0 && fits.every((fit) => fit === 'idle') ? 1 : 0;
}

/** Returns the library's block that a block of the file begins with. Within the declaration of a block its own name is the library's. */
function firstKind(name: string, symbols: SymbolTable): string {
  const seenWords = new Set<string>();
  let word = name;
  for (;;) {
    const node = seenWords.has(word) ? undefined : symbols.find(word, 'block')?.node;
    const firstWord = node?.kind === 'Block' && node.flow ? firstWordOf(stepsOf(node.flow)[0]!) : undefined;
    if (firstWord === undefined) return word;
    seenWords.add(word);
    word = firstWord;
  }
}

/** `idle`: the block accepts the value and returns it unchanged, such as `flatten` of a vector. */
export type Fit = 'fits' | 'idle' | 'refused';

/** @param at span for errors of the trial, which are never shown */
export function fitOf(kind: string, row: BlockKind, type: ValueType, at: Span): Fit {
  const tries = argumentsToTry(row);
  const fewFields = type.kind === 'fields' ? { ...type, fields: fewOf(type.fields) } : type;
  for (const given of tries) {
    const trial = tryStep({ kind: 'block', call: bindDefaults(kind, row, given, at), span: at }, fewFields);
    // Steps that are still to be written will have an effect.
    const isOpen = Object.values(row.parameters).some(({ type: { is } }) => is === 'flow');
    if (trial) return trial.idle && !isOpen ? 'idle' : 'fits';
  }
  return tries.length === 0 ? 'fits' : 'refused';
}

/** Returns at most two fields of each width and at most 8 in all: enough for the same answer, and blocks that pair all fields stay small. */
function fewOf<F extends { readonly width: number }>(fields: readonly F[]): readonly F[] {
  const seenWidths = new Map<number, number>();
  const fewFields = fields.filter(({ width }) => {
    const widthCount = (seenWidths.get(width) ?? 0) + 1;
    seenWidths.set(width, widthCount);
    return widthCount <= 2;
  });
  return fewFields.slice(0, 8);
}

/**
 * Returns arguments to try a block with: the defaults, and the smallest value of every number, so that a refusal is due to the value and not to the arguments.
 * None if a required argument cannot be made up.
 */
function argumentsToTry({ parameters }: BlockKind): readonly Readonly<Record<string, unknown>>[] {
  const leastValues = Object.entries(parameters).map(([name, parameter]) => ({
    name,
    parameter,
    value: leastOf(parameter),
  }));
  const requiredValues = leastValues.filter(({ parameter }) => parameter.required);
  if (requiredValues.some(({ value }) => value === undefined)) return [];
  const leastNumbers = leastValues.filter(({ parameter: { type } }) => type.is === 'integer');
  const givenValues = [requiredValues, [...requiredValues, ...leastNumbers]];
  return givenValues.map((all) => Object.fromEntries(all.map(({ name, value }) => [name, value])));
}

function leastOf({ type, rest }: Parameter): unknown {
  // Without steps a value does not change.
  if (type.is === 'flow') return { flow: [] };
  const leastValue = type.is === 'integer' ? (type.min ?? 1) : type.is === 'name' ? type.of : undefined;
  return rest && leastValue !== undefined ? [leastValue] : leastValue;
}

/** Tries a step on a value of this type. Returns undefined if the step refuses it. `idle`: the value comes out unchanged. */
export function tryStep(
  step: FlowStep,
  type: ValueType,
): { readonly gives: ValueType; readonly idle: boolean } | undefined {
  const context = makeLowering(new GraphInputs(makeBuilder('trial')), noFeatures, true);
  const input = inputOf(type, context.inputs.builder);
  try {
    const trialOutput = blockContext(context, 'trial').applyFlow({ flow: [step] }, input);
    return { gives: typeOf(trialOutput), idle: isSame(trialOutput, input) };
  } catch (error) {
    if (error instanceof ReportedShapeError) return undefined;
    throw error;
  }
}

const noFeatures = { byName: new Map(), tables: [] };

const isSame = (made: Value, input: Value): boolean =>
  made.kind === 'vector' && input.kind === 'vector' && made.tensor.id === input.tensor.id;

/** Makes a value of a type, whose tensors are inputs of the graph. */
function inputOf(type: ValueType, builder: Builder): Value {
  const tensor = (...lengths: readonly number[]) =>
    builder.input(`value/${builder.nodes.length}`, [rowsDim({ kind: 'events' }), ...lengths]);
  switch (type.kind) {
    case 'fields': {
      const fields = type.fields.map((field) => ({ ...field, tensor: tensor(field.width) }));
      return { kind: 'fields', fields };
    }
    case 'sequence': {
      const { length, width } = type;
      return { ...type, maxLength: length, name: 'sequence', tensor: tensor(length, width), mask: tensor(length) };
    }
    case 'vector':
      return { ...type, tensor: tensor(type.width), normalized: false };
    case 'interests':
      return { ...type, tensor: tensor(type.count, type.width), normalized: false };
    case 'outputs': {
      const outputs = type.outputs.map(
        ({ name, width }) => [name, { kind: 'vector', tensor: tensor(width), width, normalized: false }] as const,
      );
      return { kind: 'outputs', outputs: new Map(outputs) };
    }
  }
}
