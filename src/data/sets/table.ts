import { cranfield } from './cranfield.ts';
import { flights } from './flights.ts';
import { movielens } from './movielens.ts';
import { msweb } from './msweb.ts';
import type { DataSetName } from './names.ts';
import { restaurants } from './restaurants.ts';
import type { DataSet } from './set.ts';
import { wordnet } from './wordnet.ts';

export const dataSets: Readonly<Record<DataSetName, DataSet>> = {
  movielens,
  flights,
  wordnet,
  msweb,
  restaurants,
  cranfield,
};
