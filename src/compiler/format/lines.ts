/** The lines of a file, and the comments between and behind them. */
import { builders } from 'prettier/doc';
import { commentColumns } from './align.ts';
import { beforeComment } from './cursor.ts';
import type { Doc } from './doc.ts';
import type { TokenGap } from './gaps.ts';
import type { FormatLayout } from './layout.ts';

const { hardline, indent, lineSuffix } = builders;

/** A line, or something that was too long for one. */
export interface PrintedLine {
  readonly level: number;
  /** Comments above it, and behind the line before it. */
  readonly before: TokenGap;
  readonly doc: Doc;
  /** Cells up to its end, indentation included, when it is one line. */
  readonly width?: number;
  /** Ends with an opening brace, or begins with a closing one: no empty line is between a brace and what it holds. */
  readonly brace?: 'opens' | 'closes';
  /** Comments of lines of one section share a column. */
  readonly section: number;
}

/** The lines under each other, with `end` before the end of the file. */
export function stackLines(lines: readonly PrintedLine[], end: TokenGap, { tabWidth }: FormatLayout): Doc {
  const columns = columnsOf(lines, end);
  const parts: Doc[] = [];
  const addDoc = (level: number, blank: boolean, doc: Doc): void => {
    const isFirst = parts.length === 0;
    parts.push(atLevel(level, [isFirst ? '' : blank ? [hardline, hardline] : hardline, doc]));
  };
  /** Writes the comments before line `index`, the end of the file for the last; says whether an empty line may follow. */
  const addComments = (index: number, { trailing, own }: TokenGap): boolean => {
    const line = lines[index];
    const column = columns[index - 1];
    if (trailing !== undefined) {
      const width = lines[index - 1]?.width;
      const space = column === undefined || width === undefined ? beforeComment : ' '.repeat(column - width);
      parts.push(lineSuffix(space + trailing));
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
  return parts.length === 0 ? '' : [...parts, hardline];
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
