/**
 * Reads a block of formulas to terms. Everything that is wrong at any size is reported here, at its place in the block, once, whether the block is used or not.
 * Long because the forms of an expression share the names of the block.
 */
import type { Code, Facts } from '../../../base/diagnostics/codes.ts';
import { type Span, spanText } from '../../../base/text/source.ts';
import { type FunctionName, functionNamed, functions, isFormulaWord } from '../../library/formula_functions.ts';
import type * as Ast from '../../syntax/ast.ts';
import { describeExpression } from '../describe.ts';
import { asCall, flatText, singleName } from '../expressions.ts';
import { guess, unknownKind } from '../guess.ts';
import type { Library } from '../library.ts';
import {
  type Axes,
  areNumberwise,
  type Carry,
  type FlowStep,
  type Formula,
  type FormulaInput,
  type FormulaWeight,
  type InputKind,
  isRescaling,
  type Letter,
  type LossInputKind,
  type OverName,
  reductions,
  rescalings,
  type Term,
  type Test,
} from '../model.ts';
import { declares, letterSymbol, type NamedSymbol, reads as readsWord, valueSymbol } from '../occurrences.ts';
import { type Extra, repeats, rewrite } from '../report.ts';
import type { Binding } from '../values.ts';
import {
  type AxesVerdict,
  judgeApplied,
  judgeInner,
  judgeMap,
  judgeOuter,
  judgeOver,
  judgeRenamed,
  judgeSpread,
  printAxes,
} from './axes.ts';
import {
  divisors,
  initialRanges,
  isOfState,
  isPlainNumber,
  isSize,
  isWhole,
  knownNumber,
  sizeRange,
  type ValidRange,
} from './numbers.ts';
import { readsOf } from './sequence_reads.ts';

/** What the reader needs of the file around a block. */
export interface FormulaScope {
  readonly owner: object;
  readonly binding: Pick<Binding, 'report' | 'note' | 'constants'>;
  readonly blocks: Library['blocks'];
  /** Reads a step of a flow. `source` reads the expressions that the step gives to inputs of another block. */
  step(expression: Ast.ExpressionNode, source: (value: Ast.ExpressionNode) => Term | undefined): FlowStep | undefined;
  /** True for the name of a block or of a parameter that is a flow. */
  isBlock(name: string): boolean;
}

/** Returns undefined after an error, which is reported. */
export function readFormula(
  scope: FormulaScope,
  block: Ast.BlockNode | Ast.LossNode,
  node: Ast.FormulaNode,
): Formula | undefined {
  return new FormulaReader(scope, block).read(node);
}

/** The kinds of inputs, and what their axes count. */
const inputKinds: Readonly<Record<InputKind, readonly Letter['kind'][]>> = {
  vector: ['plain'],
  sequence: ['list', 'plain'],
  elements: ['list', 'plain'],
  fields: ['fields', 'plain'],
  interests: ['interests', 'plain'],
};

/** The axes of inputs of a loss: at least the first. */
const lossInputKinds: Readonly<Record<LossInputKind, readonly [form: string, least: number, most: number]>> = {
  scores: ['scores[i, j]', 1, 2],
  negatives: ['negatives[i, j]', 2, 2],
  log_q: ['log_q[i, j]', 2, 2],
  labels: ['labels[i]', 1, 1],
};

/** A state of a scan that is read. */
type State = { -readonly [K in keyof Carry]: Carry[K] };
/** What the axes of an input count, before its name. */
const counted: Readonly<Record<Letter['kind'], string>> = {
  plain: 'the numbers of',
  list: 'the elements of',
  fields: 'the fields of',
  interests: 'the interests of',
  rows: 'the rows of',
  columns: 'the columns of',
};

/** Lines of blocks alone, by the kind of their node. */
const ofBlocks: Readonly<Record<string, string>> = { Weights: 'weights', Scan: 'scan', Repeat: 'repeat' };
const isInputKind = (word: string): word is InputKind => Object.hasOwn(inputKinds, word);
const isLossInput = (word: string): word is LossInputKind => Object.hasOwn(lossInputKinds, word);

/** The functions that read an axis and not its values. */
const axisFunctions = ['size', 'count', 'place'] as const;
/** The most terms of a block: more would overflow the stack where each line reads the one above. */
const mostTerms = 1000;
/** The functions that go over several axes at once, and over the widths of fields. */
const ofSeveralAxes: readonly string[] = ['sum', 'mean', 'max', 'min'];
/** The most rounds of a `repeat`. */
const mostRounds = 100;
const overNames: readonly string[] = [...reductions, ...rescalings];

class FormulaReader {
  readonly #scope: FormulaScope;
  readonly #block: string;
  readonly #isLoss: boolean;
  readonly #inputs = new Map<string, FormulaInput>();
  readonly #letters = new Map<string, Letter>();
  /** The letters after `any`: the widths of fields, each of its own size. */
  readonly #varying = new Set<string>();
  readonly #weights = new Map<string, FormulaWeight>();
  /** Inputs, weights, lines and states by name; undefined for one that is invalid. */
  readonly #values = new Map<string, Term | undefined>();
  readonly #symbols = new Map<string, NamedSymbol>();
  readonly #letterSymbols = new Map<string, NamedSymbol>();
  /** What a letter means in an expression: the size of its axis in `weights`, an index in a test. */
  #lettersAre: 'size' | 'index' | undefined;
  /** The line that is read, for the names of weights of its flows. */
  #line = 'give';
  /** The list of the scan that is read, and the lines of scans, which nothing after them reads. */
  #scanned: string | undefined;
  readonly #inScan = new Set<string>();
  /** The round of a `repeat` that is read, from 0. */
  #round: number | undefined;
  #isValid = true;
  #termCount = 0;

