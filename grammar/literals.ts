/** Parses number and text literals. */

/** Returns the value: `30_000` → 30000; `10%` → 0.1, percent; `2**16` → 65536. Of a malformed number only its valid beginning counts. */
export function readNumber(image: string): { value: number; percent: boolean } {
  const percent = image.endsWith('%');
  const [base, exponent] = image.split(/\s*(?:\*\*|\^)\s*/);
  const number = Number.parseFloat(base!.replace(/[_,]/g, ''));
  const value = exponent === undefined ? number : number ** Number.parseFloat(exponent);
  return { value: percent ? value / 100 : value, percent };
}

export interface BadEscape {
  /** Offset from the start of the image, at the backslash. */
  readonly at: number;
  readonly image: string;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', "'": "'", '\\': '\\' };
const escapeSequence = /\\(?:u\{([0-9A-Fa-f]{1,6})\}|([\s\S]?))/g;

/** Matches texts in quotation marks that Tower does not use, or in two different ones, as a word processor writes them. */
const curly = /^[“”„«＂‘’‚"`].*[“”»＂‘’"'`]$/;

/** Returns the text between the quotes with its escapes resolved. An unknown escape stands for itself and is reported. */
export function readText(image: string): { value: string; badEscapes: readonly BadEscape[] } {
  const quote = image[0]!;
  const closed = image.length > 1 && (image.endsWith(quote) || curly.test(image)) && !endsInEscape(image.slice(1, -1));
  const inner = closed ? image.slice(1, -1) : image.slice(1);
  if (!inner.includes('\\')) return { value: inner, badEscapes: [] };
  const badEscapes: BadEscape[] = [];
  const value = inner.replace(
    escapeSequence,
    (whole: string, code: string | undefined, letter: string | undefined, at: number) => {
      const character =
        code === undefined
          ? escapes[letter ?? '']
          : Number.parseInt(code, 16) <= 0x10ffff
            ? String.fromCodePoint(Number.parseInt(code, 16))
            : undefined;
      if (character === undefined) badEscapes.push({ at: at + 1, image: whole });
      return character ?? whole;
    },
  );
  return { value, badEscapes };
}

function endsInEscape(inner: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(inner);
}
