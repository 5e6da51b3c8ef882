/** Evaluates `let` constants and arithmetic with them, which may replace any number, and expands linear combinations of terms. */
import { spanText } from '../../base/text/source.ts';
import type { BinaryNode, ExpressionNode, IdentifierNode, LetNode } from '../syntax/ast.ts';
import { describeExpression } from './describe.ts';
import { isNumeric } from './expressions.ts';
import { guess } from './guess.ts';
import { type NamedSymbol, type NoteMeaning, reads, symbolOf } from './occurrences.ts';
import { declaredIn, type Report } from './report.ts';

export interface Constants {
  readonly names: readonly string[];
  /** Evaluates an expression to a number; reports an error if it is not one. `of` describes its use for messages. */
  number(expression: ExpressionNode, of: string, expected: string): number | undefined;
  /** True for a literal, for arithmetic, and for the name of a constant. */
  isNumeric(expression: ExpressionNode): boolean;
  has(name: string): boolean;
  /**
   * Returns constants that also include `values`, which take precedence. A value of undefined is a name whose value is unknown.
   * @param symbols the declarations of `values`; without them, no word that is read is recorded
   */
  within(
    values: ReadonlyMap<string, number | undefined>,
    report: Report,
    symbols?: ReadonlyMap<string, NamedSymbol>,
  ): Constants;
}

export function makeConstants(lets: readonly LetNode[], report: Report, note: NoteMeaning = () => {}): Constants {
  const byName = new Map(lets.map((constant) => [constant.name.name, constant]));
  const file = new Evaluator(
    { byName, values: new Map(), open: new Set(), report, note },
    new Map(),
    report,
    new Map(),
  );
  // Constants that nothing reads are checked too.
  for (const { name } of byName.values()) file.valueOf(name, name.name, 'a number');
  return file;
}

/** The constants of a file and the state of their evaluation. */
interface FileConstants {
  readonly byName: ReadonlyMap<string, LetNode>;
  /** Evaluated constants; undefined if they are wrong. */
  readonly values: Map<string, number | undefined>;
  /** Constants whose evaluation is in progress. */
  readonly open: Set<string>;
  readonly report: Report;
  readonly note: NoteMeaning;
}

/** Evaluates expressions in one scope: that of the file, or that of a block, whose parameters are the local values. */
class Evaluator implements Constants {
  constructor(
    private readonly file: FileConstants,
    private readonly local: ReadonlyMap<string, number | undefined>,
    private readonly report: Report,
    private readonly symbols: ReadonlyMap<string, NamedSymbol> | undefined,
  ) {}

  get names(): readonly string[] {
    return [...this.local.keys(), ...this.file.byName.keys()];
  }

  number(expression: ExpressionNode, of: string, expected: string): number | undefined {
    switch (expression.kind) {
      case 'Number':
        return this.finite(expression.value, expression);
      case 'Name':
        if (expression.parts.length === 1) return this.constant(expression.parts[0]!, of, expected);
        break;
      case 'Unary': {
        const operand = this.number(expression.operand, of, expected);
        return operand === undefined ? undefined : -operand;
      }
      case 'Binary': {
        if (expression.operator === '@') break;
        const leftValue = this.number(expression.left, of, expected);
        const rightValue = this.number(expression.right, of, expected);
        if (leftValue === undefined || rightValue === undefined) return undefined;
        return this.finite(calculations[expression.operator](leftValue, rightValue), expression);
      }
    }
    return this.report('wrong-type', expression.span, { of, expected, found: describeExpression(expression) });
  }

  isNumeric(expression: ExpressionNode): boolean {
    return isNumeric(expression, (name) => this.has(name));
  }

  within(...scope: Parameters<Constants['within']>): Constants {
    const [values, report, symbols] = scope;
    return new Evaluator(this.file, values, report, symbols);
  }

  /** Returns the value of a word that a file contains, which is recorded. */
  constant(word: IdentifierNode, of: string, expected: string): number | undefined {
    const { name, span } = word;
    const constant = this.file.byName.get(name);
    const symbol = this.local.has(name) ? this.symbols?.get(name) : constant && symbolOf('constant', constant);
    if (this.symbols && symbol) this.file.note(span, reads(symbol));
    return this.valueOf(word, of, expected);
  }

  /** Returns the value of a local name or of a constant. */
  valueOf({ name, span }: IdentifierNode, of: string, expected: string): number | undefined {
    const { byName, values, open } = this.file;
    if (this.local.has(name)) return this.local.get(name);
    const constant = byName.get(name);
    if (!constant) return this.reportUnknown({ name, span }, of, expected);
    if (values.has(name)) return values.get(name);
    if (open.has(name)) {
      this.report('constant-cycle', constant.name.span, { name });
      values.set(name, undefined);
      return undefined;
    }
    settle(this.file, constant);
    return values.get(name);
  }

