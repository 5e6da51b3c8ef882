import { cranfield } from './cranfield.ts';
import { flights } from './flights.ts';
import { lastfm } from './lastfm.ts';
import { msweb } from './msweb.ts';
import { restaurants } from './restaurants.ts';
import { wordnet } from './wordnet.ts';

/** The data sets of docs/results.md that `tower data` does not have. Each has a data block of its name in `models/data`. */
export const benchSets = { flights, wordnet, msweb, restaurants, cranfield, lastfm } as const;
