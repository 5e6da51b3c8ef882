/** Which texts PostgreSQL can store: all but those with U+0000, or with half of a surrogate pair. */

/** The place of the first unit that cannot be stored, −1 where there is none. */
export function unstorableAt(text: string): number {
  const places = [text.indexOf('\0'), text.search(/\p{Surrogate}/u)].filter((at) => at >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
}
