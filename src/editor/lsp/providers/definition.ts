import { dirname, join } from 'node:path';
import { linksOf } from '../../language/links.ts';
import { symbolAt } from '../../language/references.ts';
import { toLocation } from '../convert.ts';
import { type Provider, placeOf } from '../provider.ts';

export const definition: Provider = {
  capabilities: { definitionProvider: true },
  register(connection, session) {
    connection.onDefinition((params) => {
      const place = placeOf(session, params);
      if (!place) return null;
      const { facts, offset } = place;
      const found = symbolAt(facts, offset);
      if (found) return toLocation(session, found.symbol.span);
      const links = linksOf(facts.checked.file);
      const link = links.find(({ span, to }) => to === 'tower' && span.start <= offset && offset <= span.end);
      const target = link && session.source(join(dirname(facts.source.name), link.path));
      return target ? toLocation(session, { source: target, start: 0, end: 0 }) : null;
    });
  },
};
