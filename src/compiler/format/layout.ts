/** What a file is laid out in. */
export interface Layout {
  /** Cells of a line before it is broken. */
  readonly printWidth: number;
  /** Cells of one level of indentation. */
  readonly tabWidth: number;
  readonly useTabs: boolean;
}

export const defaultLayout: Layout = { printWidth: 120, tabWidth: 2, useTabs: false };
