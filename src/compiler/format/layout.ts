/** How wide lines are, and how far they are indented. Apart from what uses it: the public types of the package name it. */

export interface FormatLayout {
  /** Cells of a line before it is broken. */
  readonly printWidth: number;
  /** Cells of one level of indentation. */
  readonly tabWidth: number;
  readonly useTabs: boolean;
}

export const defaultLayout: FormatLayout = { printWidth: 120, tabWidth: 2, useTabs: false };
