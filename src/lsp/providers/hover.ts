import { hoverAt } from '../../language/hover.ts';
import { toRange } from '../convert.ts';
import { type Provider, placeOf } from '../provider.ts';

export const hover: Provider = {
  capabilities: { hoverProvider: true },
  register(connection, session) {
    connection.onHover((params) => {
      const place = placeOf(session, params);
      const found = place && hoverAt(place.facts, place.offset);
      return found && { contents: { kind: 'markdown', value: found.text }, range: toRange(found.span) };
    });
  },
};
