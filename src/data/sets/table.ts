import { movielens } from './movielens.ts';
import type { DataSetName } from './names.ts';
import type { DataSet } from './set.ts';
import { synthetic } from './synthetic.ts';
import { toys } from './toys.ts';

export const dataSets: Readonly<Record<DataSetName, DataSet>> = { movielens, toys, synthetic };
