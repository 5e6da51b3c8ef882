import { SemanticTokensBuilder } from 'vscode-languageserver';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { semanticTokensOf, tokenModifiers, tokenTypes } from '../../language/semantic_tokens.ts';
import { analysisOf, type Provider, toOffset, toPosition } from '../provider.ts';

export const semanticTokens: Provider = {
  capabilities: {
    semanticTokensProvider: {
      legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] },
      full: { delta: true },
      range: true,
    },
  },
  register(connection, session) {
    /** Stores the last answer for each document, because the next one may be only the difference. */
    const builders = new WeakMap<TextDocument, SemanticTokensBuilder>();
    const builderOf = (facts: FileAnalysis): SemanticTokensBuilder => {
      const document = session.document(facts.source.name);
      const builder = (document && builders.get(document)) ?? new SemanticTokensBuilder();
      if (document) builders.set(document, builder);
      return builder;
    };
    connection.languages.semanticTokens.on((params) => {
      const fileAnalysis = analysisOf(session, params);
      if (!fileAnalysis) return none;
      const builder = builderOf(fileAnalysis);
      builder.previousResult('');
      return add(builder, fileAnalysis).build();
    });
    connection.languages.semanticTokens.onDelta((params) => {
      const fileAnalysis = analysisOf(session, params);
      if (!fileAnalysis) return none;
      const builder = builderOf(fileAnalysis);
      builder.previousResult(params.previousResultId);
      return add(builder, fileAnalysis).buildEdits();
    });
    connection.languages.semanticTokens.onRange((params) => {
      const fileAnalysis = analysisOf(session, params);
      const { start, end } = params.range;
      if (!fileAnalysis) return none;
      const [from, to] = [toOffset(fileAnalysis.source, start), toOffset(fileAnalysis.source, end)];
      return add(new SemanticTokensBuilder(), fileAnalysis, from, to).build();
    });
  },
};

const none = { data: [] };

function add(builder: SemanticTokensBuilder, facts: FileAnalysis, start?: number, end?: number): SemanticTokensBuilder {
  for (const { span, type, modifiers } of semanticTokensOf(facts, start, end)) {
    const { line, character } = toPosition(span.source, span.start);
    const modifierBits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0);
    builder.push(line, character, span.end - span.start, tokenTypes.indexOf(type), modifierBits);
  }
  return builder;
}
