import { referencesTo } from '../../language/references.ts';
import { toLocation } from '../convert.ts';
import { symbolInProject } from '../project.ts';
import type { Provider } from '../provider.ts';

export const references: Provider = {
  capabilities: { referencesProvider: true },
  register(connection, session) {
    connection.onReferences(async (params, token) => {
      const found = await symbolInProject(session, params, token);
      if (!found) return null;
      return referencesTo(found.symbol, found.files)
        .filter(({ declares }) => params.context.includeDeclaration || !declares)
        .map(({ span }) => toLocation(session, span));
    });
  },
};
