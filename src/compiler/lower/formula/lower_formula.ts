/**
 * Lowers the terms of a formula to a graph, for the values of one use. Here axes get sizes: what only they can tell is thrown as ShapeError, in words of the
 * signature. Long because each kind of term is a case.
 */
import type { Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import type { Dim, Initial } from '../../../graph/graph.ts';
import { type BlockContext, type Interests, type Sequence, ShapeError, type Value } from '../../library/contract.ts';
import { type FormulaFunction, functions } from '../../library/formula_functions.ts';
import {
  needFields,
  needOneWidth,
  needSequence,
  needVector,
  printValue,
  stacked,
  vectorOf,
} from '../../library/values.ts';
import {
  type AxesVerdict,
  judgeApplied,
  judgeInner,
  judgeMap,
  judgeOver,
  judgeRenamed,
  judgeSpread,
} from '../../model/formula/axes.ts';
import { initialRanges, isOfState, isSize, sizeRange } from '../../model/formula/numbers.ts';
import {
  type Axes,
  type FlowStep,
  type Formula,
  type FormulaInput,
  type FormulaScan,
  type FormulaWeight,
  isRescaling,
  type Letter,
  type Term,
  type Test,
} from '../../model/model.ts';
import {
  type AxisSizes,
  aligned,
  constantOf,
  contracted,
  countNumbers,
  inOrder,
  type Lettered,
  masked,
  nothingPast,
  onesWhereAbsent,
  presenceOf,
  summed,
} from './lettered.ts';
import {
  applyFunction,
  type FormulaValue,
  isNumber,
  multiply,
  overFunctions,
  reducedFields,
  sumOfProducts,
} from './over_axes.ts';

/** One use of a block of formulas. */
export interface FormulaUse {
  readonly context: BlockContext;
  /** Values by the name of their input. */
  readonly values: ReadonlyMap<string, Value>;
  /** Applies steps of a line. `term` reads what the line gives to inputs of other blocks. Throws ReportedShapeError after an error in them. */
  applySteps(steps: readonly FlowStep[], input: Value, path: string, term: (term: Term) => Value): Value;
  /** Returns the path for the weights of a flow of a line; another one for each flow. */
  pathOf(line: string): string;
  /** Gets how many places the axes have, by their letters; of a list its `max`. */
  onSizes(sizes: ReadonlyMap<string, number>): void;
  /** True if the steps compute each number by itself. */
  isNumberwise(steps: readonly FlowStep[]): boolean;
}

export const lowerFormula = (formula: Formula, use: FormulaUse): Value => new FormulaLowering(formula, use).lower();

/** The axis over which a block of one vector is applyFunction to each element of a sequence, or to each interest. */
const lifted = '*';
/** The most elements of a scan: each is a copy of its operations in the graph. */
const longestScan = 256;

export type TermOf<K extends Term['kind']> = Extract<Term, { readonly kind: K }>;

class FormulaLowering {
  readonly #formula: Formula;
  readonly #use: FormulaUse;
  readonly #sizes = new Map<string, number>();
  readonly #lists = new Map<string, Sequence>();
  /** The sequence or interests of the axis `lifted`. */
  #carrier: Sequence | Interests | undefined;
  readonly #inputs = new Map<string, Lettered>();
  /** The names of the fields of an axis. */
  readonly #fieldNames = new Map<string, readonly string[]>();
  readonly #done = new Map<Term, FormulaValue>();
  readonly #doneAtElement = new Map<Term, FormulaValue>();
  /** The states of a scan in progress. */
  #states = new Map<string, Lettered>();
  /** The element of a scan in progress. */
  #element: { readonly letter: string; readonly index: number } | undefined;
  #openAxes = 0;
  readonly #axes: AxisSizes;

  constructor(formula: Formula, use: FormulaUse) {
    this.#formula = formula;
    this.#use = use;
    const [first] = use.values.values();
    this.#axes = {
      builder: use.context.builder,
      batch: batchOf(first!),
      size: (letter) => this.#size(letter),
      mask: (letter) => this.#listOf(letter)?.mask,
      kept: new Map(),
    };
  }

  lower(): Value {
    for (const input of this.#formula.inputs) this.#bind(input, this.#use.values.get(input.name)!);
    // Before all else, so that their names do not have that of a line that is shown.
    for (const weight of this.#formula.weights.values()) this.#weight(weight);
    const { result, gives, letters } = this.#formula;
    const value = this.#give(this.#lettersOfTerm(result));
    const isSized = ([letter, { size }]: readonly [string, Letter]): boolean =>
      this.#sizes.has(letter) || this.#listOf(letter) !== undefined || size !== undefined;
    this.#use.onSizes(new Map([...letters].filter(isSized).map(([letter]) => [letter, this.#fullSize(letter)])));
    if (gives || result.kind !== 'over' || result.function !== 'normalize' || !('normalized' in value)) return value;
    const given = result.operand.kind === 'input' ? this.#use.values.get(result.operand.name)! : value;
    return 'normalized' in given && given.normalized ? given : { ...value, normalized: true };
  }

  // Inputs.

  #bind(input: FormulaInput, value: Value): void {
    const { kind, axes, name, isRagged } = input;
    const isLifted = this.#formula.inputs.length === 1 && kind === 'vector';
    if (isLifted && (value.kind === 'sequence' || value.kind === 'interests')) {
      this.#carrier = value;
      this.#sizes.set(lifted, value.kind === 'sequence' ? value.length : value.count);
      this.#setSize(axes[0]!, value.width, input);
      const zeroPast = value.kind === 'sequence' ? new Set([lifted]) : nothingPast;
      this.#inputs.set(name, { tensor: value.tensor, axes: [lifted, axes[0]!], hasBatch: true, zeroPast });
      return;
    }
    switch (kind) {
      case 'vector': {
        const { tensor, width } = needVector(value);
        this.#setSize(axes[0]!, width, input);
        this.#inputs.set(name, { tensor, axes, hasBatch: true, zeroPast: nothingPast });
        return;
      }
      case 'sequence': {
        const sequence = needSequence(value);
        const [list, width] = axes as [string, string];
        const known = this.#lists.get(list);
        if (known && (known.name !== sequence.name || known.length !== sequence.length))
          throw new ShapeError(
            `needs sequences of one list for \`${list}\`, but gets elements of \`${known.name}\` and of \`${sequence.name}\``,
          );
        this.#lists.set(list, known ?? sequence);
        this.#setSize(width, sequence.width, input);
        this.#inputs.set(name, { tensor: sequence.tensor, axes, hasBatch: true, zeroPast: new Set([list]) });
        return;
      }
      case 'interests': {
        if (value.kind !== 'interests') throw new ShapeError(`needs interests, but gets ${printValue(value)}`);
        this.#setSize(axes[0]!, value.count, input);
        this.#setSize(axes[1]!, value.width, input);
        this.#inputs.set(name, { tensor: value.tensor, axes, hasBatch: true, zeroPast: nothingPast });
        return;
      }
      case 'elements':
        if (value.kind !== 'sequence' && value.kind !== 'fields')
          throw new ShapeError(`needs fields or a sequence, but gets ${printValue(value)}`);
        this.#bind({ ...input, kind: value.kind }, value);
        return;
      case 'fields': {
        const fields = needFields(value);
        this.#setSize(axes[0]!, fields.fields.length, input);
        this.#fieldNames.set(
          axes[0]!,
          fields.fields.map((field) => field.name),
        );
        const parts = fields.fields.map(({ tensor }) => tensor);
        if (isRagged) {
          this.#inputs.set(name, { tensor: parts[0]!, axes, hasBatch: true, zeroPast: nothingPast, parts });
          return;
        }
        const width = needOneWidth(fields);
        this.#setSize(axes[1]!, width, input);
        const tensor = stacked(this.#axes.builder, fields, width);
        this.#inputs.set(name, { tensor, axes, hasBatch: true, zeroPast: nothingPast });
      }
    }
  }

  #setSize(letter: string, size: number, { name }: FormulaInput): void {
    const known = this.#sizes.get(letter);
    this.#sizes.set(letter, known ?? size);
    if (known === undefined || known === size) return;
    const other = this.#formula.inputs.find(({ axes }) => axes.includes(letter))!.name;
    throw new ShapeError(
      `has one size for \`${letter}\`, but it is ${known} in \`${other}\` and ${size} in \`${name}\``,
    );
  }

  /** Returns the list whose elements an axis counts. */
  #listOf(letter: string): Sequence | undefined {
    if (letter === lifted) return this.#carrier?.kind === 'sequence' ? this.#carrier : undefined;
    const list = this.#formula.letters.get(letter)?.list ?? letter;
    return this.#lists.get(list);
  }

  /** Returns how many places an axis has in this graph. */
  #size(letter: string): number {
    const { size, list } = this.#formula.letters.get(letter) ?? {};
    const known = this.#sizes.get(letter) ?? this.#listOf(letter)?.length ?? this.#sizes.get(list ?? letter);
    if (known !== undefined) return known;
    const value = size && this.#number(size);
    if (value === undefined || !isSize(value))
      throw new ShapeError(`needs ${sizeRange} for the size of \`${letter}\`, but gets ${value}`);
    this.#sizes.set(letter, value);
    return value;
  }

  /** Returns the size that does not depend on how long the lists of a batch are. */
  #fullSize(letter: string): number {
    return this.#listOf(letter)?.maxLength ?? this.#size(letter);
  }

  #number(term: Term): number {
    const value = this.#lower(term);
    if (typeof value !== 'number') throw new Error('invariant: sizes are numbers');
    return value;
  }

  // Terms.

  #lower(term: Term): FormulaValue {
    // A state has another value at each element.
    if (this.#element && isOfState(term)) {
      const value = this.#doneAtElement.get(term) ?? this.#compute(term);
      this.#doneAtElement.set(term, value);
      return value;
    }
    const known = this.#done.get(term);
    if (known === undefined) {
      const element = this.#element;
      this.#element = undefined;
      this.#done.set(term, this.#compute(term));
      this.#element = element;
    }
    return this.#atElement(this.#done.get(term)!);
  }

  /** Selects the element of a scan in progress. */
  #atElement(value: FormulaValue): FormulaValue {
    const element = this.#element;
    if (!element || typeof value === 'number' || !value.axes.includes(element.letter)) return value;
    const { builder } = this.#axes;
    const axis = value.axes.indexOf(element.letter) + (value.hasBatch ? 1 : 0);
    const { shape } = value.tensor.type;
    const begin = shape.map((_, index) => (index === axis ? element.index : 0));
    const size = shape.map((_, index) => (index === axis ? 1 : -1));
    const axes = value.axes.filter((letter) => letter !== element.letter);
    const rest = shape.filter((_, index) => index !== axis);
    const tensor = builder.reshape(builder.slice(value.tensor, begin, size), rest);
    return { ...value, tensor, axes };
  }

  #lettersOfTerm(term: Term): Lettered {
    const value = this.#lower(term);
    return typeof value === 'number' ? constantOf(this.#axes, [], [value], []) : value;
  }

  /** Returns a value of one tensor. */
  #tensor(term: Term): Lettered {
    const value = this.#lettersOfTerm(term);
    if (!value.parts) return value;
    const how = 'number by number, or by `sum`, `mean`, `max` and `min` over their width';
    throw new ShapeError(`computes fields of several widths only ${how}`);
  }

  #compute(term: Term): FormulaValue {
    const { builder } = this.#axes;
    switch (term.kind) {
      case 'number':
        return term.value!;
      case 'size':
        return this.#fullSize(term.letter);
      case 'count': {
        const presence = presenceOf(this.#axes, term.letter);
        return presence ? summed(this.#axes, presence, [term.letter]) : this.#size(term.letter);
      }
      case 'place':
        return this.#place(term.letter);
      case 'index':
        return this.#index(term.letter);
      case 'input':
        return this.#inputs.get(term.name)!;
      case 'carry':
        return this.#states.get(term.name)!;
      case 'weight':
        return this.#weight(this.#formula.weights.get(term.name)!);
      case 'map':
        return this.#map(term);
      case 'product':
        return this.#product(term);
      case 'over':
        return this.#over(term);
      case 'renamed': {
        const value = this.#tensor(term.operand);
        if (!term.axes) requireAxes('a new letter', judgeRenamed(lettersOf(value), term.letters));
        const rename = (letter: string): string => term.letters.get(letter) ?? letter;
        for (const [from, to] of term.letters)
          if (this.#fieldNames.has(from)) this.#fieldNames.set(to, this.#fieldNames.get(from)!);
        return { ...value, axes: value.axes.map(rename), zeroPast: new Set([...value.zeroPast].map(rename)) };
      }
      case 'spread': {
        const value = this.#tensor(term.operand);
        if (!term.axes) requireAxes('spread', judgeSpread(lettersOf(value), term.letters));
        return term.letters.reduce<Lettered>((spread, letter) => {
          const ones = new Array<number>(this.#size(letter)).fill(1);
          const one = constantOf(this.#axes, [letter], ones, [ones.length]);
          const axes = spread.axes.concat(letter);
          const shape = axes.map((each) => (each === letter ? 1 : this.#size(each)));
          const column = builder.reshape(spread.tensor, spread.hasBatch ? [this.#axes.batch, ...shape] : shape);
          return {
            tensor: builder.mul(column, one.tensor),
            axes,
            hasBatch: spread.hasBatch,
            zeroPast: spread.zeroPast,
          };
        }, value);
      }
      case 'own':
        throw new Error('invariant: blocks have no own items');
      case 'flow':
        return this.#flow(term);
      case 'states':
        return this.#scan(term.scan)[term.index]!;
      case 'shown':
        return this.#shown(term);
    }
  }

  /** 0, 1, … from the newest element of a list, or from the first place of another axis. */
  #place(letter: string): Lettered {
    const list = this.#listOf(letter);
    if (!list) return this.#index(letter);
    const { builder } = this.#axes;
    const last = builder.sub(builder.sum(list.mask, [1], true), 1);
    const tensor = builder.relu(builder.sub(last, this.#index(letter).tensor));
    return { tensor, axes: [letter], hasBatch: true, zeroPast: new Set([letter]) };
  }

  #index(letter: string): Lettered {
    const count = this.#size(letter);
    return constantOf(
      this.#axes,
      [letter],
      Array.from({ length: count }, (_, index) => index),
      [count],
    );
  }

  readonly #weightValues = new Map<FormulaWeight, Lettered>();

  /** Returns a weight. Letters after its arrow that stand before it too have a mark. */
  #weight(weight: FormulaWeight): Lettered {
    const known = this.#weightValues.get(weight);
    if (known) return known;
    const { each, from, to = [], name } = weight;
    const axes = [...each, ...from, ...to.map((letter) => (from.includes(letter) ? `${letter}′` : letter))];
    for (const letter of to) if (from.includes(letter)) this.#sizes.set(`${letter}′`, this.#fullSize(letter));
    const dims = [...each, ...from, ...to].map((letter) => this.#fullSize(letter));
    const parameter = this.#axes.builder.parameter(name, dims, this.#initial(weight));
    const list = [...each, ...from].find((letter) => this.#listOf(letter));
    const whole: Lettered = { tensor: parameter, axes, hasBatch: false, zeroPast: nothingPast };
    const value = list === undefined ? whole : this.#byPlace(whole, list);
    this.#weightValues.set(weight, value);
    return value;
  }

  /** Gives each element of a list the row of its place from the newest. */
  #byPlace(weight: Lettered, list: string): Lettered {
    const { builder, batch } = this.#axes;
    const others = weight.axes.filter((letter) => letter !== list);
    const rowSize = countNumbers(this.#axes, others);
    const full = this.#fullSize(list);
    const perm = [list, ...others].map((letter) => weight.axes.indexOf(letter));
    const isInOrder = perm.every((axis, index) => axis === index);
    const ordered = isInOrder ? weight.tensor : builder.transpose(weight.tensor, perm);
    const places = builder.cast(this.#place(list).tensor, 'int32');
    const indices = builder.reshape(places, [productOfDims([batch, this.#size(list)])]);
    const rows = builder.gather(builder.reshape(ordered, [full, rowSize]), indices);
    const dims = [this.#size(list), ...others.map((letter) => this.#size(letter))];
    const tensor = builder.reshape(rows, [batch, ...dims]);
    return { tensor, axes: [list, ...others], hasBatch: true, zeroPast: nothingPast };
  }

  #initial({ name, initial, from, to = [] }: FormulaWeight): Initial {
    const fan = (letters: Axes): number => letters.reduce((all, letter) => all * this.#fullSize(letter), 1);
    if (initial.kind === 'glorot') return { kind: 'glorot', fans: [fan(from), fan(to)] };
    const value = this.#number(initial.value);
    const { expected, holds } = initialRanges[initial.kind];
    if (!holds(value)) throw new ShapeError(`needs first values of \`${name}\` ${expected}, but gets ${value}`);
    if (initial.kind === 'normal') return { kind: 'normal', deviation: value };
    if (initial.kind === 'uniform') return { kind: 'uniform', limit: value };
    if (value === 0 || value === 1) return { kind: value === 0 ? 'zeros' : 'ones' };
    return { kind: 'constant', value };
  }

  #map(term: TermOf<'map'>): FormulaValue {
    const row: FormulaFunction = functions[term.function];
    const operands = term.operands.map((operand) => this.#lower(operand));
    if (operands.every(isNumber)) return row.ofNumbers(...operands);
    if (!row.lower) throw new ShapeError(`takes \`${term.function}\` of sizes and parameters only`);
    const settled = this.#matchOpenAxes(operands);
    const axes = settled.flatMap((operand) => (isNumber(operand) ? [] : [lettersOf(operand)]));
    if (!term.axes) requireAxes(term.function, judgeMap(axes));
    const guarded = settled.map((operand, index) =>
      index === row.divides && !isNumber(operand) ? this.#onesPastElement(operand) : operand,
    );
    return applyFunction(this.#axes, row, guarded);
  }

  /** Within a scan, returns a divisor with 1 where the row has no such element. */
  #onesPastElement(value: Lettered): Lettered {
    if (!this.#element) return value;
    const isPresent = this.#atElement(presenceOf(this.#axes, this.#element.letter)!) as Lettered;
    return onesWhereAbsent(this.#axes, multiply(this.#axes, value, isPresent), isPresent);
  }

  #product({ left, right, map, axes }: TermOf<'product'>): Lettered {
    const value = this.#tensor(left);
    if (map) {
      const settled = this.#matchOpenAxesTo(value, map.from);
      if (!axes) requireAxes(`@ ${map.name}`, judgeApplied(lettersOf(settled), map));
      const result = contracted(this.#axes, settled, this.#weight(map), map.from);
      const isMarked = (letter: string): boolean => letter.endsWith('′');
      return { ...result, axes: result.axes.map((letter) => (isMarked(letter) ? letter.slice(0, -1) : letter)) };
    }
    const [one, other] = this.#matchOpenAxes([value, this.#tensor(right)]) as [Lettered, Lettered];
    const both = lettersOf(one).filter((letter) => lettersOf(other).includes(letter));
    if (!axes) requireAxes('@', judgeInner(lettersOf(one), lettersOf(other)));
    return contracted(this.#axes, one, other, both);
  }

  #over(term: TermOf<'over'>): FormulaValue {
    const { letters, tests, operand } = term;
    const name = term.function;
    const test = this.#testMask(tests);
    const isProduct = operand.kind === 'map' && operand.function === '*' && operand.operands.length === 2;
    const pair = name === 'sum' && isProduct ? operand.operands.map((part) => this.#lower(part)) : [];
    if (pair.length === 2 && pair.every((part) => !isNumber(part) && !part.parts))
      return sumOfProducts(this.#axes, this.#matchOpenAxes(pair) as [Lettered, Lettered], letters, test);
    const value = this.#lettersOfTerm(operand);
    const isKept = isRescaling(name);
    if (!term.axes) requireAxes(`${name} over`, judgeOver(lettersOf(value), letters, test?.axes ?? [], isKept));
    if (value.parts) return reducedFields(this.#axes, value, name, letters);
    const masks = [...letters.flatMap((letter) => presenceOf(this.#axes, letter) ?? []), ...(test ? [test] : [])];
    const visible = masks.length === 0 ? undefined : masks.reduce((one, other) => multiply(this.#axes, one, other));
    return overFunctions[name](this.#axes, value, { letters, test, visible });
  }

  /** Returns 1 where all tests hold, else 0. */
  #testMask(tests: readonly Test[]): Lettered | undefined {
    const { builder } = this.#axes;
    const masks = tests.map(({ left, operator, right }): Lettered => {
      const { tensors, axes } = aligned(this.#axes, [this.#tensor(left), this.#tensor(right)]);
      const [a, b] = tensors as [Ref, Ref];
      const isTrue =
        operator === '=' ? builder.equal(a, b) : operator === '<' ? builder.greater(b, a) : builder.greaterEqual(b, a);
      return { tensor: builder.cast(isTrue, 'float32'), axes, hasBatch: false, zeroPast: nothingPast };
    });
    return masks.length === 0 ? undefined : masks.reduce((one, other) => multiply(this.#axes, one, other));
  }

  // Flows.

  readonly #paths = new Map<Term, string>();

  #flow(term: TermOf<'flow'>): Lettered {
    const { steps } = term;
    const operand = this.#withBatch(this.#lettersOfTerm(term.operand));
    // In a scan the flow is applyFunction to each element, with the same weights.
    const path = this.#paths.get(term) ?? this.#use.pathOf(term.line);
    this.#paths.set(term, path);
    const { builder, batch } = this.#axes;
    const toValue = (term: Term): Value => this.#value(this.#lettersOfTerm(term));
    const isNumberwise = this.#use.isNumberwise(steps);
    if (isNumberwise && !operand.parts) {
      const size = countNumbers(this.#axes, operand.axes);
      const flat = vectorOf(builder.reshape(operand.tensor, [batch, size]), size);
      const result = needVector(this.#use.applySteps(steps, flat, path, toValue));
      return { ...operand, tensor: builder.reshape(result.tensor, operand.tensor.type.shape), zeroPast: nothingPast };
    }
    const result = this.#lettered(this.#use.applySteps(steps, this.#value(operand), path, toValue), operand);
    return isNumberwise ? { ...result, axes: operand.axes } : result;
  }

  /** Gives letters to what a flow made of `operand`. A width is an open axis, which takes the letter of a value of the same width. */
  #lettered(value: Value, operand: Lettered): Lettered {
    const { axes } = operand;
    const open = (size: number): string => {
      const letter = `?${++this.#openAxes}`;
      this.#sizes.set(letter, size);
      return letter;
    };
    switch (value.kind) {
      case 'vector': {
        const letter = open(value.width);
        const isLifted = this.#carrier && axes.includes(lifted);
        if (isLifted) throw new ShapeError('makes one vector of several elements within a block of a vector');
        return { tensor: value.tensor, axes: [letter], hasBatch: true, zeroPast: nothingPast };
      }
      case 'sequence': {
        const list = axes.find((letter) => this.#listOf(letter)?.name === value.name);
        if (list === undefined) throw new ShapeError('makes a sequence of another list');
        return { tensor: value.tensor, axes: [list, open(value.width)], hasBatch: true, zeroPast: new Set([list]) };
      }
      case 'interests': {
        const kept = axes.find(
          (letter) => this.#sizes.get(letter) === value.count && this.#kindOf(letter) === 'interests',
        );
        const rows = kept ?? open(value.count);
        return { tensor: value.tensor, axes: [rows, open(value.width)], hasBatch: true, zeroPast: nothingPast };
      }
      case 'fields': {
        const kept = axes.find((letter) => this.#fieldNames.get(letter)?.length === value.fields.length);
        const letter = kept ?? open(value.fields.length);
        this.#fieldNames.set(
          letter,
          value.fields.map(({ name }) => name),
        );
        const parts = value.fields.map(({ tensor }) => tensor);
        const isAsBefore = value.fields.every(({ width }, index) => operand.parts?.[index]?.type.shape[1] === width);
        if (isAsBefore) return { ...operand, tensor: parts[0]!, parts, zeroPast: nothingPast };
        const isAlike = value.fields.every(({ width }) => width === value.fields[0]!.width);
        const width = open(value.fields[0]!.width);
        const tensor = isAlike ? stacked(this.#axes.builder, value, value.fields[0]!.width) : parts[0]!;
        return { tensor, axes: [letter, width], hasBatch: true, zeroPast: nothingPast, ...(isAlike ? {} : { parts }) };
      }
      case 'outputs':
        throw new ShapeError(`takes one value of each flow, but gets ${printValue(value)}`);
    }
  }

  #kindOf(letter: string): string | undefined {
    if (letter === lifted) return this.#carrier?.kind === 'sequence' ? 'list' : 'interests';
    if (this.#fieldNames.has(letter)) return 'fields';
    return this.#formula.letters.get(letter)?.kind;
  }

  /** Gives open axes of widths the letters of the others, where just one axis of the same size is left on each side. */
  #matchOpenAxes(values: readonly FormulaValue[]): readonly FormulaValue[] {
    const all = values.flatMap((value) => (isNumber(value) ? [] : value.axes));
    const isOpen = (letter: string): boolean => letter.startsWith('?');
    const before: string[] = [];
    return values.map((value) => {
      if (isNumber(value)) return value;
      // Two open axes of one size are one: the second takes the letter of the first.
      const others = [...new Set([...all.filter((letter) => !isOpen(letter)), ...before])];
      const settled = this.#matchOpenAxesTo(
        value,
        others.filter((letter) => !value.axes.includes(letter)),
      );
      before.push(...settled.axes.filter(isOpen));
      return settled;
    });
  }

  #matchOpenAxesTo(value: Lettered, others: Axes): Lettered {
    const open = value.axes.filter((letter) => letter.startsWith('?'));
    let axes = value.axes;
    for (const letter of open) {
      const size = this.#size(letter);
      const isVarying = (letter: string): boolean =>
        this.#formula.inputs.some((input) => input.isRagged && input.axes[1] === letter);
      const fitting = others.filter(
        (other) =>
          (this.#kindOf(other) ?? 'plain') === 'plain' &&
          !isVarying(other) &&
          this.#size(other) === size &&
          !axes.includes(other),
      );
      if (fitting.length === 1) axes = axes.map((each) => (each === letter ? fitting[0]! : each));
    }
    return axes === value.axes ? value : { ...value, axes };
  }

  // Scans.

  readonly #scans = new Map<FormulaScan, readonly Lettered[]>();

  /** Computes all states after each element, one element after the other. */
  #scan(scan: FormulaScan): readonly Lettered[] {
    const known = this.#scans.get(scan);
    if (known) return known;
    const { builder, batch } = this.#axes;
    const { letter, carries } = scan;
    const count = this.#size(letter);
    if (this.#fullSize(letter) > longestScan)
      throw new ShapeError(
        `scans ${longestScan} elements at most, but the list has \`max: ${this.#fullSize(letter)}\``,
      );
    const outer = this.#states;
    const mask = presenceOf(this.#axes, letter)!;
    const extra = this.#carrier ? [lifted] : [];
    const zeros = (axes: Axes): Lettered => {
      const dims = axes.map((each) => this.#size(each));
      const values = new Array<number>(countNumbers(this.#axes, axes)).fill(0);
      return this.#withBatch(constantOf(this.#axes, axes, values, dims));
    };
    const add = (one: Lettered, other: Lettered): Lettered =>
      applyFunction(this.#axes, functions['+'], this.#matchOpenAxes([one, other]));
    this.#states = new Map(
      carries.map(({ name, axes, first }) => [name, add(zeros([...extra, ...axes]), this.#tensor(first))]),
    );
    const after: Ref[][] = carries.map(() => []);
    for (let index = 0; index < count; index++) {
      this.#element = { letter, index };
      this.#doneAtElement.clear();
      const isPresent = this.#atElement(mask) as Lettered;
      const next = carries.map(({ name, next }) => {
        const state = this.#states.get(name)!;
        const computed = this.#tensor(next!);
        const change = applyFunction(this.#axes, functions['-'], this.#matchOpenAxes([computed, state]));
        return add(state, multiply(this.#axes, change, isPresent));
      });
      this.#element = undefined;
      for (const [at, { name, axes }] of carries.entries()) {
        const order = [...extra, ...axes];
        const tensor = inOrder(this.#axes, next[at]!, order);
        this.#states.set(name, { ...next[at]!, tensor, axes: order });
        after[at]!.push(builder.reshape(tensor, [batch, 1, ...order.map((each) => this.#size(each))]));
      }
    }
    this.#states = outer;
    const results = carries.map(({ axes }, at): Lettered => {
      const tensor = builder.concat(after[at]!, 1);
      return { tensor, axes: [letter, ...extra, ...axes], hasBatch: true, zeroPast: nothingPast };
    });
    this.#scans.set(scan, results);
    return results;
  }

  // Results.

  /** Computes a value so that its last node has the label of a readout. */
  #shown({ operand, line }: TermOf<'shown'>): Lettered {
    const letter = operand.axes![0]!;
    const names =
      this.#fieldNames.get(letter) ?? Array.from({ length: this.#size(letter) }, (_, index) => `${letter}${index + 1}`);
    let value: Lettered | undefined;
    this.#use.context.readout(line, names, () => {
      value = this.#tensor(operand);
      return value.tensor;
    });
    return value!;
  }

  #give(value: Lettered): Value {
    const { gives } = this.#formula;
    if (!gives) return this.#value(value);
    if (value.parts) throw new ShapeError('gives fields of several widths: write `-> flatten` after the block');
    const settled = this.#matchOpenAxesTo(value, gives.axes);
    const extra = settled.axes.includes(lifted) ? [lifted] : [];
    const { builder, batch } = this.#axes;
    const whole = this.#withBatch(masked(this.#axes, settled));
    const ordered = inOrder(this.#axes, whole, [...extra, ...gives.axes]);
    const tensor = gives.kind === 'vector' ? this.#fullLists(ordered, [...extra, ...gives.axes]) : ordered;
    if (gives.kind !== 'vector') return this.#shaped(gives.kind, { ...whole, tensor, axes: gives.axes });
    const width = gives.axes.reduce((all, letter) => all * this.#fullSize(letter), 1);
    if (extra.length === 0) return vectorOf(builder.reshape(tensor, [batch, width]), width);
    const flat = builder.reshape(tensor, [batch, this.#size(lifted), width]);
    return { ...this.#carrier!, tensor: flat, width, normalized: false } as Value;
  }

  /** Adds 0 for the places that lists of this batch do not reach, so that a vector has one width. */
  #fullLists(tensor: Ref, axes: Axes): Ref {
    const missing = axes.map((letter) => (letter === lifted ? 0 : this.#fullSize(letter) - this.#size(letter)));
    if (missing.every((count) => count === 0)) return tensor;
    return this.#axes.builder.pad(tensor, new Array(axes.length + 1).fill(0), [0, ...missing]);
  }

  /** Returns the value of a flow: a number is a vector of width 1. */
  #value(value: Lettered): Value {
    if (value.parts) {
      const names = this.#fieldNames.get(value.axes[0]!)!;
      const widths = value.parts.map(({ type }) => type.shape[1] as number);
      return {
        kind: 'fields',
        fields: value.parts.map((tensor, index) => ({ name: names[index]!, tensor, width: widths[index]! })),
      };
    }
    const given = this.#withBatch(masked(this.#axes, value));
    const kinds = given.axes.map((letter) => this.#kindOf(letter) ?? 'plain');
    const [first, second, ...others] = kinds;
    if (others.length > 0) throw new ShapeError(`gives [${given.axes.join(', ')}], which is no value of a flow`);
    const outer = kinds.find((kind) => kind !== 'plain');
    if (
      second === undefined &&
      (first === undefined ||
        first === 'plain' ||
        first === 'fields' ||
        (first === 'interests' && this.#carrier === undefined))
    ) {
      const width = first === undefined ? 1 : this.#size(given.axes[0]!);
      return vectorOf(this.#axes.builder.reshape(given.tensor, [this.#axes.batch, width]), width);
    }
    if (outer === undefined)
      throw new ShapeError(`gives [${given.axes.join(', ')}]: its block says in which order, \`as vector[…]\``);
    const row = given.axes[kinds.indexOf(outer)]!;
    const rest = given.axes.filter((letter) => letter !== row);
    const tensor = inOrder(this.#axes, given, [row, ...rest]);
    return this.#shaped(outer === 'list' ? 'sequence' : (outer as 'fields' | 'interests'), {
      ...given,
      tensor,
      axes: [row, ...rest],
    });
  }

  /** Makes a sequence, interests or fields of [rows, …width]. */
  #shaped(kind: 'sequence' | 'interests' | 'fields', { tensor, axes }: Lettered): Value {
    const [row, ...columns] = axes as [string, ...string[]];
    const width = countNumbers(this.#axes, columns);
    const count = this.#size(row);
    const { builder, batch } = this.#axes;
    const whole = builder.reshape(tensor, [batch, count, width]);
    if (kind === 'interests') return { kind, tensor: whole, count, width, normalized: false };
    if (kind === 'sequence') {
      const list = this.#listOf(row);
      if (!list) throw new ShapeError(`gives a sequence over \`${row}\`, which is no list`);
      const { holdsTimes: _, ...sequence } = list;
      return { ...sequence, tensor: whole, width };
    }
    const flat = builder.reshape(whole, [batch, count * width]);
    const names = this.#fieldNames.get(row) ?? Array.from({ length: count }, (_, index) => `${row}${index + 1}`);
    return {
      kind,
      fields: names.map((name, index) => ({
        name,
        tensor: builder.slice(flat, [0, index * width], [-1, width]),
        width,
      })),
    };
  }

  /** Repeats a value that is the same for all rows. */
  #withBatch(value: Lettered): Lettered {
    if (value.hasBatch) return value;
    const any = [...this.#inputs.values()][0]!;
    const { builder, batch } = this.#axes;
    const rows = builder.reshape(any.tensor, [batch, countNumbers(this.#axes, any.axes)]);
    const column = builder.broadcastTo(builder.constant(1), builder.slice(rows, [0, 0], [-1, 1]));
    const size = countNumbers(this.#axes, value.axes);
    const row = builder.reshape(value.tensor, [1, size]);
    const dims = value.axes.map((letter) => this.#size(letter));
    return { ...value, tensor: builder.reshape(builder.matMul(column, row), [batch, ...dims]), hasBatch: true };
  }
}

/** The letters of a value without that of the elements to which a block of one vector is applyFunction. */
const lettersOf = ({ axes }: Lettered): Axes => axes.filter((letter) => letter !== lifted);

function batchOf(value: Value): Dim {
  const tensor =
    value.kind === 'fields'
      ? value.fields[0]?.tensor
      : value.kind === 'outputs'
        ? [...value.outputs.values()][0]!.tensor
        : value.tensor;
  return tensor!.type.shape[0]!;
}

/** Throws what is wrong with axes that only a use tells. */
function requireAxes(what: string, verdict: AxesVerdict): void {
  if (!('reason' in verdict)) return;
  // The width that a flow gives has no letter in the signature.
  const reason = verdict.reason.replaceAll(/\?\d+/g, '…');
  throw new ShapeError(`cannot compute \`${what}\`, which ${reason}`);
}
