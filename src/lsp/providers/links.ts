import { existsSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
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
        const target = resolve(folder, path);
        return existsSync(target) ? [{ range: toRange(span), target: session.uriOf(target) }] : [];
      });
    });
  },
};
