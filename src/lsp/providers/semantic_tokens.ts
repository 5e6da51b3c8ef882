import type { SemanticTokensEdit } from 'vscode-languageserver';
import { SemanticTokensBuilder } from 'vscode-languageserver';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import type { KeptAnswers } from '../../language/kept_answers.ts';
import { semanticTokensOf } from '../../language/semantic_tokens.ts';
import { tokenModifiers, tokenTypes } from '../../language/token_looks.ts';
import { toOffset, toPosition } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

/** The last answer about a whole file. */
interface Sent {
  readonly resultId: string;
  readonly data: number[];
}

const none = { data: [] };

export const semanticTokens: Provider = {
  capabilities: {
    semanticTokensProvider: {
      legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] },
      full: { delta: true },
      range: true,
    },
  },
  register(connection, session) {
    let answers = 0;
    const sent = new WeakMap<KeptAnswers, Sent>();
    const whole = (facts: FileAnalysis): Sent => {
      const now = { resultId: String(++answers), data: facts.encodedTokens as number[] };
      sent.set(facts.kept, now);
      return now;
    };
    connection.languages.semanticTokens.on((params) => {
      const facts = factsOf(session, params);
      return facts ? whole(facts) : none;
    });
    connection.languages.semanticTokens.onDelta((params) => {
      const facts = factsOf(session, params);
      if (!facts) return none;
      const before = sent.get(facts.kept);
      const now = whole(facts);
      // An editor that was sent something else since gets all of it.
      if (before?.resultId !== params.previousResultId) return now;
      return { resultId: now.resultId, edits: editsOf(before.data, now.data) };
    });
    connection.languages.semanticTokens.onRange((params) => {
      const facts = factsOf(session, params);
      const { start, end } = params.range;
      return facts ? tokensIn(facts, toOffset(facts.source, start), toOffset(facts.source, end)) : none;
    });
  },
};

function tokensIn(facts: FileAnalysis, start: number, end: number) {
  const builder = new SemanticTokensBuilder();
  for (const { span, type, modifiers } of semanticTokensOf(facts, start, end)) {
    const { line, character } = toPosition(span.source, span.start);
    const bits = modifiers.reduce((sum, modifier) => sum | (1 << tokenModifiers.indexOf(modifier)), 0);
    builder.push(line, character, span.end - span.start, tokenTypes.indexOf(type), bits);
  }
  return builder.build();
}

/** One edit, of whole tokens: places count from the token before, so what is behind a change is as it was. */
function editsOf(before: readonly number[], data: readonly number[]): SemanticTokensEdit[] {
  const most = Math.min(before.length, data.length);
  let start = 0;
  while (start < most && before[start] === data[start]) start++;
  if (start === most && before.length === data.length) return [];
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === data[data.length - 1 - end]) end++;
  const from = start - (start % 5);
  const rest = end - (end % 5);
  return [{ start: from, deleteCount: before.length - rest - from, data: data.slice(from, data.length - rest) }];
}
