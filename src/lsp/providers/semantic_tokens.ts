import { SemanticTokensBuilder } from 'vscode-languageserver';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { semanticTokensOf, tokenModifiers, tokenTypes } from '../../language/semantic_tokens.ts';
import { toOffset, toPosition } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

export const semanticTokens: Provider = {
  capabilities: {
    semanticTokensProvider: {
      legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] },
      full: true,
      range: true,
    },
  },
  register(connection, session) {
    connection.languages.semanticTokens.on((params) => tokens(factsOf(session, params)));
    connection.languages.semanticTokens.onRange((params) => {
      const facts = factsOf(session, params);
      const { start, end } = params.range;
      return tokens(facts, facts && [toOffset(facts.source, start), toOffset(facts.source, end)]);
    });
  },
};

function tokens(facts: FileAnalysis | undefined, [start, end]: readonly [number?, number?] = []) {
  const builder = new SemanticTokensBuilder();
  for (const { span, type, modifiers } of facts ? semanticTokensOf(facts, start, end) : []) {
    const { line, character } = toPosition(span.source, span.start);
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0);
    builder.push(line, character, span.end - span.start, tokenTypes.indexOf(type), bits);
  }
  return builder.build();
}
