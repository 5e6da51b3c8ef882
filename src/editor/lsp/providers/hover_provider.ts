/** Answers hovers with text and, as a Markdown image that fits a hover of VS Code, a drawing of the declaration. */
import { drawFile, type SvgFile } from '../../drawing/drawing.ts';
import { boxesOf, type PicturePart, partAt } from '../../drawing/file_drawing.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { hoverAt } from '../../language/hover.ts';
import { aboutPosition, type Provider, toRange } from '../provider.ts';
import type { PictureTheme } from '../session.ts';

export const hover: Provider = {
  capabilities: { hoverProvider: true },
  register(connection, session) {
    connection.onHover(
      aboutPosition(session, (facts, offset) => {
        const shownHover = hoverAt(facts, offset);
        if (!shownHover) return null;
        const picture = session.pictures && hoverPicture(facts, offset, session.pictures);
        const hoverText = picture === undefined ? shownHover.text : `${shownHover.text}\n\n${picture}`;
        return { contents: { kind: 'markdown', value: hoverText }, range: toRange(shownHover.span) };
      }),
    );
    // The theme of a window may change while it is open. An editor that did not ask for pictures gets none after a change either.
    connection.onNotification('tower/pictures', (said: unknown) => {
      if (session.pictures) session.pictures = themeOf(said) ?? session.pictures;
    });
  },
};

/** Pixels. A hover of VS Code is 500 wide. A picture that is too high is folded; if it still is too high, it is scrolled. */
const room = { width: 480, height: 560 };
/** Maximum characters of the URL that holds a picture. VS Code cuts a Markdown text at 100,000 characters. */
const most = 48_000;

/**
 * Reads the option that enables pictures and their colours. A picture is a data URL of some kilobytes, which an editor without images would show as
 * text, so pictures are off by default.
 */
export function themeOf(said: unknown): PictureTheme | undefined {
  return said === 'light' || said === 'dark' || said === 'system' ? said : undefined;
}

/** Returns the picture of the word at the offset; undefined if it has none. */
export function hoverPicture(facts: FileAnalysis, offset: number, theme: PictureTheme): string | undefined {
  const part = partAt(facts, offset);
  if (!part) return undefined;
  const openPicture = draw(part, theme, []);
  const isLarge = openPicture.height > room.height || addressOf(openPicture).length > most;
  const file = isLarge ? draw(part, theme, folded(part)) : openPicture;
  const address = addressOf(file);
  const boxCount = boxesOf(part.drawing).length;
  if (address.length > most) {
    return `*${part.title} has ${boxCount} boxes, too many for a hover.* \`tower inspect MODEL --svg\` writes the picture.`;
  }
  return `![${part.title.replaceAll(/[^\p{L}\p{N}_. ]/gu, '')}](${address})`;
}

const draw = ({ name, title, drawing }: PicturePart, theme: PictureTheme, fold: readonly string[]): SvgFile =>
  drawFile(name, drawing, {
    ...{ title, width: room.width, most: room.width, folded: new Set(fold) },
    theme: theme === 'system' ? undefined : theme,
  });

/** Returns the ids of the boxes to fold: the towers, but not tasks, which are small, or a single block, whose steps are of interest. */
function folded({ drawing }: PicturePart): readonly string[] {
  const boxes = boxesOf(drawing);
  return boxes.length === 1 ? [] : boxes.flatMap(({ id, kind }) => (kind === 'task' ? [] : [id]));
}

/** Returns a data URL. Base64 has none of the characters that end a URL in Markdown. */
const addressOf = ({ text }: SvgFile): string => `data:image/svg+xml;base64,${base64(text)}`;

/** Encodes as Base64, also in browsers, where the server may run. */
function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}
