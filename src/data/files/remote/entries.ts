/** Which entries of a data block are addresses. */
import type { DataDescription, DataFile } from '../../../model/model.ts';
import { isAddress } from './address.ts';

export function remoteEntries({ events, items, users, split }: DataDescription): readonly DataFile[] {
  const held = split.kind === 'files' ? [split.validation, split.test] : [];
  return [events, items, users, ...held].flatMap((file) => (file && isAddress(file.path) ? [file] : []));
}
