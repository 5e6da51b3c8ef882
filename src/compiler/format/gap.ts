/** One gap between two tokens: its comments and blank lines, and what they say to the printer. */
import { defined } from '../../base/util/defined.ts';

export interface OwnLine {
  readonly text: string;
  /** An empty line is above it. */
  readonly blank: boolean;
  /** It goes on below a comment at a line's end, in the same column. */
  readonly continues: boolean;
}

export interface Gap {
  /** The comment on the line of the token before. */
  readonly trailing?: string;
  /** Comments that have a line to themselves. */
  readonly own: readonly OwnLine[];
  /** An empty line is right above the next token. */
  readonly blank: boolean;
  /** The next token begins a line. */
  readonly newline: boolean;
}

export const nothing: Gap = { own: [], blank: false, newline: false };

export const hasComments = ({ trailing, own }: Gap): boolean => trailing !== undefined || own.length > 0;

/** Whether one of its comments is a `///`, which belongs to the token below. */
export const hasDescription = ({ trailing, own }: Gap): boolean =>
  (trailing?.startsWith('///') ?? false) || own.some(({ text }) => text.startsWith('///'));

/** Whether what follows is to stay as it was written. */
export const saysIgnore = ({ own }: Gap): boolean => /^\/\/\s*prettier-ignore\s*$/.test(own.at(-1)?.text ?? '');

/** The gap of two, when the token between them is printed before both or not at all. */
export function merge(first: Gap, second: Gap): Gap {
  const newline = first.newline || second.newline;
  if (!hasComments(first)) return { ...second, blank: second.blank || (first.blank && !hasComments(second)), newline };
  const { trailing, own, blank } = second;
  const below = trailing === undefined ? [] : [{ text: trailing, blank: first.blank, continues: false }];
  return {
    ...defined({ trailing: first.trailing }),
    own: [...first.own, ...below, ...own],
    blank,
    newline,
  };
}
