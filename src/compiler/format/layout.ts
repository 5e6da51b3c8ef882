/** Layout options of the formatter. They have their own file because public types of the package refer to them. */

export interface FormatLayout {
  /** Cells of a line before it is broken. */
  readonly printWidth: number;
  /** Cells of one level of indentation. */
  readonly tabWidth: number;
  readonly useTabs: boolean;
}

export const defaultLayout: FormatLayout = { printWidth: 120, tabWidth: 2, useTabs: false };
