/**
 * No list whose length depends on data becomes the arguments of a call: past about 120,000 of them the call ends in "maximum call stack size exceeded".
 * A loop adds them, or `reduce`. Lists that are as long as a program's text, a chart or a page are short, so these wings may spread them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** Rooms in which the length of each list is that of a program's text, or of what one page shows. */
const boundedRooms = /^(compiler|editor|graph|app\/(cli|report)|serving\/page|plugins\/(tune|easyrec))\//;
const boundedFiles = ['base/diagnostics/codes/shapes_codes.ts'];

/** Calls that take any number of values. `hypot` takes a vector, which is as wide as the program says. */
const takesAny = /\.(push|unshift|splice)$|^(Math\.(max|min)|String\.from(CharCode|CodePoint))$/;

/** True for values that the text itself counts: a list written out, or one of two such lists. */
function isWrittenOut(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node)) return isWrittenOut(node.expression);
  if (ts.isConditionalExpression(node)) return isWrittenOut(node.whenTrue) && isWrittenOut(node.whenFalse);
  return ts.isArrayLiteralExpression(node) && node.elements.every((each) => !ts.isSpreadElement(each));
}

function spreads(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && takesAny.test(node.expression.getText().replaceAll('?', ''))) {
      const bad = node.arguments.some((each) => ts.isSpreadElement(each) && !isWrittenOut(each.expression));
      if (bad) found.push(node.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('', text, ts.ScriptTarget.Latest, true));
  return found;
}

it('a list of any length is added by a loop', () => {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  const judged = names.filter(
    (name) => /\.tsx?$/.test(name) && !boundedRooms.test(name) && !boundedFiles.includes(name),
  );
  const found = judged.flatMap((name) =>
    spreads(readFileSync(join('src', name), 'utf8')).map((call) => `${name}: ${call}`),
  );
  expect(found).toEqual([]);
});

it('knows what it looks for', () => {
  const good = 'a.push(...(b ? [1] : [])); a.push([...b]); f(...b); Math.hypot(...v);';
  expect(spreads(good)).toEqual([]);
  expect(spreads('a?.push(...b); Math.max(0, ...c.map(d)); e.f.splice(0, 1, ...g);')).toHaveLength(3);
});
