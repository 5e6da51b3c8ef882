import { InlayHintKind } from 'vscode-languageserver';
import { inlaysIn } from '../../language/inlay.ts';
import { toOffset, toPosition } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

export const inlayHints: Provider = {
  capabilities: { inlayHintProvider: true },
  register(connection, session) {
    connection.languages.inlayHint.on((params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { source } = facts;
      const { start, end } = params.range;
      return inlaysIn(facts, toOffset(source, start), toOffset(source, end)).map(({ offset, text }) => ({
        position: toPosition(source, offset),
        label: text,
        kind: InlayHintKind.Type,
        paddingLeft: true,
      }));
    });
  },
};
