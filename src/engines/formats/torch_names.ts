/**
 * Names of a model as Python identifiers. A name comes from a file or from a caller, and nothing of it may become code: identifiers hold ASCII letters,
 * digits and underscores, comments hold printable ASCII on one line, and other texts are quoted.
 */

/** Words of Python, and the names that a printed module uses. */
const reservedNames =
  'False None True and as assert async await break case class continue def del elif else except finally for from global if import in is ' +
  'lambda match nonlocal not or pass raise return try type while with yield print tuple ' +
  'torch functional device INPUTS PARAMETERS OUTPUTS UPDATES';

/** Gives each name an identifier of its own. */
export class PythonNames {
  private readonly used = new Set(reservedNames.split(' '));

  /** `user/main/mlp/weights_0` is `user_main_mlp_weights_0`; a second one of that name is `user_main_mlp_weights_0_2`. */
  fresh(name: string): string {
    const plain = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    // 120: Python takes longer ones, readers do not.
    const base = (/^[A-Za-z]/.test(plain) ? plain : `value_${plain}`).replace(/_+$/, '').slice(0, 120);
    let result = base;
    for (let count = 2; this.used.has(result); count += 1) result = `${base}_${count}`;
    this.used.add(result);
    return result;
  }
}

/** A text on one line of a comment. */
export const inComment = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** A Python string with the value of `text`: JSON's escapes mean the same there. */
export const pythonString = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
