/** Finds ids that look alike: they differ only in invisible blanks around them, or in how their letters are composed. */
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { keyTableOf } from '../../base/text/key_table.ts';
import { packTexts, type Texts } from '../../base/text/texts.ts';
import { appendToList } from '../../base/util/objects.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import type { Dictionaries } from './raw.ts';

/** Returns a warning for each key with ids that look alike. */
export const warningsOfIds = ({ userKey, itemKey, layout }: ReadPlan, dictionaries: Dictionaries): Diagnostic[] =>
  [userKey, itemKey].flatMap((key) => {
    if (key === undefined) return [];
    const { column, dictionary } = key.inEvents;
    const ids = lookAlikes(dictionaries.get(dictionary!)!);
    const { span } = layout.sources.get(column.role)!.described;
    return ids ? [diagnose('ids-look-alike', span, { name: column.name, ...ids })] : [];
  });

const blanks = String.raw`[ \t\r\n\u00a0\u200b\u2060\ufeff]+`;
const outerBlanks = new RegExp(`^${blanks}|${blanks}$`, 'g');
const plainForm = (text: string): string => text.normalize('NFC').replace(outerBlanks, '');

/** Returns the first group of ids with one plain form, and the number of groups. */
function lookAlikes(ids: Texts) {
  const texts = packTexts(ids);
  const groups = new Map<string, number[]>();
  for (let index = 0; index < texts.length; index++) {
    const [from, end] = [texts.startOf(index), texts.ends[index]!];
    if (!mayDiffer(texts.bytes, from, end)) continue;
    const text = texts.at(index)!;
    const plain = plainForm(text);
    if (plain !== text) appendToList(groups, plain, index);
  }
  if (groups.size === 0) return undefined;
  const table = keyTableOf(texts);
  for (const [plain, group] of groups) if (table.rowOf(plain) >= 0) group.push(table.rowOf(plain));
  // Texts of a dictionary are in the order of their bytes.
  const groupsOfIndexes = [...groups.values()]
    .filter(({ length }) => length > 1)
    .map((group) => group.sort((a, b) => a - b));
  const firstGroup = groupsOfIndexes.sort(([a], [b]) => a! - b!)[0];
  if (firstGroup === undefined) return undefined;
  const [first, second] = [texts.at(firstGroup[0]!)!, texts.at(firstGroup.at(-1)!)!];
  const isBlank = first.normalize('NFC') !== second.normalize('NFC');
  return { first, second, count: groupsOfIndexes.length, differ: isBlank ? 'blanks' : 'letters' } as const;
}

/** False for a text of ASCII without a blank at its ends, as most ids are. */
function mayDiffer(bytes: Uint8Array, from: number, end: number): boolean {
  if (from === end) return false;
  if (bytes[from]! <= 0x20 || bytes[end - 1]! <= 0x20) return true;
  for (let index = from; index < end; index++) if (bytes[index]! >= 0x80) return true;
  return false;
}
