/** `let` constants, and arithmetic on them: usable wherever a number is. */
import { textOf } from '../../base/text/source.ts';
import type { ExpressionNode, IdentifierNode, LetNode } from '../syntax/ast.ts';
import { describeExpression } from './describe.ts';
import { guess } from './guess.ts';
import type { Report } from './report.ts';

export interface Constants {
  readonly names: readonly string[];
  /** The number an expression is; reports why it is none. `of` names what it is for. */
  number(expression: ExpressionNode, of: string, expected: string): number | undefined;
  /** Whether it is written as a number: a literal, arithmetic, or the name of a constant. */
  isNumeric(expression: ExpressionNode): boolean;
  has(name: string): boolean;
  /** The same with further names, which go before those of the file; the value of one may not be known. */
  within(values: ReadonlyMap<string, number | undefined>, report: Report): Constants;
}

export function makeConstants(lets: readonly LetNode[], report: Report): Constants {
  const byName = new Map(lets.map((constant) => [constant.name.name, constant]));
  const file = new Evaluator({ byName, values: new Map(), open: new Set(), report }, new Map(), report);
  // A constant that nothing reads is checked too.
  for (const { name } of byName.values()) file.constant(name, name.name, 'a number');
  return file;
}

/** The constants of a file, and how far they are evaluated. */
interface File {
  readonly byName: ReadonlyMap<string, LetNode>;
  /** Those that are settled; without a value where they are wrong. */
  readonly values: Map<string, number | undefined>;
  /** Those that are being evaluated. */
  readonly open: Set<string>;
  readonly report: Report;
}

/** Evaluates expressions in one place: in the file, or in a block, whose parameters are the local values. */
class Evaluator implements Constants {
  constructor(
    private readonly file: File,
    private readonly local: ReadonlyMap<string, number | undefined>,
    private readonly report: Report,
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
        const left = this.number(expression.left, of, expected);
        const right = this.number(expression.right, of, expected);
        if (left === undefined || right === undefined) return undefined;
        return this.finite(calculate(expression.operator, left, right), expression);
      }
    }
    this.report('wrong-type', expression.span, { of, expected, found: describeExpression(expression) });
    return undefined;
  }

  isNumeric(expression: ExpressionNode): boolean {
    switch (expression.kind) {
      case 'Number':
        return true;
      case 'Name':
        return expression.parts.length === 1 && this.has(expression.parts[0]!.name);
      case 'Unary':
        return this.isNumeric(expression.operand);
      case 'Binary':
        return this.isNumeric(expression.left) && this.isNumeric(expression.right);
      default:
        return false;
    }
  }

  within(values: ReadonlyMap<string, number | undefined>, report: Report): Constants {
    return new Evaluator(this.file, values, report);
  }

  /** The value of a local name or of a constant. */
  constant({ name, span }: IdentifierNode, of: string, expected: string): number | undefined {
    const { byName, values, open } = this.file;
    if (this.local.has(name)) return this.local.get(name);
    const found = byName.get(name);
    if (!found) {
      this.reportUnknown({ name, span }, of, expected);
      return undefined;
    }
    if (values.has(name)) return values.get(name);
    if (open.has(name)) {
      this.report('constant-cycle', found.name.span, { name });
      values.set(name, undefined);
      return undefined;
    }
    settle(this.file, found);
    return values.get(name);
  }

  private reportUnknown({ name, span }: Pick<IdentifierNode, 'name' | 'span'>, of: string, expected: string): void {
    const known = this.names;
    if (known.length === 0) {
      this.report('wrong-type', span, { of, expected, found: `the name \`${name}\`` });
      return;
    }
    const { nearest: near, extra } = guess(name, span, known);
    const what = this.local.size > 0 ? 'parameter or constant' : 'constant';
    this.report('unknown-name', span, { what, name, nearest: near, known }, extra);
  }

  has(name: string): boolean {
    return this.local.has(name) || this.file.byName.has(name);
  }

  private finite(value: number, { span }: ExpressionNode): number | undefined {
    if (Number.isFinite(value)) return value;
    this.report('not-finite', span, { text: textOf(span) });
    return undefined;
  }
}

/** Evaluates a constant after those that it reads. It does not recurse: a chain of them may be longer than the stack is deep. */
function settle(file: File, wanted: LetNode): void {
  const { byName, values, open, report } = file;
  const evaluator = new Evaluator(file, new Map(), report);
  const path: { readonly constant: LetNode; readonly reads: Iterator<string, undefined> }[] = [];
  const enter = (constant: LetNode): void => {
    open.add(constant.name.name);
    path.push({ constant, reads: namesIn(constant.value) });
  };
  enter(wanted);
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const { value: next, done } = top.reads.next();
    if (!done) {
      const read = byName.get(next);
      if (read && !values.has(next) && !open.has(next)) enter(read);
      continue;
    }
    path.pop();
    const { name, value } = top.constant;
    // One that is still open is read in a cycle.
    const found = evaluator.number(value, name.name, 'a number');
    open.delete(name.name);
    if (!values.has(name.name)) values.set(name.name, found);
  }
}

/** The names that an expression reads. */
function* namesIn(expression: ExpressionNode): Generator<string, undefined> {
  if (expression.kind === 'Name' && expression.parts.length === 1) yield expression.parts[0]!.name;
  if (expression.kind === 'Unary') yield* namesIn(expression.operand);
  if (expression.kind === 'Binary') {
    yield* namesIn(expression.left);
    yield* namesIn(expression.right);
  }
}

function calculate(operator: '+' | '-' | '*' | '/', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
  }
}
