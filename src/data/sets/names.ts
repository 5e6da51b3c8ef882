/** Lists the data sets of `tower data`. Each has a data block of its name in `models/data`. */
export const dataSetNames = [
  'movielens',
  'flights',
  'wordnet',
  'msweb',
  'restaurants',
  'cranfield',
  'toys',
  'lastfm',
  'synthetic',
] as const;

export type DataSetName = (typeof dataSetNames)[number];
