import { hoverAt } from '../../language/hover.ts';
import { toRange } from '../convert.ts';
import { hoverPicture, themeOf } from '../hover_picture.ts';
import { type Provider, placeOf } from '../provider.ts';

export const hover: Provider = {
  capabilities: { hoverProvider: true },
  register(connection, session) {
    connection.onHover((params) => {
      const place = placeOf(session, params);
      const found = place && hoverAt(place.facts, place.offset);
      if (!found) return found;
      const picture = session.pictures && hoverPicture(place.facts, place.offset, session.pictures);
      const value = picture === undefined ? found.text : `${found.text}\n\n${picture}`;
      return { contents: { kind: 'markdown', value }, range: toRange(found.span) };
    });
    // The theme of a window changes while it is open. An editor that has said nothing of pictures gets none after it either.
    connection.onNotification('tower/pictures', (said: unknown) => {
      if (session.pictures) session.pictures = themeOf(said) ?? session.pictures;
    });
  },
};
