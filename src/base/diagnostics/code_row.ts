export type Severity = 'error' | 'warning';

/** The row of a code: its message, its hint, and how `--fix` may use its fix. Its page, `docs/errors/CODE.md`, is written by hand. */
export interface CodeRow<F> {
  readonly severity: Severity;
  /** The name of the code in the version before. Ignores, `tower explain` and links keep working with this name for one version. */
  readonly formerly?: string;
  /** One line: what is wrong and where, in the words of the language. No capital at the start, no full stop at the end. */
  readonly message: (facts: F) => string;
  /** An imperative: what to do. */
  readonly hint?: (facts: F) => string | undefined;
  /**
   * Tells `--fix` that it may apply the fix. `restores`: the fix restores what a person meant (a sign, a quote, the spelling of a
   * word). `rewrites`: it writes the same in other words, such as `2**16` as `65_536`. Absent: a person chooses, because the fix
   * removes something or changes the model.
   */
  readonly fix?: 'restores' | 'rewrites';
  /** The marked text has no effect: editors show it faded. */
  readonly unnecessary?: true;
}

/** A row as the table writes it: an error unless it says otherwise, with a hint that may be one text for all facts. */
type WrittenRow<F> = Omit<CodeRow<F>, 'severity' | 'hint'> & {
  readonly severity?: Severity;
  readonly hint?: string | ((facts: F) => string | undefined);
};

/** @typeParam F the facts that a call site reports; the message puts them into words */
export const row = <F>({ hint, severity = 'error', ...others }: WrittenRow<F>): CodeRow<F> => ({
  severity,
  ...others,
  ...(hint === undefined ? {} : { hint: typeof hint === 'string' ? () => hint : hint }),
});
