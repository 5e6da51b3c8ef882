/** Which addresses of the data a page may load as pictures. The policy of the page forbids all others, too. */

/** The address, or undefined where it is not one of `data:image`, of this server, or of https. */
export function pictureOf(value: unknown, base: string): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  if (/^data:image\//i.test(value)) return value;
  let url: URL;
  try {
    url = new URL(value, base);
  } catch {
    return undefined;
  }
  // A `blob:` has the origin of its page, too.
  const isOwn = url.protocol === 'http:' && url.origin === new URL(base).origin;
  return url.protocol === 'https:' || isOwn ? url.href : undefined;
}
