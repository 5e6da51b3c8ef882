/** Says which texts are names of the language. Letters of all scripts may be in a name; letters that only look like others may not. */

/** Matches what has the form of a name: letters of any script, their marks, digits and `_`. */
export const namePattern = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{M}\p{Nd}_]*$/u;

/** Matches invisible characters, which no name may have. */
const invisibleCharacters = /\p{Default_Ignorable_Code_Point}/gu;

/** Scripts that have letters with the look of letters of another one. */
const lookalikeScripts = ['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Cherokee', 'Coptic', 'Lisu'].map(
  (script) => new RegExp(`\\p{Script=${script}}`, 'u'),
);

/** True if a text, such as the name of a column, can be a name of the language as it stands. */
export function isIdentifier(text: string): boolean {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return true;
  return namePattern.test(text) && text === normalizeName(text) && !mixesLookalikeAlphabets(text);
}

/** Returns the rule that a text breaks which is not a name. */
export function explainInvalidName(text: string): string {
  if (/^\p{Nd}/u.test(text)) return 'a name begins with a letter or `_`';
  if (namePattern.test(text) && mixesLookalikeAlphabets(text))
    return 'one word of it mixes alphabets whose letters look the same';
  return 'names are made of letters, digits and `_`';
}

/** True if letters of two alphabets that look the same are in one word: `user_аge` with a Cyrillic `а`, but not `возраст_id`. */
const mixesLookalikeAlphabets = (name: string): boolean =>
  name.split('_').some((word) => lookalikeScripts.filter((script) => script.test(word)).length > 1);

/** Returns a name in form NFC, without invisible characters, and with plain letters for wide or ornate ones: `ｉｄ` becomes `id`. */
export const normalizeName = (name: string): string =>
  name
    .replace(invisibleCharacters, '')
    .normalize('NFC')
    .replace(/\P{ASCII}/gu, (letter) => (/^\w+$/.test(letter.normalize('NFKC')) ? letter.normalize('NFKC') : letter));
