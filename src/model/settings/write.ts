/** A setting as an edit of the file: what the file would say. */
import type { Edit } from '../../diagnostics/diagnostic.ts';
import type { Source } from '../../text/source.ts';
import type { Library } from '../library.ts';
import type { Files } from '../use.ts';
import { findSlot } from './find_slot.ts';

interface Of {
  readonly files: Files;
  readonly library: Library;
  /** The file that is edited. */
  readonly source: Source;
}

/** Nothing where the path names something of another file, or something that is written in several places. */
export function editsFor(name: string, value: string, { files, library, source }: Of): readonly Edit[] | undefined {
  const at = { ...files.main.span, end: files.main.span.start };
  const slot = findSlot({ files, library, report: () => {} }, { parts: name.split('.'), at });
  const change = slot?.write(value);
  return change && change.at.source === source ? [change] : undefined;
}
