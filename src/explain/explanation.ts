/** What a code means, for someone who meets it for the first time. */
export interface Explanation {
  /** Some simple sentences: what is wrong, and why it is not let pass. */
  readonly means: string;
  /** A file that gets the message. */
  readonly wrong?: string;
  /** The file mended. Absent beside `wrong`: its first fix does it. */
  readonly right?: string;
  /** What to do, where the mistake is in no `.tower` file. */
  readonly mend?: string;
}
