import type { DataSets } from '../../app/api/data_sets.ts';
import { movielens } from './movielens.ts';
import { synthetic } from './synthetic.ts';
import { toys } from './toys.ts';

export const dataSets: DataSets['dataSets'] = { movielens, toys, synthetic };
