import { FoldingRangeKind } from 'vscode-languageserver';
import { foldsOf } from '../../language/folding.ts';
import { factsOf, type Provider } from '../provider.ts';

export const folding: Provider = {
  capabilities: { foldingRangeProvider: true },
  register(connection, session) {
    connection.onFoldingRanges((params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      return foldsOf(facts).map(({ start, end, comment }) => ({
        startLine: start - 1,
        endLine: end - 1,
        ...(comment ? { kind: FoldingRangeKind.Comment } : {}),
      }));
    });
  },
};
