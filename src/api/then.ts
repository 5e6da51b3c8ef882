/** Runs of earlier versions: what their data blocks leave out means what it meant when they were trained. */
import type { Dataset } from '../data/dataset.ts';
import { usualShare } from '../model/data_kinds.ts';
import type { DataDescription } from '../model/model.ts';
import type { Manifest } from '../run/artifact/manifest.ts';

/** Manifests name `seen` since data blocks do. */
const isEarlier = ({ data }: Manifest): boolean => data.seen === undefined;

/** A share that was not given was 10 %, also beside one that was. */
export function descriptionThen(description: DataDescription, manifest: Manifest): DataDescription {
  const { split } = description;
  if (!isEarlier(manifest) || !('validation' in split)) return description;
  const { data } = manifest;
  const share = (part: 'validation' | 'test'): number =>
    split[part] === 0 && data[part] > 0 ? usualShare : split[part];
  return { ...description, split: { ...split, validation: share('validation'), test: share('test') } };
}

/** Without `seen`, evaluation kept what was seen, and `recommend` left it out. */
export function datasetThen(dataset: Dataset, description: DataDescription, manifest: Manifest): Dataset {
  if (!isEarlier(manifest) || description.seen !== undefined) return dataset;
  const { seen: _seen, ...rest } = dataset;
  return rest;
}
