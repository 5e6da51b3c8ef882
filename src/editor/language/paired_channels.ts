/** Channels that a score pairs by their name: one that gets another name would lose its partner, unless that gets it too. */
import type * as Ast from '../../compiler/syntax/ast.ts';
import type { FileAnalysis } from './file_analysis.ts';
import { type NamedSymbol, Symbols } from './symbols.ts';

export function pairedChannels({ kind, name, tower }: NamedSymbol, { checked }: FileAnalysis): readonly NamedSymbol[] {
  if (kind !== 'channel' || tower === undefined) return [];
  const { scope } = checked.resolution;
  const symbols = new Symbols(checked.resolution);
  const scores = [...scope.tasks.values()].flatMap(({ entries }) =>
    entries.filter((entry) => entry.name.name === 'score'),
  );
  const others = scores
    .flatMap(({ value }) => pairsOf(value))
    .filter((pair) => pair.includes(tower))
    .flatMap((pair) => pair.filter((other) => other !== tower));
  return [...new Set(others)].flatMap((other) => {
    const partner = symbols.step(other, name);
    return partner?.kind === 'channel' ? [partner] : [];
  });
}

/** The names that are alone in each call of a score: of towers, whose channels all take part. */
function pairsOf(value: Ast.ExpressionNode): readonly (readonly string[])[] {
  switch (value.kind) {
    case 'Binary':
      return [...pairsOf(value.left), ...pairsOf(value.right)];
    case 'Unary':
      return pairsOf(value.operand);
    case 'Call':
      return [
        value.arguments.flatMap(({ value: one }) =>
          one.kind === 'Name' && one.parts.length === 1 ? [one.parts[0]!.name] : [],
        ),
      ];
    default:
      return [];
  }
}
