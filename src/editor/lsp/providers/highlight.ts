import { DocumentHighlightKind } from 'vscode-languageserver';
import { referencesTo, symbolAt } from '../../language/references.ts';
import { toRange } from '../convert.ts';
import { type Provider, placeOf } from '../provider.ts';

export const highlight: Provider = {
  capabilities: { documentHighlightProvider: true },
  register(connection, session) {
    connection.onDocumentHighlight((params) => {
      const place = placeOf(session, params);
      const found = place && symbolAt(place.facts, place.offset);
      if (!place || !found) return null;
      return referencesTo(found.symbol, [place.facts])
        .filter(({ span }) => span.source === place.facts.source)
        .map(({ span, declares }) => ({
          range: toRange(span),
          kind: declares ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
        }));
    });
  },
};
