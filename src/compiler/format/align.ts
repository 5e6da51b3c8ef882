/** Signs and comments of neighbours under each other. Widths are counted beforehand: prettier's printer knows no columns. */
import type { PrintedBinding } from './entries.ts';

/** A longer name keeps its sign to itself, so that it pushes no other's away. */
const longestName = 40;

/** Comments are aligned up to this column; those of longer lines follow their line. */
const lastColumn = 90;

/** Returns the width of each binding's head: the widest of its run. */
export function headWidths(
  bindings: readonly (PrintedBinding | undefined)[],
  isApart: (index: number) => boolean,
): readonly number[] {
  const widths: number[] = [];
  for (const run of alignedRuns(
    bindings.length,
    (at) => isApart(at) || bindings[at]?.form !== bindings[at - 1]?.form,
  )) {
    const headLengths = run.map((at) => bindings[at]?.head?.length ?? 0).filter((length) => length <= longestName);
    const widestHead = headLengths.reduce((most, length) => Math.max(most, length), 0);
    for (const at of run) widths[at] = widestHead;
  }
  return widths;
}

/** The column of each line's comment; `widths` has nothing for lines that have none, or that are broken. */
export function commentColumns(widths: readonly (number | undefined)[], gap: number): readonly (number | undefined)[] {
  const alignedWidths = widths.filter((width) => width !== undefined && width <= lastColumn);
  const column = (alignedWidths as number[]).reduce((most, width) => Math.max(most, width), 0) + gap;
  return widths.map((width) => (width === undefined ? undefined : width <= lastColumn ? column : width + gap));
}

/** Neighbours that belong together: cut before each index that is apart from the one before. */
export function alignedRuns(length: number, isApart: (index: number) => boolean): number[][] {
  const foundRuns: number[][] = [];
  for (let index = 0; index < length; index++) {
    if (index === 0 || isApart(index)) foundRuns.push([]);
    foundRuns.at(-1)!.push(index);
  }
  return foundRuns;
}
