/** Layout options of the formatter. They have their own file because public types of the package refer to them. */

export interface FormatLayout {
  /** Maximum width of a line in cells before it is broken. */
  readonly printWidth: number;
  /** Width of one level of indentation in cells. */
  readonly tabWidth: number;
  readonly useTabs: boolean;
}

export const defaultLayout: FormatLayout = { printWidth: 120, tabWidth: 2, useTabs: false };
