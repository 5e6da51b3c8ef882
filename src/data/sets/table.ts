import { cranfield } from './cranfield.ts';
import { flights } from './flights.ts';
import { lastfm } from './lastfm.ts';
import { movielens } from './movielens.ts';
import { msweb } from './msweb.ts';
import type { DataSetName } from './names.ts';
import { restaurants } from './restaurants.ts';
import type { DataSet } from './set.ts';
import { synthetic } from './synthetic.ts';
import { toys } from './toys.ts';
import { wordnet } from './wordnet.ts';

export const dataSets: Readonly<Record<DataSetName, DataSet>> = {
  movielens,
  flights,
  wordnet,
  msweb,
  restaurants,
  cranfield,
  toys,
  lastfm,
  synthetic,
};
