/**
 * Decides from what blocks declare whether the query tower may read one long list for many events. With `targets = positions`, the events of a user have lists
 * that are prefixes of one list: it is read once, and each event takes the output at its position. This equals one row for each event if the output of a tower
 * for a prefix does not change when more elements follow. A list of `history = others(…)` has no order, so no step may read one.
 */
import { type Diagnostic, diagnose, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { spanText } from '../../base/text/source.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { printDim } from '../../graph/dims.ts';
import type { Sequences } from '../../graph/plan/plan.ts';
import type { Value } from '../library/contract.ts';
import { withoutUnread } from '../model/complete.ts';
import type { Model, Tower } from '../model/model.ts';
import { rowsDim } from './field.ts';
import { type LoweredBlock, makeLowering, type WrittenStep } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { listsOf, lowerTower } from './lower_tower.ts';
import { lowerFeaturesWhole } from './through.ts';

/** Returns the rows of the query tower's list, or why it cannot be read once for several events. The model must have no other error. */
export function sequencesOf(
  whole: Model,
  features: LoweredFeatures,
): { readonly rows?: Sequences; readonly diagnostics: readonly Diagnostic[] } {
  const [tower] = withoutUnread(whole).towers;
  const lists = listsOf(tower, features);
  const [feature] = lists;
  if (feature === undefined || lists.length > 1) {
    return { diagnostics: [diagnose('positions-one-list', tower.span, { tower: tower.name, lists })] };
  }
  const { targets } = whole.train;
  const ahead = targets.arguments.ahead as number;
  const later = ahead === 1 ? undefined : readsUpToTarget(whole, features, feature);
  if (later !== undefined) {
    const reason = `reads \`${feature}\` up to an earlier position with \`ahead\`, but \`${later}\` up to the target: let tower \`${tower.name}\` read \`${feature}\` alone`;
    return { diagnostics: [diagnose('arguments-conflict', targets.span, { kind: targets.kind, reason })] };
  }
  const sequenceRows: Sequences = { kind: 'sequences', feature, ...(ahead === 1 ? {} : { ahead }) };
  const mistake = mistakeIn(tower, features, sequenceRows);
  return mistake ? { diagnostics: [mistake] } : { rows: sequenceRows, diagnostics: [] };
}

/** Returns a feature of the query tower other than its sequence that holds items from just before the target. */
function readsUpToTarget(
  { towers: [query, item] }: Model,
  { byName }: LoweredFeatures,
  sequence: string,
): string | undefined {
  const itemEncoder = item.key === undefined ? undefined : byName.get(item.key)?.plan.encoderOf;
  return query.features.find((name) => {
    const { use, plan } = byName.get(name)!;
    return name !== sequence && (use.last !== undefined || (plan.gives === 'bag' && plan.encoderOf === itemEncoder));
  });
}

/** Lowers the tower over sequences. A step that makes one value of a whole sequence, or whose elements depend on later ones, is an error. */
function mistakeIn(tower: Tower, features: LoweredFeatures, rows: Sequences): Diagnostic | undefined {
  let withoutLast: Diagnostic | undefined;
  let lookAhead: Diagnostic | undefined;
  let statistics = 0;
  const context = {
    ...makeLowering(new GraphInputs(makeBuilder('positions')), features, true, rows),
    visit({ kind, span, reads, value }: LoweredBlock): void {
      // Statistics of a batch are those of all elements.
      const isLookingAhead = reads === 'set' || reads === 'all' || context.kept.size > statistics;
      statistics = context.kept.size;
      if (!tensorsOf(value).some((tensor) => isOfSequences(tensor, rows))) return;
      if (value.kind !== 'sequence') {
        withoutLast ??= diagnose('positions-without-last', span, { kind }, { fixes: [[{ at: span, text: 'last' }]] });
      } else if (isLookingAhead) lookAhead ??= diagnose('positions-look-ahead', span, { kind });
    },
  };
  lowerTower(context, tower);
  if (withoutLast) return withoutLast;
  if (!hasErrors(context.diagnostics)) return lookAhead;
  // There is no other error, so what fails here fails because it joins a sequence with values of which each event has its own.
  const refusedSpan = context.diagnostics[0]?.at ?? tower.span;
  return diagnose('positions-without-last', refusedSpan, { kind: spanText(refusedSpan), joined: true });
}

function tensorsOf(value: Value): readonly Ref[] {
  if (value.kind === 'fields') return value.fields.map(({ tensor }) => tensor);
  if (value.kind === 'outputs') return [...value.outputs.values()].map(({ tensor }) => tensor);
  return [value.tensor];
}

const isOfSequences = ({ type }: Ref, rows: Sequences): boolean => printDim(type.shape[0]!) === printDim(rowsDim(rows));

/** Returns the first step of the query tower that reads the order of a list; undefined if none does. The model must have no errors. */
export function orderReadOf(whole: Model, list: string): WrittenStep | undefined {
  const model = withoutUnread(whole);
  const features = lowerFeaturesWhole(model).output;
  let reader: WrittenStep | undefined;
  const context = {
    ...makeLowering(new GraphInputs(makeBuilder('order')), features, false),
    visit(step: LoweredBlock): void {
      const isOrdered = step.reads === 'earlier' || step.reads === 'all';
      const isOfList = step.inputs.some(
        (input) => input.kind === 'sequence' && input.name === list && input.maxLength > 1,
      );
      if (isOrdered && isOfList) reader ??= step;
    },
  };
  lowerTower(context, model.towers[0]);
  return reader;
}