  constructor(scope: FormulaScope, block: Ast.BlockNode | Ast.LossNode) {
    this.#scope = scope;
    this.#isLoss = block.kind === 'Loss';
    this.#block = block.name.name;
  }

  read({ inputs, entries }: Ast.FormulaNode): Formula | undefined {
    for (const input of inputs) {
      this.#readInput(input);
      this.#assume(input.name, lettersOf(input.axes));
    }
    const isScored = [...this.#inputs.values()].some(({ kind }) => kind === 'scores' || kind === 'negatives');
    if (this.#isLoss && this.#isValid && !isScored)
      this.#wrong(inputs[0]!.span, this.#block, 'needs scores among its inputs: `s: scores[i, j]`');
    for (const entry of entries) this.#readEntry(entry);
    const give = entries.at(-1);
    const result = give?.kind === 'Give' ? this.#values.get('give') : undefined;
    if (!result || !this.#isValid || give?.kind !== 'Give') return undefined;
    const gives = this.#gives(give, result);
    if (!this.#isValid) return undefined;
    const [letters, weights] = [this.#letters, this.#weights];
    const formula = {
      owner: this.#scope.owner,
      inputs: [...this.#inputs.values()],
      letters,
      weights,
      result,
      ...(gives && { gives }),
    };
    return { ...formula, reads: readsOf(formula) };
  }

  #readInput(input: Ast.FormulaInputNode): undefined {
    const { name, shape, axes } = input;
    const kind = shape.name;
    this.#noteFunction(shape);
    if (this.#isLoss && isLossInput(kind)) return this.#readLossInput(input, kind);
    if (this.#isLoss || !isInputKind(kind)) {
      this.#unknown('kind of input', shape, Object.keys(this.#isLoss ? lossInputKinds : inputKinds), 'input');
      return this.#loseInput(input);
    }
    const kinds = inputKinds[kind];
    if (axes.length !== kinds.length) {
      const example = kind === 'vector' ? 'vector[d]' : kind === 'sequence' ? 'sequence[t, d]' : `${kind}[f, d]`;
      this.#wrong(shape.span, kind, `has ${kinds.length === 1 ? 'one axis' : 'two axes'}: \`${example}\``);
      return this.#loseInput(input);
    }
    const isRagged = axes.some(({ any }) => any);
    if (isRagged && (kind !== 'fields' || axes[0]!.any)) {
      const any = axes.find((axis) => axis.any)!;
      return this.#wrong(any.letter.span, 'any', 'stands before the width of fields only: `fields[f, any d]`');
    }
    const letters = axes.map(({ letter }) => letter.name);
    for (const [index, { letter }] of axes.entries()) {
      const known = this.#letters.get(letter.name);
      if (this.#varying.has(letter.name) || (known && axes[index]!.any))
        return this.#wrongWord(letter, 'has another size in each field, and another input needs another letter');
      if (letters.indexOf(letter.name) !== index || (known && known.kind !== kinds[index])) {
        this.#wrongWord(letter, 'is an axis already, and one letter is one axis');
        return this.#loseInput(input);
      }
      this.#letters.set(letter.name, { kind: kinds[index]! });
    }
    if (isRagged) this.#varying.add(letters[1]!);
    this.#inputs.set(name.name, { name: name.name, kind, axes: letters, isRagged });
    for (const [index, { letter }] of axes.entries())
      this.#noteLetter(letter, `${counted[kinds[index]!]} \`${name.name}\``);
    this.#declare(name, { kind: 'input', span: name.span, name: name.name, axes: letters }, input);
  }

  /** Reads an input of a loss. A value of one row has no letter for the rows. */
  #readLossInput(input: Ast.FormulaInputNode, kind: LossInputKind): undefined {
    const { name, shape, axes } = input;
    const [form, least, most] = lossInputKinds[kind];
    const letters = axes.map(({ letter }) => letter.name);
    const isOdd = axes.length < least || axes.length > most || axes.some(({ any }) => any);
    if (isOdd) this.#wrong(shape.span, kind, `has a letter for rows, then one for columns: \`${form}\``);
    for (const [index, { letter }] of axes.entries()) {
      const kindOfAxis = index === 0 ? 'rows' : 'columns';
      const [first] = [...this.#letters].find(([, other]) => other.kind === kindOfAxis) ?? [letter.name];
      if (first !== letter.name || (this.#letters.get(letter.name)?.kind ?? kindOfAxis) !== kindOfAxis)
        this.#wrong(
          letter.span,
          letter.name,
          `is not the letter of the ${kindOfAxis}, and all inputs of a loss share theirs`,
        );
      this.#letters.set(letter.name, { kind: kindOfAxis });
      this.#noteLetter(letter, `${counted[kindOfAxis]} \`${name.name}\``);
    }
    const others = [...this.#inputs.values()].map((other) => other.kind);
    const isSecond =
      kind === 'scores' || kind === 'negatives'
        ? others.some((other) => other === 'scores' || other === 'negatives')
        : others.includes(kind);
    if (isSecond) this.#wrong(shape.span, kind, 'stands here a second time, and a task has one score and one label');
    const columns = letters.slice(1);
    this.#inputs.set(name.name, { name: name.name, kind, axes: columns, isRagged: false });
    this.#declare(name, { kind: 'input', span: name.span, name: name.name, axes: columns }, input);
  }

  /** After an error in an input its name and its axes are known, so that no other error follows. */
  #loseInput(input: Ast.FormulaInputNode): undefined {
    this.#declare(input.name, undefined, input);
    for (const [index, { letter }] of input.axes.entries()) {
      const kind = input.axes.length > 1 && index === 0 ? 'list' : 'plain';
      if (!this.#letters.has(letter.name)) this.#letters.set(letter.name, { kind });
      this.#noteLetter(letter, `an axis of \`${input.name.name}\``);
    }
  }

  #readEntry(entry: Ast.FormulaLineNode): void {
    const word = entry.kind === 'Definition' ? entry.shown && 'shown' : ofBlocks[entry.kind];
    if (this.#isLoss && word) {
      this.#wrong(entry.span, word, 'stands in blocks only: a loss has no weights, and no lists');
      const names = entry.kind === 'Weights' ? entry.weights : 'entries' in entry ? entry.entries : [entry];
      for (const line of names) if ('name' in line) this.#assume(line.name);
      return;
    }
    switch (entry.kind) {
      case 'Weights':
        for (const weight of entry.weights) {
          this.#readWeight(weight);
          if (!this.#values.has(weight.name.name)) this.#declare(weight.name, undefined, weight);
          for (const { letter, size } of [...weight.from, ...(weight.to ?? [])]) {
            this.#assume(weight.name, [letter]);
            this.#noteLetter(letter, size ? `\`${flatText(size.span)}\` numbers` : 'numbers');
          }
        }
        return;
      case 'Scan':
        this.#readScan(entry);
        for (const { name } of entry.entries) this.#assume(name);
        return;
      case 'LostLine':
        // Any of its names may be declared by it.
        this.#isValid = false;
        for (const name of entry.names) {
          if (this.#values.has(name) || this.#letters.has(name)) continue;
          this.#values.set(name, undefined);
          this.#letters.set(name, { kind: 'plain' });
        }
        return;
      case 'Repeat':
        this.#readRepeat(entry);
        return;
      case 'Give':
        this.#line = 'give';
        this.#values.set('give', this.#term(entry.value));
        return;
      case 'Definition': {
        const { name, value, shown } = entry;
        this.#line = this.#inRound(name.name);
        const term = this.#term(value);
        const isShown = shown && term;
        this.#declare(name, isShown ? { ...term, kind: 'shown', operand: term, line: this.#line } : term, entry);
        if (isShown && term.axes?.length !== 1) {
          const found = term.axes ? printAxes(term.axes) : 'axes that only a use tells';
          this.#wrong(name.span, 'shown', `takes a value with one axis, but \`${name.name}\` has ${found}`);
        }
      }
    }
  }

  #readWeight(node: Ast.WeightNode): undefined {
    const { name, from, to, initial } = node;
    const all = [...from, ...(to ?? [])];
    if (this.#repeats(lettersOf(from)) || this.#repeats(lettersOf([...from.filter(({ each }) => each), ...(to ?? [])])))
      return;
    for (const { letter, size } of all) {
      const known = this.#letters.get(letter.name);
      if (size && known && !this.#round) return this.#wrongWord(letter, 'has a size already');
      if (!known && !size)
        return this.#wrongWord(letter, `has no size: write \`${letter.name}: 64\`, or use an axis of an input`);
      if (known) continue;
      const sizeTerm = this.#within('size', () => this.#term(size!));
      if (!sizeTerm) return;
      if (!isPlainNumber(sizeTerm))
        return this.#wrong(
          size!.span,
          letter.name,
          'needs a number for its size: of parameters and of sizes of other axes',
        );
      if (!this.#isWithin(size!, letter.name, sizeTerm, { expected: sizeRange, holds: isSize })) return;
      this.#letters.set(letter.name, { kind: 'plain', size: sizeTerm });
    }
    const names = (axes: readonly Ast.WeightAxisNode[], isEach: boolean) =>
      axes.flatMap(({ each, letter }) => (each === isEach ? [letter.name] : []));
    const [each, inputs] = [names(from, true), names(from, false)];
    const outputs = to && names(to, false);
    const axes = [...each, ...inputs, ...(outputs ?? [])];
    const lists = axes.filter((letter) => this.#letters.get(letter)!.kind === 'list');
    if (!this.#isEven(name.span, name.name, axes)) return;
    if (lists.length > 1 || outputs?.some((letter) => lists.includes(letter)))
      return this.#wrongWord(name, 'may have one list among its axes, before the arrow');
    const first = this.#initialOf(name, initial, outputs !== undefined);
    if (!first) return;
    const mapsToItself = outputs?.some((letter) => inputs.includes(letter));
    const weight = { name: this.#inRound(name.name), each, from: inputs, to: outputs, initial: first };
    this.#weights.set(weight.name, weight);
    const term: Term = { kind: 'weight', span: name.span, name: weight.name, axes: mapsToItself ? undefined : axes };
    this.#declare(name, term, node);
  }

  /** Reads `normal(0.02)`, `uniform(0.1)` or a number; without one, Glorot's for a weight with an arrow. */
  #initialOf(
    name: Ast.IdentifierNode,
    initial: Ast.ExpressionNode | undefined,
    isMap: boolean,
  ): FormulaWeight['initial'] | undefined {
    if (!initial) {
      if (isMap) return { kind: 'glorot' };
      return this.#wrongWord(name, `needs a first value, such as \`= normal(0.02)\` or \`= 0\``);
    }
    const drawn = initial.kind === 'Call' && ['normal', 'uniform'].includes(initial.callee.name) ? initial : undefined;
    if (drawn) this.#noteFunction(drawn.callee);
    const written = drawn?.arguments[0]?.value ?? (drawn ? undefined : initial);
    const value = written && this.#within('size', () => this.#term(written));
    const isNamed = drawn?.arguments.length === 1 && drawn.arguments[0]!.name !== undefined;
    if (isNamed)
      return this.#wrong(
        initial.span,
        drawn.callee.name,
        'takes its number without a name',
        rewrite(initial.span, `${drawn.callee.name}(${spanText(written!.span)})`),
      );
    if (drawn?.arguments.length !== 1 && drawn)
      return this.#wrong(initial.span, drawn.callee.name, 'takes one number: `normal(0.02)`, `uniform(0.1)`');
    if (!value) return undefined;
    if (!isPlainNumber(value))
      return this.#wrong(initial.span, name.name, 'begins with a number, `normal(0.02)` or `uniform(0.1)`');
    const kind = (drawn?.callee.name as 'normal' | 'uniform' | undefined) ?? 'constant';
    return this.#isWithin(written!, drawn ? kind : name.name, value, initialRanges[kind]) ? { kind, value } : undefined;
  }

  #readScan({ letter, entries: lines }: Ast.ScanNode): undefined {
    const list = this.#letters.get(letter.name);
    this.#noteLetter(letter);
    if (list?.kind !== 'list')
      return this.#wrongWord(letter, 'is no axis of a sequence, and `scan` goes over the elements of one');
    const carries = lines.filter((line) => line.kind === 'Carry');
    if (carries.length === 0) this.#wrong(letter.span, 'scan', 'needs a state: `state[u] = 0 then …`');
    const states: readonly (State | undefined)[] = carries.map((carry) => this.#readCarry(carry, letter.name));
    this.#scanned = letter.name;
    for (const line of lines) {
      this.#line = line.name.name;
      if (line.kind === 'Definition') {
        if (line.shown) this.#wrong(line.name.span, 'shown', 'stands before lines outside of a scan');
        this.#declare(line.name, this.#term(line.value), line);
        this.#inScan.add(line.name.name);
        continue;
      }
      const state = states[carries.indexOf(line)];
      const next = this.#term(line.next);
      if (!state || !next) continue;
      state.next = next;
      if (next.axes?.some((axis) => axis !== letter.name && !state.axes.includes(axis))) {
        const found = `has ${printAxes(state.axes)}, and its next value ${printAxes(next.axes)}`;
        this.#wrong(line.next.span, state.name, found);
      }
    }
    this.#scanned = undefined;
    if (!isWhole(states)) return;
    const scan = { letter: letter.name, carries: states };
    for (const [index, { name, axes }] of states.entries()) {
      const { span } = carries[index]!.name;
      this.#values.set(name, { kind: 'states', span, scan, index, axes: [letter.name, ...axes] });
    }
  }

  /** Declares a state, which the lines of its scan read. */
  #readCarry(carry: Ast.CarryNode, scanned: string): State | undefined {
    const { name, axes, first } = carry;
    for (const axis of axes) this.#noteLetter(axis);
    this.#line = name.name;
    const names = axes.map((axis) => axis.name);
    const unknown = axes.find((axis) => !this.#letters.has(axis.name) || axis.name === scanned);
    if (unknown) this.#wrongWord(unknown, 'is no axis that a state can have: its size must be known before');
    const firstTerm = this.#term(first);
    if (firstTerm?.axes?.some((axis) => !names.includes(axis)))
      this.#wrong(first.span, name.name, `has ${printAxes(names)}, and its first value ${printAxes(firstTerm.axes)}`);
    const isWrong = this.#repeats(axes) || !this.#isEven(name.span, name.name, names) || unknown;
    if (isWrong || !firstTerm) return this.#assume(name);
    this.#declare(name, { kind: 'carry', span: name.span, name: name.name, axes: names }, carry);
    return { name: name.name, axes: names, first: firstTerm };
  }

  /** Reads the lines of a `repeat` once for each round: their weights get the number of the round, `W_0`. */
  #readRepeat({ times, entries }: Ast.RepeatNode): void {
    const rounds = this.#scope.binding.constants.number(times, 'the number of rounds', 'a number') ?? 1;
    if (!Number.isInteger(rounds) || rounds < 1 || rounds > mostRounds) {
      this.#wrong(times.span, 'repeat', `takes a whole number from 1 to ${mostRounds}, not ${rounds}`);
      for (const entry of entries) if (entry.kind === 'Carry') this.#assume(entry.name);
      return;
    }
    for (const entry of entries) {
      if (entry.kind !== 'Carry') continue;
      const unknown = entry.axes.find((axis) => !this.#letters.has(axis.name));
      if (unknown) this.#wrongWord(unknown, 'is no axis that a state can have: no input has it');
      this.#declare(entry.name, unknown ? undefined : this.#stateOf(entry, entry.first, 'first value'), entry);
    }
    for (this.#round = 0; this.#round < rounds && this.#isValid; this.#round++) {
      const states = entries.map((entry): [string, Term | undefined] | undefined => {
        if (entry.kind === 'Carry') return [entry.name.name, this.#stateOf(entry, entry.next, 'next value')];
        this.#readEntry(entry);
        return undefined;
      });
      for (const state of states) if (state) this.#values.set(...state);
    }
    this.#round = undefined;
    for (const entry of entries) {
      if (entry.kind === 'Definition') this.#values.delete(entry.name.name);
      if (entry.kind === 'Weights') for (const { name } of entry.weights) this.#values.delete(name.name);
    }
  }

  /** Reads a value of a state of a `repeat`, which has all axes of the state. */
  #stateOf({ name, axes }: Ast.CarryNode, value: Ast.ExpressionNode, which: string): Term | undefined {
    this.#line = this.#inRound(name.name);
    const names = axes.map((axis) => axis.name);
    const term = this.#term(value);
    if (!term?.axes) return term;
    if (term.axes.some((axis) => !names.includes(axis)))
      return this.#wrong(value.span, name.name, `has ${printAxes(names)}, and its ${which} ${printAxes(term.axes)}`);
    const letters = names.filter((letter) => !term.axes!.includes(letter));
    return letters.length === 0 ? term : { kind: 'spread', span: value.span, operand: term, letters, axes: names };
  }

  #inRound(name: string): string {
    return this.#round === undefined ? name : `${name}_${this.#round}`;
  }

  #gives({ shape, axes, value }: Ast.GiveNode, result: Term): Formula['gives'] {
    if (this.#isLoss) {
      const [letter] = result.axes ?? [];
      if (shape) this.#wrong(shape.span, 'as', 'stands in blocks only: a loss gives one number for each row');
      if (letter)
        this.#wrong(
          value.span,
          'give',
          `gives [${letter}], and a loss gives one number for each row: \`mean over ${letter} (…)\``,
        );
      return undefined;
    }
    if (!shape) {
      const kinds = result.axes?.map((letter) => this.#letters.get(letter)?.kind);
      const isKnown =
        !kinds || kinds.length < 2 || (kinds.length === 2 && kinds.filter((kind) => kind === 'plain').length === 1);
      if (isKnown) return undefined;
      const letters = result.axes!.join(', ');
      return this.#wrong(
        value.span,
        'give',
        `gives [${letters}]: say in which order its numbers stand, \`as vector[${letters}]\``,
      );
    }
    const kind = shape.name;
    const names = axes.map(({ name }) => name);
    for (const axis of axes) this.#noteLetter(axis);
    if (!isInputKind(kind) || kind === 'elements')
      return this.#wrong(shape.span, 'as', `takes vector, sequence, fields or interests, not \`${kind}\``);
    if (this.#repeats(axes) || !this.#isEven(value.span, 'as', result.axes)) return undefined;
    const isSame = result.axes?.length === names.length && result.axes.every((letter) => names.includes(letter));
    if (result.axes && !isSame)
      return this.#wrong(shape.span, 'as', `names [${names.join(', ')}], and the value has ${printAxes(result.axes)}`);
    const lists = names.filter((name) => this.#letters.get(name)?.kind === 'list');
    const isOther = kind === 'sequence' ? lists[0] !== names[0] || lists.length > 1 : lists.length > 0;
    if (isOther && kind !== 'vector') {
      const expected = kind === 'sequence' ? 'a list first, and no other' : 'no list';
      return this.#wrong(shape.span, 'as', `takes ${expected} among the axes of ${kind}`);
    }
    return { kind, axes: names };
  }

  // Expressions.

  #term(node: Ast.ExpressionNode): Term | undefined {
    if (this.#termCount++ > mostTerms) return this.#termCount === mostTerms + 2 ? this.#tooLong(node.span) : undefined;
    const odd = this.#isLoss ? this.#oddInLoss(node) : undefined;
    if (odd)
      return this.#wrong(
        node.span,
        odd,
        'stands in blocks only: a loss computes with numbers of a row and its columns',
      );
    switch (node.kind) {
      case 'Number':
        return { kind: 'number', span: node.span, value: node.value, axes: [] };
      case 'Name':
        return this.#name(node);
      case 'Unary': {
        const operand = this.#term(node.operand);
        return operand && { kind: 'map', span: node.span, function: 'neg', operands: [operand], axes: operand.axes };
      }
      case 'Binary':
        return node.operator === '@'
          ? this.#product(node)
          : this.#map(node.span, node.operator, [node.left, node.right]);
      case 'Call':
        return this.#call(node);
      case 'Over':
        return this.#over(node);
      case 'Renamed':
        return this.#renamed(node);
      case 'Flow':
        return this.#flow(node.span, node.steps[0]!, node.steps.slice(1));
      default:
        return this.#odd(node);
    }
  }

  /** Returns the word or sign of an expression that no loss takes. */
  #oddInLoss(node: Ast.ExpressionNode): string | undefined {
    switch (node.kind) {
      case 'Binary':
        return node.operator === '@' ? '@' : undefined;
      case 'Flow':
        return '->';
      case 'Renamed':
        return ':';
      case 'Over':
        if (node.tests.length > 0) return 'where';
        return ['spread', 'normalize'].includes(node.function.name) ? node.function.name : undefined;
      case 'Call':
        return ['size', 'place'].includes(node.callee.name) ? node.callee.name : undefined;
      default:
        return undefined;
    }
  }

  #tooLong(span: Span): undefined {
    return this.#wrong(
      span,
      this.#block,
      `is longer than ${mostTerms} names, numbers and operators: make two blocks of it`,
    );
  }

  /** @param isApplied true on the right of `@`, where a weight may map an axis to itself */
  #name(node: Ast.NameNode, isApplied = false): Term | undefined {
    const { span } = node;
    const word = singleName(node);
    if (!word) return this.#odd(node);
    const { name } = word;
    const { constants } = this.#scope.binding;
    if (this.#inScan.has(name) && !this.#scanned)
      return this.#wrong(span, name, 'is a line of a scan, after which its states alone are known');
    if (this.#values.has(name)) {
      const symbol = this.#symbols.get(name);
      if (symbol && !this.#round) this.#scope.binding.note(span, readsWord(symbol));
      const term = this.#values.get(name);
      if (term?.kind !== 'weight' || term.axes || isApplied) return term;
      return this.#wrong(span, name, `maps an axis to itself, and is used by \`@ ${name}\` only`);
    }
    if (this.#lettersAre && this.#letters.has(name)) {
      if (!this.#isEven(span, name, [name])) return undefined;
      this.#noteLetter(word);
      return { kind: this.#lettersAre, span, letter: name, axes: this.#lettersAre === 'index' ? [name] : [] };
    }
    if (constants.has(name)) return { kind: 'number', span, value: constants.number(node, name, 'a number'), axes: [] };
    if (name === 'pi') this.#noteFunction(word);
    if (name === 'pi') return { kind: 'number', span, value: Math.PI, axes: [] };
    const hint = this.#letters.has(name) ? ` as a number: write \`size(${name})\` or \`place(${name})\`` : '';
    if (hint) return this.#wrong(span, name, `is an axis, and cannot stand for itself${hint}`);
    const known = [...this.#values.keys(), ...constants.names];
    const { extra, nearest } = guess(name, span, known);
    return this.#report('unknown-name', span, { what: 'value of this block', name, nearest, known }, extra);
  }

  #map(span: Span, name: FunctionName, nodes: readonly Ast.ExpressionNode[]): Term | undefined {
    const operands = nodes.map((node) => this.#term(node));
    if (!isWhole(operands)) return undefined;
    const known = axesOf(operands);
    // A test compares places of any axes: `t - s < 5`.
    const isTest = this.#lettersAre === 'index';
    if (name === '/' && !this.#isWithin(nodes[1]!, 'divisor', operands[1]!, divisors)) return undefined;
    const map = this.#weights.get(singleName(nodes.at(-1)!)?.name ?? '');
    const isApplied =
      name === '*' && map?.to && known && !('axes' in judgeMap(known)) && 'axes' in judgeApplied(known[0]!, map);
    if (isApplied) {
      const text = `${spanText(nodes[0]!.span)} @ ${map.name}`;
      return this.#wrong(
        span,
        name,
        `multiplies number by number, and a weight is applied by \`@\`: write \`${text}\``,
        { fixes: [[{ at: span, text }]] },
      );
    }
    const verdict = known && (isTest ? { axes: known.reduce(judgeOuter, []) } : judgeMap(known));
    return this.#judged({ kind: 'map', span, function: name, operands }, name, verdict);
  }

  #product({ span, left, right }: Ast.BinaryNode): Term | undefined {
    const weightOf = (node: Ast.ExpressionNode): FormulaWeight | undefined => {
      const term = this.#values.get(singleName(node)?.name ?? '');
      return term?.kind === 'weight' ? this.#weights.get(term.name) : undefined;
    };
    const [leftWeight, weight] = [weightOf(left), weightOf(right)];
    const operands = [this.#term(left), weight?.to ? this.#name(right as Ast.NameNode, true) : this.#term(right)];
    if (!isWhole(operands)) return undefined;
    const [value, other] = operands as [Term, Term];
    if (!this.#isEven(span, '@', value.axes) || !this.#isEven(span, '@', other.axes)) return undefined;
    if (leftWeight?.to && !weight?.to) {
      const name = spanText(left.span);
      const swapped = { fixes: [[{ at: span, text: `${spanText(right.span)} @ ${name}` }]] };
      return this.#wrong(span, '@', `applies a weight on its right: write \`x @ ${name}\``, swapped);
    }
    const map = weight?.to ? weight : undefined;
    const term: Term = { kind: 'product', span, left: value, right: other, map };
    if (!value.axes || (!map && !other.axes)) return term;
    const summed = map?.from ?? value.axes.filter((letter) => other.axes!.includes(letter));
    if (!this.#isOfElement(span, '@', summed, value, other)) return undefined;
    if (value.kind === 'number' || other.kind === 'number')
      return this.#wrong(span, '@', 'needs two values with an axis in common, not a number');
    if (map) return this.#judged(term, `@ ${map.name}`, judgeApplied(value.axes, map));
    return this.#judged(term, '@', judgeInner(value.axes, other.axes!));
  }

  #call(node: Ast.CallNode): Term | undefined {
    const { callee, span } = node;
    const { name } = callee;
    this.#noteFunction(callee);
    const values = node.arguments.map(({ value }) => value);
    if ((axisFunctions as readonly string[]).includes(name)) return this.#axisFunction(node);
    if (this.#isLoss && name === 'own') return this.#own(span, values);
    const row = /^[a-z]/.test(name) ? functionNamed(name) : undefined;
    if (row && name !== 'neg') {
      const isCount = row.isMore ? values.length >= row.operands : values.length === row.operands;
      if (isCount && node.arguments.every((argument) => !argument.name))
        return this.#map(span, name as FunctionName, values);
      const example = row.isMore ? `${name}(a, b)` : `${name}(x)`;
      const over = overNames.includes(name) ? `, or an axis: \`${name} over t (x)\`` : '';
      return this.#wrong(span, name, `takes ${row.isMore ? 'two values or more' : 'one value'}, \`${example}\`${over}`);
    }
    if (overNames.includes(name)) {
      const [value, axis] = node.arguments;
      const letter = axis && singleName(axis.value)?.name;
      const isLetter = value && letter !== undefined && this.#letters.has(letter) && values.length === 2;
      const text = isLetter && `${name} over ${letter} (${spanText(value.span)})`;
      const rewritten = text ? { fixes: [[{ at: span, text }]] } : undefined;
      return this.#wrong(span, name, `goes over an axis: \`${text || `${name} over t (x)`}\``, rewritten);
    }
    if (this.#scope.isBlock(name)) {
      const [first, ...others] = node.arguments;
      if (first && !first.name) return this.#flow(span, first.value, [{ ...node, arguments: others }]);
      return this.#wrong(span, name, `is a block, which takes its value from an arrow: \`x -> ${name}\``);
    }
    const known = [...Object.keys(functions).filter((word) => /^[a-z]/.test(word)), ...axisFunctions, ...overNames];
    if (this.#isLoss) known.push('own');
    return this.#unknown('function or block', callee, known, 'function');
  }

  /** Reads `own(c)`: what a value of the columns is for the row's own item. */
  #own(span: Span, values: readonly Ast.ExpressionNode[]): Term | undefined {
    const operand = values.length === 1 ? this.#term(values[0]!) : undefined;
    if (values.length === 1 && (!operand || operand.axes?.length === 1))
      return operand && { kind: 'own', span, operand, axes: [] };
    return this.#wrong(span, 'own', 'takes one value of the columns, such as `own(s)`');
  }

  #axisFunction({ callee, arguments: given, span }: Ast.CallNode): Term | undefined {
    const kind = callee.name as (typeof axisFunctions)[number];
    const word = given.length === 1 ? singleName(given[0]!.value) : undefined;
    if (!word || !this.#letters.has(word.name)) {
      const letters = [...this.#letters.keys()].map((letter) => `\`${letter}\``).join(', ');
      return this.#wrong(span, kind, `takes the letter of an axis: ${letters}`);
    }
    if (!this.#isEven(span, kind, [word.name])) return undefined;
    this.#noteLetter(word);
    return { kind, span, letter: word.name, axes: kind === 'place' ? [word.name] : [] };
  }

  #over(node: Ast.OverNode): Term | undefined {
    const { span, letters } = node;
    const { name } = node.function;
    const names = letters.map((letter) => letter.name);
    if (this.#repeats(letters)) return undefined;
    this.#noteFunction(node.function);
    if (name === 'spread') return this.#spread(node, names);
    if (!overNames.includes(name)) return this.#unknown('function over axes', node.function, overNames, 'function');
    if (names.length > 1 && !ofSeveralAxes.includes(name)) return this.#wrong(span, name, 'goes over one axis');
    // The operand may give an axis its letter: `sum over s (x[t: s])`.
    const operand = name === 'sum' ? this.#summand(node.operand) : this.#term(node.operand);
    const unknown = operand && letters.find((letter) => !this.#letters.has(letter.name));
    if (unknown) return this.#wrongWord(unknown, 'is no axis of this block');
    for (const letter of letters) this.#noteLetter(letter);
    const tests: readonly (Test | undefined)[] = node.tests.map((test) => this.#test(test));
    if (!operand || !isWhole(tests)) return undefined;
    const isOfFields = names.length === 1 && this.#varying.has(names[0]!) && ofSeveralAxes.includes(name);
    if (!isOfFields && !this.#isEven(span, `${name} over`, [...names, ...(operand.axes ?? [])])) return undefined;
    if (!this.#isOfElement(span, `${name} over`, names, operand)) return undefined;
    const added = [...new Set(tests.flatMap(({ left, right }) => [...left.axes!, ...right.axes!]))];
    const verdict = operand.axes && judgeOver(operand.axes, names, added, isRescaling(name));
    const term: Term = { kind: 'over', span, function: name as OverName, letters: names, tests, operand };
    return this.#judged(term, `${name} over`, verdict);
  }

  /** Reads what stands directly under `sum`, where a product may have any axes. */
  #summand(node: Ast.ExpressionNode): Term | undefined {
    if (node.kind !== 'Binary' || node.operator !== '*') return this.#term(node);
    const operands = [this.#term(node.left), this.#term(node.right)];
    if (!isWhole(operands)) return undefined;
    const known = axesOf(operands);
    const isEven = !known?.flat().some((letter) => this.#varying.has(letter));
    const verdict = known && (isEven ? { axes: judgeOuter(known[0]!, known[1]!) } : judgeMap(known));
    return this.#judged({ kind: 'map', span: node.span, function: '*', operands }, '*', verdict);
  }

  #test({ left, operator, right, span }: Ast.TestNode): Test | undefined {
    const sides = [left, right].map((side) => this.#within('index', () => this.#term(side)));
    if (!isWhole(sides)) return undefined;
    const isIndices = (term: Term): boolean =>
      term.kind === 'index' || isPlainNumber(term) || (term.kind === 'map' && term.operands.every(isIndices));
    if (!sides.every(isIndices)) return this.#wrong(span, 'where', 'compares places of axes, such as `s <= t`');
    return { left: sides[0]!, operator, right: sides[1]! };
  }

  #spread({ span, letters, operand, tests }: Ast.OverNode, names: Axes): Term | undefined {
    const unknown = letters.find((letter) => !this.#letters.has(letter.name));
    if (unknown) return this.#wrongWord(unknown, 'is no axis of this block');
    for (const letter of letters) this.#noteLetter(letter);
    if (tests.length > 0) return this.#wrong(span, 'spread', 'takes no `where`');
    const value = this.#term(operand);
    if (!value) return undefined;
    const term: Term = { kind: 'spread', span, operand: value, letters: names };
    if (!value.axes) return term;
    if (!this.#isEven(span, 'spread', [...names, ...value.axes])) return undefined;
    if (!this.#isOfElement(span, 'spread', names, value)) return undefined;
    return this.#judged(term, 'spread', judgeSpread(value.axes, names));
  }

  #renamed({ span, value, letters }: Ast.RenamedNode): Term | undefined {
    const operand = this.#name(value);
    if (!operand) return undefined;
    const renamed = new Map<string, string>();
    for (const { from, to } of letters) {
      const [old, known] = [this.#letters.get(from.name), this.#letters.get(to.name)];
      if (!old) return this.#wrongWord(from, 'is no axis of this block');
      const range = old.list ?? from.name;
      const list = old.kind === 'list' ? range : undefined;
      if (known && (known.list ?? to.name) !== range && !(known.kind === 'plain' && old.kind === 'plain'))
        return this.#wrongWord(to, `is an axis already, and not one of the same range as \`${from.name}\``);
      if (!known) {
        const size: Term = { kind: 'size', span, letter: from.name, axes: [] };
        this.#letters.set(to.name, list === undefined ? { kind: old.kind, size, list: range } : { kind: 'list', list });
      }
      this.#noteLetter(from);
      this.#noteLetter(to, `the same as \`${from.name}\``);
      renamed.set(from.name, to.name);
    }
    if (!this.#isEven(span, 'a new letter', operand.axes)) return undefined;
    const verdict = operand.axes && judgeRenamed(operand.axes, renamed);
    return this.#judged({ kind: 'renamed', span, operand, letters: renamed }, 'a new letter', verdict);
  }

  #flow(span: Span, from: Ast.ExpressionNode, nodes: readonly Ast.ExpressionNode[]): Term | undefined {
    const operand = this.#term(from);
    const line = this.#line;
    const steps = nodes.map((node) => {
      const call = asCall(node);
      if (!call) return this.#odd(node, 'a block');
      return this.#scope.step(node, (value) => this.#term(value));
    });
    this.#line = line;
    if (!isWhole(steps)) {
      this.#isValid = false;
      return undefined;
    }
    if (!operand) return undefined;
    const axes = areNumberwise(steps, this.#scope.blocks) ? operand.axes : undefined;
    return { kind: 'flow', span, operand, steps, line, axes };
  }

  // Reports.

  /** After an error makes a name and its axes known, so that no other error follows. */
  #assume({ name }: Ast.IdentifierNode, letters: readonly Ast.IdentifierNode[] = []): undefined {
    if (!this.#values.has(name)) this.#values.set(name, undefined);
    for (const letter of letters)
      if (!this.#letters.has(letter.name)) this.#letters.set(letter.name, { kind: 'plain' });
  }

  /** Records a letter: where it is written first, its axis is declared. @param doc what the axis counts */
  #noteLetter(word: Ast.IdentifierNode, doc = 'numbers'): void {
    if (this.#round) return;
    const known = this.#letterSymbols.get(word.name);
    const symbol = known ?? letterSymbol(this.#block, word, doc);
    this.#letterSymbols.set(word.name, symbol);
    this.#scope.binding.note(word.span, known ? readsWord(symbol) : declares(symbol));
  }

  #noteFunction({ name, span }: Ast.IdentifierNode): void {
    if (isFormulaWord(name) && !this.#round) this.#scope.binding.note(span, { is: 'function', name });
  }

  #declare(
    word: Ast.IdentifierNode,
    term: Term | undefined,
    node: Ast.FormulaInputNode | Ast.WeightNode | Ast.CarryNode | Ast.DefinitionNode,
  ): undefined {
    const { name, span } = word;
    if (this.#round) {
      this.#values.set(name, term);
      return;
    }
    const symbol = valueSymbol(this.#block, word, node, term?.axes);
    const first = this.#symbols.get(name);
    if (first) {
      const facts = { what: 'value', name, other: 'value' };
      return this.#report('repeated-name', span, facts, { ...repeats(name, first.span, span), fixes: [] });
    }
    this.#scope.binding.note(span, declares(symbol));
    this.#symbols.set(name, symbol);
    this.#values.set(name, term);
  }

  #within<T>(meaning: 'size' | 'index', read: () => T): T {
    const outer = this.#lettersAre;
    this.#lettersAre = meaning;
    try {
      return read();
    } finally {
      this.#lettersAre = outer;
    }
  }

  /** True if a letter stands twice, which is reported. */
  #repeats(letters: readonly Ast.IdentifierNode[]): boolean {
    const names = letters.map(({ name }) => name);
    const second = letters.find(({ name }, index) => names.indexOf(name) !== index);
    if (second) this.#wrongWord(second, 'stands here twice, and one letter is one axis');
    return second !== undefined;
  }

  /** True if each of these axes has one size; otherwise reports it. */
  #isEven(span: Span, what: string, axes: Axes = []): boolean {
    const varying = axes.find((letter) => this.#varying.has(letter));
    if (varying === undefined) return true;
    const how = `compute number by number, or take \`sum\`, \`mean\` or \`max over ${varying}\` first`;
    this.#wrong(span, what, `needs one size for \`${varying}\`, which differs from field to field: ${how}`);
    return false;
  }

  /** True unless a value of states goes over the list of their scan, of which it has one element; otherwise reports it. */
  #isOfElement(span: Span, what: string, over: Axes, ...values: readonly Term[]): boolean {
    if (this.#scanned === undefined || !over.includes(this.#scanned) || !values.some(isOfState)) return true;
    this.#wrong(span, what, `goes over \`${this.#scanned}\`, and a state is known at one element of it at a time`);
    return false;
  }

  /** True if a number is in its range, or a use tells it; otherwise reports it. */
  #isWithin(at: Ast.ExpressionNode, of: string, term: Term, { expected, holds }: ValidRange): boolean {
    const value = knownNumber(term);
    if (value === undefined || holds(value)) return true;
    this.#report('out-of-range', at.span, { of, expected, value });
    return false;
  }

  /** Gives a term its axes. Without a verdict only a use tells them. */
  #judged(term: Term, what: string, verdict: AxesVerdict | undefined): Term | undefined {
    if (!verdict) return term;
    return 'axes' in verdict ? { ...term, axes: verdict.axes } : this.#wrong(term.span, what, verdict.reason);
  }

  #unknown(what: string, word: Ast.IdentifierNode, known: readonly string[], place: 'function' | 'input'): undefined {
    this.#isValid = false;
    return unknownKind(this.#scope.binding.report, what, word, known, place);
  }

  #odd(node: Ast.ExpressionNode, expected = 'a value or a number'): undefined {
    this.#report('not-a-formula', node.span, { found: describeExpression(node), expected });
  }

  #wrong(span: Span, what: string, reason: string, extra?: Extra): undefined {
    this.#report('wrong-axes', span, { what, reason }, extra);
  }

  #wrongWord({ span, name }: Ast.IdentifierNode, reason: string): undefined {
    return this.#wrong(span, name, reason);
  }

  #report<C extends Code>(code: C, at: Span, facts: Facts<C>, extra?: Extra): undefined {
    this.#isValid = false;
    this.#scope.binding.report(code, at, facts, extra);
  }
}

const lettersOf = (axes: readonly { readonly letter: Ast.IdentifierNode }[]): readonly Ast.IdentifierNode[] =>
  axes.map(({ letter }) => letter);

/** Returns the axes of all values; undefined if those of one are not known before a use. */
function axesOf(terms: readonly Term[]): readonly Axes[] | undefined {
  const known = terms.map(({ axes }) => axes);
  return isWhole(known) ? known : undefined;
}
