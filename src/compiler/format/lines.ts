/**
 * Stacks the lines of a file with the comments between and behind them, and aligns signs and comments of neighbours. Widths are counted
 * beforehand: prettier's printer knows no columns.
 */
import { builders } from 'prettier/doc';
import { beforeComment, type TokenGap } from './cursor.ts';
import type { Doc } from './doc.ts';
import type { PrintedBinding } from './entries.ts';
import type { FormatLayout } from './layout.ts';

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
function commentColumns(widths: readonly (number | undefined)[], gap: number): readonly (number | undefined)[] {
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

const { hardline, indent, lineSuffix } = builders;

/** A line, or something that was too long for one. */
export interface PrintedLine {
  readonly level: number;
  /** Comments above it, and behind the line before it. */
  readonly before: TokenGap;
  readonly doc: Doc;
  /** Cells up to its end, indentation included, when it is one line. */
  readonly width?: number;
  /** True if the line ends with an opening brace or begins with a closing one: no empty line follows or precedes such a brace. */
  readonly brace?: 'opens' | 'closes';
  /** Comments of lines of one section share a column. */
  readonly section: number;
}

/** The lines under each other, with `end` before the end of the file. */
export function stackLines(lines: readonly PrintedLine[], end: TokenGap, { tabWidth }: FormatLayout): Doc {
  const columns = columnsOf(lines, end);
  const lineDocs: Doc[] = [];
  const addDoc = (level: number, blank: boolean, doc: Doc): void => {
    const isFirst = lineDocs.length === 0;
    lineDocs.push(atLevel(level, [isFirst ? '' : blank ? [hardline, hardline] : hardline, doc]));
  };
  /** Writes the comments before line `index`, the end of the file for the last; says whether an empty line may follow. */
  const addComments = (index: number, { trailing, own }: TokenGap): boolean => {
    const line = lines[index];
    const column = columns[index - 1];
    if (trailing !== undefined) {
      const lineWidth = lines[index - 1]?.width;
      const space = column === undefined || lineWidth === undefined ? beforeComment : ' '.repeat(column - lineWidth);
      lineDocs.push(lineSuffix(space + trailing));
    }
    const level = line?.brace === 'closes' ? line.level + 1 : (line?.level ?? 0);
    let followsBrace = lines[index - 1]?.brace === 'opens';
    for (const { text, blank, continues } of own) {
      const indentation = continues && column !== undefined ? ' '.repeat(Math.max(0, column - level * tabWidth)) : '';
      addDoc(level, blank && !followsBrace, indentation + text);
      followsBrace = false;
    }
    return !followsBrace;
  };
  for (const [index, line] of lines.entries()) {
    const mayBlank = addComments(index, line.before);
    addDoc(line.level, line.before.blank && mayBlank && line.brace !== 'closes', line.doc);
  }
  addComments(lines.length, end);
  return lineDocs.length === 0 ? '' : [...lineDocs, hardline];
}

function atLevel(level: number, doc: Doc): Doc {
  let indentedDoc = doc;
  for (let depth = 0; depth < level; depth++) indentedDoc = indent(indentedDoc);
  return indentedDoc;
}

/** Returns the column of the comment behind each line. */
function columnsOf(lines: readonly PrintedLine[], end: TokenGap): (number | undefined)[] {
  const columns: (number | undefined)[] = [];
  const sections = new Map<number, number[]>();
  for (const [index, { section }] of lines.entries()) {
    const trailing = (lines[index + 1]?.before ?? end).trailing;
    if (trailing === undefined) continue;
    if (sections.has(section)) sections.get(section)!.push(index);
    else sections.set(section, [index]);
  }
  for (const indices of sections.values()) {
    const foundColumns = commentColumns(
      indices.map((index) => lines[index]!.width),
      beforeComment.length,
    );
    for (const [at, index] of indices.entries()) columns[index] = foundColumns[at];
  }
  return columns;
}
