/** `let` constants, and arithmetic on them: usable wherever a number is. */
import type { Expression, Identifier, Let } from '../syntax/ast.ts';
import { nearest } from '../text/nearest.ts';
import { textOf } from '../text/source.ts';
import { describeExpression } from './describe.ts';
import { guess } from './guess.ts';
import type { Report } from './report.ts';

export interface Constants {
  readonly names: readonly string[];
  /** The number an expression is; reports why it is none. `of` names what it is for. */
  number(expression: Expression, of: string, expected: string): number | undefined;
  /** Whether it is written as a number: a literal, arithmetic, or the name of a constant. */
  isNumeric(expression: Expression): boolean;
  /** The same with further names, which go before those of the file; the value of one may not be known. */
  within(values: ReadonlyMap<string, number | undefined>, report: Report): Constants;
}

/**
 * @param settings values that replace those of the file, by name: `--set width=128`
 * @param others names that settings may have besides: the numbers of `train`
 */
export function makeConstants(
  lets: readonly Let[],
  settings: Readonly<Record<string, number>>,
  report: Report,
  others: readonly string[] = [],
): Constants {
  const byName = new Map(lets.map((constant) => [constant.name.name, constant]));
  const values = new Map<string, number | undefined>();
  const open = new Set<string>();

  for (const [name, value] of Object.entries(settings)) {
    if (!byName.has(name)) {
      if (others.includes(name)) continue;
      const known = [...byName.keys(), ...others];
      report('unknown-setting', undefined, { name, nearest: nearest(name, known), known });
    } else if (!Number.isFinite(value)) {
      report('not-finite', undefined, { text: `${name}=${value}` });
    } else values.set(name, value);
  }

  /** The parameters of a block, where it is one that is read. */
  interface Local {
    readonly values: ReadonlyMap<string, number | undefined>;
    readonly report: Report;
  }
  const file: Local = { values: new Map(), report };

  function constant(
    { name, span }: Identifier,
    of: string,
    expected: string,
    { values: local, report }: Local,
  ): number | undefined {
    if (local.has(name)) return local.get(name);
    const found = byName.get(name);
    if (!found) {
      const known = [...local.keys(), ...byName.keys()];
      if (known.length === 0) report('wrong-type', span, { of, expected, found: `the name \`${name}\`` });
      else {
        const { nearest: near, extra } = guess(name, span, known);
        const what = local.size > 0 ? 'parameter or constant' : 'constant';
        report('unknown-name', span, { what, name, nearest: near, known }, extra);
      }
      return undefined;
    }
    if (values.has(name)) return values.get(name);
    if (open.has(name)) {
      report('constant-cycle', found.name.span, { name });
      values.set(name, undefined);
      return undefined;
    }
    settle(found);
    return values.get(name);
  }

  /** Finds the value of a constant, of those that it reads first: a chain of them may be longer than the stack is deep. */
  function settle(wanted: Let): void {
    const path: { readonly constant: Let; readonly reads: Iterator<string, undefined> }[] = [];
    const enter = (constant: Let): void => {
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
      const found = evaluate(value, name.name, 'a number', file);
      open.delete(name.name);
      if (!values.has(name.name)) values.set(name.name, found);
    }
  }

  function evaluate(expression: Expression, of: string, expected: string, local: Local): number | undefined {
    switch (expression.kind) {
      case 'Number':
        return finite(expression.value, expression, local);
      case 'Name':
        if (expression.parts.length === 1) return constant(expression.parts[0]!, of, expected, local);
        break;
      case 'Unary': {
        const operand = evaluate(expression.operand, of, expected, local);
        return operand === undefined ? undefined : -operand;
      }
      case 'Binary': {
        const left = evaluate(expression.left, of, expected, local);
        const right = evaluate(expression.right, of, expected, local);
        if (left === undefined || right === undefined) return undefined;
        return finite(calculate(expression.operator, left, right), expression, local);
      }
    }
    local.report('wrong-type', expression.span, { of, expected, found: describeExpression(expression) });
    return undefined;
  }

  function finite(value: number, { span }: Expression, { report }: Local): number | undefined {
    if (Number.isFinite(value)) return value;
    report('not-finite', span, { text: textOf(span) });
    return undefined;
  }

  function isNumeric(expression: Expression, local: Local): boolean {
    switch (expression.kind) {
      case 'Number':
        return true;
      case 'Name':
        return (
          expression.parts.length === 1 && [local.values, byName].some((names) => names.has(expression.parts[0]!.name))
        );
      case 'Unary':
        return isNumeric(expression.operand, local);
      case 'Binary':
        return isNumeric(expression.left, local) && isNumeric(expression.right, local);
      default:
        return false;
    }
  }

  // A constant that nothing reads is checked too.
  for (const { name } of byName.values()) constant(name, name.name, 'a number', file);
  return made(file);

  function made(local: Local): Constants {
    return {
      names: [...local.values.keys(), ...byName.keys()],
      number: (expression, of, expected) => evaluate(expression, of, expected, local),
      isNumeric: (expression) => isNumeric(expression, local),
      within: (values, report) => made({ values, report }),
    };
  }
}

/** The names that arithmetic reads. */
function* namesIn(expression: Expression): Generator<string, undefined> {
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
