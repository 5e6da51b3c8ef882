import { referencesTo, symbolAt } from '../../language/references.ts';
import { toLocation } from '../convert.ts';
import { filesWith } from '../project.ts';
import { type Provider, placeOf } from '../provider.ts';

export const references: Provider = {
  capabilities: { referencesProvider: true },
  register(connection, session) {
    connection.onReferences((params) => {
      const place = placeOf(session, params);
      const found = place && symbolAt(place.facts, place.offset);
      if (!place || !found) return null;
      return referencesTo(found.symbol, filesWith(session, place.facts, found.symbol))
        .filter(({ declares }) => params.context.includeDeclaration || !declares)
        .map(({ span }) => toLocation(session, span));
    });
  },
};
