/** What is not lost: the text as it was at the last edit, the text that an example or a link replaced, and texts in links. */

const keys = { text: 'tower-playground-text', before: 'tower-playground-before' } as const;
/** A longer text comes from nobody who wrote a model. */
const longest = 200_000;

/** A browser may refuse storage, and the page works without. */
function stored<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

export const keep = (what: keyof typeof keys, text: string): void =>
  void stored(() => localStorage.setItem(keys[what], text));

export const keptText = (what: keyof typeof keys): string | undefined =>
  stored(() => localStorage.getItem(keys[what])) ?? undefined;

/** A link that holds the text itself: no server sees it. */
export async function linkTo(text: string): Promise<string> {
  const bytes = await through(new Blob([text]).stream(), new CompressionStream('deflate-raw'));
  const code = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const url = new URL(location.href);
  url.hash = `text=${code.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
  return url.href;
}

/** The text of a link. A stranger wrote it: it is shown, never run, and a text that is too long or no text is refused. */
export async function textOfLink(hash: string): Promise<string | undefined> {
  const [, code] = /^#text=([\w-]{1,400000})$/.exec(hash) ?? [];
  if (code === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(code.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
    const opened = await through(new Blob([bytes]).stream(), new DecompressionStream('deflate-raw'));
    return new TextDecoder('utf-8', { fatal: true }).decode(opened);
  } catch {
    return undefined;
  }
}

/** A few bytes may unpack to gigabytes: reading ends where no model would. */
async function through(bytes: ReadableStream, how: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const reader = bytes.pipeThrough(how as unknown as ReadableWritablePair<Uint8Array, unknown>).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    parts.push(piece.value);
    length += piece.value.length;
    if (length > longest) {
      await reader.cancel();
      throw new Error('the text is too long');
    }
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
