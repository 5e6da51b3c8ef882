/** The log of written items: its records are untrusted values of JSON. */

import { isObject } from '../../is_object.ts';
import type { ItemWrite } from '../../serve/live/item_writes.ts';
import type { LogFormat } from '../../storage/record_log/record_log.ts';
import { longestKey } from '../limits.ts';

export const itemLog: LogFormat<readonly ItemWrite[]> = {
  name: 'items',
  version: 1,
  decode(value) {
    if (!Array.isArray(value)) return { reason: 'it is no list of writes' };
    return value.every(isWrite) ? { record: value } : { reason: 'it has something else than writes of items' };
  },
};

function isWrite(value: unknown): value is ItemWrite {
  if (!isObject(value)) return false;
  const { key, columns, deleted, ...others } = value;
  if (typeof key !== 'string' || key.length > longestKey || Object.keys(others).length > 0) return false;
  if (deleted !== undefined) return deleted === true && columns === undefined;
  return isObject(columns);
}
