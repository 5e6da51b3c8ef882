/** Which items and users there are, and which of them each event has. */

import { pickTexts, type Texts } from '../../text/texts.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Dictionaries } from './dictionaries.ts';
import { gather } from './gather.ts';
import type { RawCodes } from './raw.ts';
import type { ValidRawRows } from './valid_rows.ts';

/** The corpus, or the users: the rows of their file, else what events have; and which of them each event has. */
export interface KeyRows {
  readonly keys: Texts;
  /** Row id of each in its file, or of its first event. */
  readonly rows: Int32Array;
  /** −1 where there is no key. */
  readonly ofEvent: Int32Array;
  /** By code of the key's dictionary; −1 where none has it. */
  readonly ofCode: Int32Array;
}

export function keyRows(
  key: ColumnRequests['itemKey'],
  events: ValidRawRows,
  file: ValidRawRows | undefined,
  order: Int32Array,
  dictionaries: Dictionaries,
): KeyRows {
  if (key === undefined) {
    const none = new Int32Array(0);
    return { keys: [], rows: none, ofEvent: new Int32Array(order.length).fill(-1), ofCode: none };
  }
  const texts = dictionaries.get(key.inEvents.dictionary!)!;
  const inEvents = (events.columns.get(key.inEvents) as RawCodes).values;
  const first = new Int32Array(texts.length).fill(-1);
  const place = new Int32Array(texts.length).fill(-1);
  const codes: number[] = [];
  if (file !== undefined) {
    const { values } = file.columns.get(key.inFile!) as RawCodes;
    for (let row = 0; row < file.rows; row++) {
      if (file.kept[row] === 0) continue;
      first[values[row]!] = row;
      place[values[row]!] = codes.push(values[row]!) - 1;
    }
  } else {
    for (let at = order.length - 1; at >= 0; at--) first[inEvents[order[at]!]!] = order[at]!;
    for (let code = 1; code < texts.length; code++) if (first[code]! >= 0) place[code] = codes.push(code) - 1;
  }
  return {
    keys: pickTexts(texts, codes),
    rows: Int32Array.from(codes, (code) => first[code]!),
    ofEvent: gather(place, gather(inEvents, order)),
    ofCode: place,
  };
}
