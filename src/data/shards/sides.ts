/** Numbers the items and users, before any partition is read. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { pickTexts, type Texts } from '../../base/text/texts.ts';
import type { ColumnRequests } from '../binding/column_requests.ts';
import type { Dictionaries } from '../rows/dictionaries.ts';
import type { RawCodes } from '../rows/raw.ts';
import type { ValidRawRows } from '../rows/valid_rows.ts';

export interface GlobalSide {
  readonly keys: Texts;
  /** Code of each entity in the dictionary of its key. */
  readonly codes: Int32Array;
  /** Index by code; −1 where no entity has it. */
  readonly ofCode: Int32Array;
  /** Row id of each entity in its file; absent where there is no file. */
  readonly fileRows?: Int32Array;
}

export interface GlobalSides {
  readonly items: GlobalSide;
  readonly users: GlobalSide;
}

/** @param occurs 1 for each code that a valid event has */
export function globalSide(
  key: ColumnRequests['itemKey'],
  file: ValidRawRows | undefined,
  occurs: Uint8Array,
  dictionaries: Dictionaries,
): GlobalSide {
  const emptyCodes = new Int32Array(0);
  if (key === undefined) return { keys: [], codes: emptyCodes, ofCode: emptyCodes };
  const texts = dictionaries.get(key.inEvents.dictionary!)!;
  const ofCode = new Int32Array(texts.length).fill(-1);
  const codes: number[] = [];
  const rows: number[] = [];
  if (file === undefined) {
    for (let code = 1; code < texts.length; code++) if (occurs[code] === 1) ofCode[code] = codes.push(code) - 1;
  } else {
    invariant(key.inFile, 'a file of items or users has their key');
    const { values } = file.columns.get(key.inFile) as RawCodes;
    for (let row = 0; row < file.rows; row++) {
      if (file.kept[row] === 0) continue;
      ofCode[values[row]!] = codes.push(values[row]!) - 1;
      rows.push(row);
    }
  }
  return {
    keys: pickTexts(texts, codes),
    codes: Int32Array.from(codes),
    ofCode,
    ...(file === undefined ? {} : { fileRows: Int32Array.from(rows) }),
  };
}
