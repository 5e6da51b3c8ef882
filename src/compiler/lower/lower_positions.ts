/**
 * Implements `targets = positions`: a list in sequence is read once for all events whose own lists are its prefixes, and each event reads its position. This
 * equals one row for each event if the output of a tower for a prefix does not change when more elements follow. Blocks do not declare this property. A trial
 * runs the tower on numbers, with a whole sequence and with its first half, and compares every step.
 */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { type Diagnostic, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { textOf } from '../../base/text/source.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { count, evenSizes } from '../../graph/count.ts';
import { printDim, printType } from '../../graph/dims.ts';
import { evaluateGraph } from '../../graph/evaluate.ts';
import type { GraphPlan, Sequences } from '../../graph/plan/plan.ts';
import type { Value } from '../library/contract.ts';
import { withoutUnread } from '../model/complete.ts';
import type { Model, Tower } from '../model/model.ts';
import { rowsDim } from './field.ts';
import type { Visited } from './flow.ts';
import { finished, GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { listsOf, lowerTower, makeTowerContext } from './lower_tower.ts';
import { isOther, numbersFor, sequenceLength, tensorsOf, weightsOf, withShortList } from './numeric_trial.ts';

/** Lengths at which longer lists are tried: the usual one, or the least if that would take more work than an editor can wait for. */
const trialLengths = { usual: 64, least: 24, mostFlops: 60e6 } as const;

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
  const { steps, step, mistake } = shortTrialOf(tower, features, sequenceRows);
  if (mistake) return { diagnostics: [mistake] };
  const blamed = blameOf(step, steps, JSON.stringify([tower.steps, typesOf(step)], withoutSpans));
  if (blamed === undefined) return { rows: sequenceRows, diagnostics: [] };
  return { diagnostics: [diagnose('positions-look-ahead', blamed.span, { kind: blamed.kind })] };
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

interface PositionsTrial {
  /** Steps from a sequence to a sequence, in the order of the data; steps within a block come before the block. */
  readonly steps: readonly Visited[];
  /** Output `i` is the result of step i. */
  readonly step: GraphPlan;
  readonly mistake?: Diagnostic;
}

function shortTrialOf(tower: Tower, features: LoweredFeatures, rows: Sequences): PositionsTrial {
  const { usual, least, mostFlops } = trialLengths;
  const trial = trialOf(tower, features, rows, usual);
  const { graph } = trial.step;
  return count(graph, evenSizes(graph, 1)).flops > mostFlops ? trialOf(tower, features, rows, least) : trial;
}

/** Lowers the tower over sequences. A step that reduces a whole sequence to one value is an error. */
function trialOf(tower: Tower, features: LoweredFeatures, rows: Sequences, longest: number): PositionsTrial {
  const builder = makeBuilder('positions');
  const inputs = new GraphInputs(builder);
  const steps: Visited[] = [];
  const mistakes: Diagnostic[] = [];
  const context = {
    ...makeTowerContext(inputs, withShortList(features, rows.feature, longest), true),
    visit(visited: Visited, value: Value): void {
      if (!tensorsOf(value).some((tensor) => isOfSequences(tensor, rows))) return;
      if (value.kind === 'sequence') builder.output(`${steps.push(visited) - 1}`, value.tensor);
      else
        mistakes.push(diagnose('positions-without-last', visited.span, { kind: visited.kind }, lastInstead(visited)));
    },
  };
  lowerTower(context, tower, rows);
  const refused = hasErrors(context.diagnostics) ? context.diagnostics[0] : undefined;
  // The step refuses sequences only because they are next to the values of single events.
  const refusedSpan = refused?.at ?? tower.span;
  const joined =
    refused && diagnose('positions-without-last', refusedSpan, { kind: textOf(refusedSpan), joined: true });
  const mistake = mistakes[0] ?? joined;
  return { steps, step: finished(inputs), ...(mistake ? { mistake } : {}) };
}

const lastInstead = ({ span }: Visited) => ({ fixes: [[{ at: span, text: 'last' }]] });

const isOfSequences = ({ type }: Ref, rows: Sequences): boolean => printDim(type.shape[0]!) === printDim(rowsDim(rows));

const withoutSpans = (key: string, value: unknown): unknown => (key === 'span' ? undefined : value);

const typesOf = ({ graph }: GraphPlan): readonly string[] =>
  graph.inputs.map(({ name, node }) => `${name} ${printType(graph.nodes[node]!.type)}`);

/** Caches verdicts by the text of the tower, because an editor requests the same tower at each keystroke. */
const known = new Map<string, number>();
const mostKnown = 100;

/** Returns the first step whose early elements change when later ones follow. */
function blameOf(step: GraphPlan, steps: readonly Visited[], text: string): Visited | undefined {
  let stepIndex = known.get(text);
  if (stepIndex === undefined) {
    stepIndex = lookingAhead(step);
    if (known.size >= mostKnown) known.clear();
    known.set(text, stepIndex);
  }
  return steps[stepIndex];
}

/** Returns the index of the first output that changes; −1 if there is none. */
function lookingAhead(step: GraphPlan): number {
  const { graph } = step;
  const fullLength = sequenceLength(step);
  const early = Math.ceil(fullLength / 2);
  if (early === fullLength) return -1;
  const weights = weightsOf(step);
  const [some, all] = [early, fullLength].map(
    (elements) => evaluateGraph(graph, numbersFor(step, elements), weights).outputs,
  );
  return graph.outputs.findIndex((_, index) => {
    const [one, other] = [some![`${index}`]!, all![`${index}`]!];
    const numbers = early * one.shape.at(-1)!;
    for (let i = 0; i < numbers; i++) {
      const [a, b] = [one.data[i]!, other.data[i]!];
      if (isOther(a, b)) return true;
    }
    return false;
  });
}
