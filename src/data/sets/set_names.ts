/** Lists the data sets of `tower data`. Each has a data block of its name in `models/data`. */
export const dataSetNames = ['movielens', 'toys', 'synthetic'] as const;

export type DataSetName = (typeof dataSetNames)[number];
