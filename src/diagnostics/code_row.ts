/** What the row of a code says: the message, how its fix may be used, and the page that explains it. */
export type Severity = 'error' | 'warning';

/** A code's page, for a person who meets the code for the first time. */
export interface Explanation {
  /** Some simple sentences: what is wrong, and why it is not accepted. */
  readonly means: string;
  /** A file that gets the message. */
  readonly wrong?: string;
  /** The same file without the mistake. Absent beside `wrong`: the first fix gives it. */
  readonly right?: string;
  /** What to do, where the mistake is in no `.tower` file. */
  readonly remedy?: string;
}

export interface CodeRow<F> extends Explanation {
  readonly severity: Severity;
  /** One line: what is wrong, in the language's words. */
  readonly message: (facts: F) => string;
  /** An imperative: what to do. */
  readonly hint?: (facts: F) => string | undefined;
  /**
   * Whether `--fix` may use the fix: it restores what a person meant (a sign, a quote, the spelling of a word), or it writes the same
   * in other words, such as `2**16` as `65_536`. Absent: a person chooses, because the fix removes something or changes the model.
   */
  readonly fix?: 'restores' | 'rewrites';
  /** The place holds something that has no effect: editors show it faded. */
  readonly unnecessary?: true;
}

/** @typeParam F the facts that a call site reports, which the message words */
export const row = <F>(row: CodeRow<F>): CodeRow<F> => row;
