import { movielens } from './movielens.ts';
import type { DataSet } from './set.ts';
import type { DataSetName } from './set_names.ts';
import { synthetic } from './synthetic.ts';
import { toys } from './toys.ts';

export const dataSets: Readonly<Record<DataSetName, DataSet>> = { movielens, toys, synthetic };
