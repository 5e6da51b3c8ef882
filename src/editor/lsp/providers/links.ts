import { dirname, isAbsolute, join } from 'node:path';
import { linksOf } from '../../language/links.ts';
import { toRange } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

export const links: Provider = {
  capabilities: { documentLinkProvider: {} },
  register(connection, session) {
    connection.onDocumentLinks((params) => {
      const facts = factsOf(session, params);
      if (!facts || !isAbsolute(facts.source.name)) return null;
      const folder = dirname(facts.source.name);
      return linksOf(facts.checked.file).flatMap(({ span, path }) => {
        const target = isAbsolute(path) ? path : join(folder, path);
        return session.host.exists(target) ? [{ range: toRange(span), target: session.uriOf(target) }] : [];
      });
    });
  },
};