  private reportUnknown(
    { name, span }: Pick<IdentifierNode, 'name' | 'span'>,
    of: string,
    expected: string,
  ): undefined {
    const knownNames = this.names;
    if (knownNames.length === 0)
      return this.report('wrong-type', span, { of, expected, found: `the name \`${name}\`` });
    const { nearest: near, extra } = guess(name, span, knownNames);
    const kindWords = this.local.size > 0 ? 'parameter or constant' : 'constant';
    const nameFacts = { what: kindWords, name, nearest: near, known: knownNames };
    this.report('unknown-name', span, nameFacts, { ...extra, within: declaredIn.constant });
  }

  has(name: string): boolean {
    return this.local.has(name) || this.file.byName.has(name);
  }

  private finite(value: number, { span }: ExpressionNode): number | undefined {
    if (Number.isFinite(value)) return value;
    return this.report('not-finite', span, { text: spanText(span) });
  }
}

/** Evaluates a constant after those that it reads. It is iterative, because a long chain of constants would overflow the stack. */
function settle(file: FileConstants, wanted: LetNode): void {
  const { byName, values, open, report } = file;
  const evaluator = new Evaluator(file, new Map(), report, new Map());
  const constantPath: { readonly constant: LetNode; readonly reads: Iterator<string, undefined> }[] = [];
  const enter = (constant: LetNode): void => {
    open.add(constant.name.name);
    constantPath.push({ constant, reads: namesIn(constant.value) });
  };
  enter(wanted);
  for (let top = constantPath.at(-1); top !== undefined; top = constantPath.at(-1)) {
    const { value: next, done } = top.reads.next();
    if (!done) {
      const readConstant = byName.get(next);
      if (readConstant && !values.has(next) && !open.has(next)) enter(readConstant);
      continue;
    }
    constantPath.pop();
    const { name, value } = top.constant;
    // A constant that is already open is part of a cycle, which `constant` reports.
    const result = evaluator.number(value, name.name, 'a number');
    open.delete(name.name);
    if (!values.has(name.name)) values.set(name.name, result);
  }
}

/** Yields the names that an expression reads. */
function* namesIn(expression: ExpressionNode): Generator<string, undefined> {
  if (expression.kind === 'Name' && expression.parts.length === 1) yield expression.parts[0]!.name;
  if (expression.kind === 'Unary') yield* namesIn(expression.operand);
  if (expression.kind === 'Binary') {
    yield* namesIn(expression.left);
    yield* namesIn(expression.right);
  }
}

const calculations: Readonly<Record<Exclude<BinaryNode['operator'], '@'>, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

export interface LinearTerm {
  /** The name or call that `factor` multiplies; a number if numbers may be terms. */
  readonly of: ExpressionNode;
  readonly factor: number;
}

/**
 * Expands sums, differences, products with numbers and quotients by numbers. @param odd called with the first part that is not linear @param numbers
 * true if a number may be a term @returns the terms in order; undefined after an error, which is reported
 */
export function linearConstant(
  expression: ExpressionNode,
  constants: Constants,
  report: Report,
  odd: (part: ExpressionNode) => void,
  numbers = false,
): readonly LinearTerm[] | undefined {
  const terms: LinearTerm[] = [];
  return collect(expression, 1) ? terms : undefined;

  function collect(part: ExpressionNode, factor: number): boolean {
    if (numbers && constants.isNumeric(part)) {
      terms.push({ of: part, factor });
      return true;
    }
    if (part.kind === 'Unary') return collect(part.operand, -factor);
    if (part.kind === 'Binary') {
      const { operator, left, right } = part;
      if (operator === '+' || operator === '-') {
        return collect(left, factor) && collect(right, operator === '+' ? factor : -factor);
      }
      if (constants.isNumeric(right) && !constants.isNumeric(left)) return scaled(part, left, right, factor);
      if (operator === '*' && constants.isNumeric(left)) return scaled(part, right, left, factor);
    } else if ((part.kind === 'Name' && !constants.isNumeric(part)) || part.kind === 'Call') {
      terms.push({ of: part, factor });
      return true;
    }
    odd(part);
    return false;
  }

  function scaled(
    whole: Extract<ExpressionNode, { kind: 'Binary' }>,
    part: ExpressionNode,
    number: ExpressionNode,
    factor: number,
  ): boolean {
    const factorValue = constants.number(number, 'factor', 'a number');
    if (factorValue === undefined) return false;
    const scaledFactor = whole.operator === '*' ? factor * factorValue : factor / factorValue;
    if (Number.isFinite(scaledFactor)) return collect(part, scaledFactor);
    report('not-finite', whole.span, { text: spanText(whole.span) });
    return false;
  }
}
