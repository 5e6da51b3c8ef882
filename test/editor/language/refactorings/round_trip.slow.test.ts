/** Steps of every model taken into a block and written out again: the same plan, and a text that stays checked and formatted. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lex } from '../../../../grammar/lexer.ts';
import { applyEdits } from '../../../../src/base/diagnostics/fixes.ts';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { makeSource } from '../../../../src/base/text/source.ts';
import { formatSource } from '../../../../src/compiler/format/format.ts';
import { checkSource, compileSource } from '../../../../src/compiler/pipeline.ts';
import type * as Ast from '../../../../src/compiler/syntax/ast.ts';
import { parse } from '../../../../src/compiler/syntax/parse.ts';
import { FileAnalysis } from '../../../../src/editor/language/file_analysis.ts';
import { refactoringsAt } from '../../../../src/editor/language/refactorings.ts';
import { identityOf } from '../../../../src/training/artifact/identity.ts';

const source = (text: string) => makeSource('model.tower', text);
const checksumOf = (text: string): string => identityOf(compileSource(source(text)).lowered!.plan).plan;
const commentsOf = (text: string): readonly string[] => lex(text).comments.map(({ image }) => image);
const wordsOf = (text: string): readonly string[] => lex(text).tokens.map(({ image }) => image);
const formatted = (text: string): string => formatSource(source(text)).output!;

const stepsOf = (flow: Ast.ExpressionNode): readonly Ast.ExpressionNode[] =>
  flow.kind === 'Flow' ? flow.steps : [flow];

/** Steps that could be a block's: those of each flow of a tower but the first, and those of a block but the first. */
const flowsOf = (text: string): readonly (readonly Ast.ExpressionNode[])[] =>
  parse(source(text))
    .output.declarations.flatMap((node) =>
      node.kind === 'Tower'
        ? node.entries.map(({ flow }) => flow)
        : node.kind === 'Block' && node.flow
          ? [node.flow]
          : [],
    )
    .map((flow) => stepsOf(flow).slice(1))
    .filter((steps) => steps.length > 0);

/** The text after the refactoring of a kind. What it brings is judged by the next check, not by one of its own. */
function refactored(text: string, kind: string, start: number, end = start): string {
  const facts = new FileAnalysis(checkSource(source(text)));
  expect(facts.checked.diagnostics).toEqual([]);
  const { edits } = refactoringsAt(facts, [start, end], () => []).find((one) => one.kind === kind)!;
  return applyEdits(facts.source, edits);
}

/** One of features and keys alone has no step. */
const models = readdirSync('models').flatMap((name) => {
  const text = name.endsWith('.tower') ? readFileSync(`models/${name}`, 'utf8') : '';
  return flowsOf(text).length > 0 ? [{ name, text }] : [];
});

describe.each(models)('$name', ({ name, text }) => {
  it('computes the same after steps were extracted and written out again', () => {
    const random = makeRandom(name.length);
    const flows = flowsOf(text);
    const plan = checksumOf(text);
    // Any stretch of the steps of one flow; of all flows where the suite is asked for more.
    for (const steps of process.env.TOWER_FUZZ ? flows : [flows[random.integer(flows.length)]!]) {
      const from = random.integer(steps.length);
      const to = from + random.integer(steps.length - from);
      const extracted = refactored(text, 'extract', steps[from]!.span.start, steps[to]!.span.end);
      expect(commentsOf(extracted).toSorted()).toEqual(commentsOf(text).toSorted());
      const tidy = formatted(extracted);
      expect(formatted(tidy)).toBe(tidy);
      const back = refactored(tidy, 'inline', /(?<!block )\bpart\b/.exec(tidy)!.index);
      expect(checksumOf(back)).toBe(plan);
      // Without the block that nothing uses now, it has the words that it had.
      const isPart = (node: Ast.DeclarationNode): boolean => node.kind === 'Block' && node.name.name === 'part';
      const { span } = parse(source(back)).output.declarations.find(isPart)!;
      const without = back.slice(0, span.start) + back.slice(span.end);
      expect(wordsOf(without)).toEqual(wordsOf(text));
      expect(commentsOf(without)).toEqual(commentsOf(text));
    }
  });
});
