/** Which characters a token may begin with. Chevrotain reads the patterns at each start to find it out, unless it is said. */

/** Chevrotain has one list of tokens for each character below 256, and one for every 255 characters from there on. */
const [single, together] = [256, 255];

/** The codes to name for ranges of characters, as in a class of a pattern: `A-Za-z_`. A `-` of its own is last. */
export function starts(ranges: string): number[] {
  return [...ranges.matchAll(/(.)(?:-(.))?/gsu)].flatMap(([, first, last = first]) => {
    const [from, to] = [first!.codePointAt(0)!, last!.codePointAt(0)!];
    const codes = [to];
    for (let code = from; code < to; code += code < single ? 1 : together) codes.push(code);
    return codes;
  });
}
