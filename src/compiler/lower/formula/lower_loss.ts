/**
 * Lowers a loss that is a formula to the loss of each row. Values of columns are computed for the row's own item, float32 [batch], and for each kind of its
 * negatives, float32 [batch, negatives].
 */
import type { Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { type LossContext, type LossKind, ShapeError, type VectorScore } from '../../library/contract.ts';
import { type FormulaFunction, functions } from '../../library/formula_functions.ts';
import { refuseLoneGap } from '../../library/losses/hardest.ts';
import { logQOf } from '../../library/losses/log_q.ts';
import { hidden, logSum } from '../../library/losses/loss_columns.ts';
import { logSumOfNegatives } from '../../library/losses/negative_columns.ts';
import { refuseIdleCorrection, sharedRowsOf } from '../../library/losses/negatives.ts';
import { type NegativeScores, negativesOf, type PairArguments, visibleOf } from '../../library/losses/pairwise.ts';
import { losses } from '../../library/losses/table.ts';
import { rowScore } from '../../library/losses/weighted_mean.ts';
import type { Call, Formula, LossInputKind, OverName, Term } from '../../model/model.ts';
import type { TermOf } from './lower_formula.ts';

export type FormulaLossArguments = PairArguments & { readonly correction?: 'none' | 'frequency' | 'streaming' };

/** Returns the row of a loss of the file or of the library. */
export const rowOfLoss = ({ kind, declared }: Call): LossKind => declared?.row ?? losses[kind]!;

/** Returns the loss of each row: float32 [batch]. */
export function lowerLoss(formula: Formula, context: LossContext, score: VectorScore, args: FormulaLossArguments): Ref {
  return new LossLowering(formula, context, score, args).lower();
}

/** The row's own item, or the index of a kind of its negatives. */
type OwnOrKind = 'own' | number;
type Computed = Ref | number;

/** The second operand that changes nothing. */
const neutral: Readonly<Record<string, number>> = { '+': 0, '-': 0, '*': 1, '/': 1 };

class LossLowering {
  readonly #formula: Formula;
  readonly #context: LossContext;
  readonly #score: VectorScore;
  readonly #args: FormulaLossArguments;
  readonly #negatives: readonly NegativeScores[];
  /** True if the row's own item is among the columns. */
  readonly #hasOwn: boolean;
  readonly #done = new Map<Term, Map<OwnOrKind, Computed>>();
  #visibleOfAll: readonly Ref[] | undefined;

  constructor(formula: Formula, context: LossContext, score: VectorScore, args: FormulaLossArguments) {
    this.#formula = formula;
    this.#context = context;
    this.#score = score;
    this.#args = args;
    const hasColumns = formula.inputs.some(({ axes }) => axes.length > 0);
    refuseLoneGap({ hardest: args.hardest, gap: args.gap });
    this.#negatives = hasColumns ? negativesOf(context, score, args) : [];
    this.#hasOwn = formula.inputs.some(({ kind }) => kind === 'scores');
  }

  lower(): Ref {
    const loss = this.#value(this.#formula.result, 'own');
    return typeof loss === 'number'
      ? this.#context.builder.broadcastTo(this.#context.builder.constant(loss), this.#ownScore())
      : loss;
  }

  #value(term: Term, column: OwnOrKind): Computed {
    const where = term.axes?.length === 0 ? 'own' : column;
    const byColumn = this.#done.get(term) ?? new Map<OwnOrKind, Computed>();
    this.#done.set(term, byColumn);
    const value = byColumn.get(where) ?? this.#compute(term, where);
    byColumn.set(where, value);
    return value;
  }

  #compute(term: Term, column: OwnOrKind): Computed {
    switch (term.kind) {
      case 'number':
        return term.value!;
      case 'input':
        return this.#input(this.#formula.inputs.find(({ name }) => name === term.name)!.kind as LossInputKind, column);
      case 'map':
        return this.#map(term, column);
      case 'own':
        return this.#value(term.operand, 'own');
      case 'count':
        return this.#count();
      case 'over':
        return this.#over(term, column);
      default:
        throw new Error('invariant: a loss has no such term');
    }
  }

  #ownScore(): Ref {
    return rowScore(this.#context.builder, this.#score.query, this.#score.item);
  }

  #input(kind: LossInputKind, column: OwnOrKind): Computed {
    if (kind === 'labels') return this.#context.label!;
    if (kind === 'log_q') return this.#logQ(column);
    return column === 'own' ? this.#ownScore() : this.#negatives[column]!.scores();
  }

  #logQ(column: OwnOrKind): Computed {
    const { builder } = this.#context;
    const { correction = 'none', negatives, in_batch: inBatch, all } = this.#args;
    if (correction === 'none') return 0;
    if (all) throw new ShapeError('needs no `correction` with `all`: each item comes up once');
    if (negatives && !inBatch)
      refuseIdleCorrection(correction, negatives.kind === 'sampled' ? negatives.arguments.by : 'uniform');
    const mixed = negatives && inBatch ? sharedRowsOf(negatives, true) : undefined;
    const rows = column === 'own' ? { kind: 'events' as const } : this.#negatives[column]!.rows;
    const [batch] = this.#score.query.type.shape;
    const count =
      rows.kind === 'shared' ? rows.count : 'perRow' in rows ? productOfDims([batch!, rows.perRow]) : batch!;
    const isDrawn = rows.kind !== 'listed' && rows.kind !== 'mined';
    const logQ = logQOf(this.#context, correction, rows, count, isDrawn ? mixed : undefined);
    const power = negatives?.kind === 'sampled' && !inBatch ? negatives.arguments.power : undefined;
    const powered = power === undefined ? logQ : builder.mul(logQ, power);
    return 'perRow' in rows ? builder.reshape(powered, [batch!, rows.perRow]) : powered;
  }

  #map({ function: name, operands }: TermOf<'map'>, column: OwnOrKind): Computed {
    const { builder } = this.#context;
    const row: FormulaFunction = functions[name];
    const [first, second] = operands as readonly [Term, Term | undefined];
    const factor = second && this.#value(second, column);
    // A product with the query has fewer numbers than one with the scores.
    if ((name === '*' || name === '/') && first.kind === 'input' && typeof factor === 'number' && factor !== 1) {
      const times = name === '*' ? factor : 1 / factor;
      const kind = this.#formula.inputs.find((input) => input.name === first.name)!.kind;
      if (kind === 'scores' || kind === 'negatives')
        return column === 'own' ? builder.mul(this.#ownScore(), times) : this.#negatives[column]!.scores(times);
    }
    const values = operands.map((operand) => this.#value(operand, column));
    if (values.every((value) => typeof value === 'number')) return row.ofNumbers(...(values as number[]));
    if (values.length === 2 && values[1] === neutral[name]) return values[0]!;
    if (!row.lower) throw new ShapeError(`takes \`${name}\` of numbers only`);
    const toColumn = (value: Computed, { axes }: Term): Computed =>
      column === 'own' || typeof value === 'number' || axes?.length !== 0 ? value : this.#asColumn(value);
    return row.lower(builder, ...values.map((value, index) => toColumn(value, operands[index]!)));
  }

  #asColumn(value: Ref): Ref {
    return this.#context.builder.reshape(value, [value.type.shape[0]!, 1]);
  }

  /** Returns 1 for each negative that counts, else 0, for each kind. */
  #visible(): readonly Ref[] {
    this.#visibleOfAll ??= visibleOf(
      this.#context,
      this.#negatives,
      { own: this.#ownScore(), scores: this.#negatives.map((each) => each.scores()) },
      { hardest: this.#args.hardest, gap: this.#args.gap },
    );
    return this.#visibleOfAll;
  }

  /** Returns how many columns count. */
  #count(): Ref {
    const { builder } = this.#context;
    const count = this.#visible()
      .map((visible) => builder.sum(visible, [1]))
      .reduce((a, b) => builder.add(a, b));
    return this.#hasOwn ? builder.add(count, 1) : count;
  }

  /** Returns a value for each kind of negatives: float32 [batch, negatives]. */
  #all(term: Term): readonly Ref[] {
    const { builder } = this.#context;
    return this.#negatives.map(({ scores }, index) => {
      const value = this.#value(term, index);
      if (typeof value !== 'number' && value.type.shape.length === 2) return value;
      // log q alone is the same for all rows.
      return builder.broadcastTo(typeof value === 'number' ? builder.constant(value) : value, scores());
    });
  }

  #over({ function: name, operand }: TermOf<'over'>, column: OwnOrKind): Ref {
    const { builder } = this.#context;
    if (name === 'softmax' || name === 'log_softmax') {
      const logSum = this.#reduced('logsumexp', operand);
      const value = this.#value(operand, column) as Ref;
      const logShare = builder.sub(value, column === 'own' ? logSum : this.#asColumn(logSum));
      return name === 'softmax' ? builder.exp(logShare) : logShare;
    }
    return this.#reduced(name, operand);
  }

  #reduced(name: OverName, operand: Term): Ref {
    const { builder } = this.#context;
    const ofOwn = this.#hasOwn ? (this.#value(operand, 'own') as Ref) : undefined;
    const joined = (parts: readonly Ref[], join: (a: Ref, b: Ref) => Ref): Ref =>
      [...parts, ...(ofOwn ? [ofOwn] : [])].reduce(join);
    switch (name) {
      case 'sum':
      case 'mean': {
        const count = name === 'mean' ? this.#count() : undefined;
        const visible = this.#visible();
        const sums = this.#all(operand).map((part, index) => builder.sum(builder.mul(part, visible[index]!), [1]));
        const sum = joined(sums, (a, b) => builder.add(a, b));
        if (!count) return sum;
        return builder.div(sum, this.#hasOwn ? count : builder.maximum(count, 1));
      }
      case 'max': {
        // What is never below 0 needs no hiding.
        const isPositive = operand.kind === 'map' && operand.function === 'relu';
        const visible = this.#visible();
        const parts = this.#all(operand).map((part, index) =>
          builder.max(isPositive ? builder.mul(part, visible[index]!) : this.#hidden(part, index), [1]),
        );
        const largest = joined(parts, (a, b) => builder.maximum(a, b));
        return isPositive || ofOwn ? largest : builder.select(builder.greater(largest, hidden / 2), largest, 0);
      }
      case 'min': {
        const negated = {
          kind: 'map',
          span: operand.span,
          function: 'neg',
          operands: [operand],
          axes: operand.axes,
        } as const;
        return builder.neg(this.#reduced('max', negated));
      }
      default: {
        const parts = this.#all(operand).map((part, index) => ({
          logits: this.#hidden(part, index),
          visible: () => part,
        }));
        if (!ofOwn) return logSumOfNegatives(this.#context, parts);
        return logSum(this.#context, { parts, own: ofOwn, ownApart: true });
      }
    }
  }

  /** Sets what does not count far below the others. */
  #hidden(part: Ref, index: number): Ref {
    if (this.#args.hardest === undefined) return this.#negatives[index]!.hide(part, hidden);
    const { builder } = this.#context;
    return builder.select(builder.greater(this.#visible()[index]!, 0), part, hidden);
  }
}
