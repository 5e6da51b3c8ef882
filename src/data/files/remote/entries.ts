/** Finds the entries of a data block that are addresses. */
import type { DataDescription, DataFile } from '../../../compiler/model/model.ts';
import { isAddress } from './address.ts';

export function remoteEntries({ events, items, users, split }: DataDescription): readonly DataFile[] {
  const partFiles = split.kind === 'files' ? [split.validation, split.test] : [];
  return [events, items, users, ...partFiles].flatMap((file) => (file && isAddress(file.path) ? [file] : []));
}
