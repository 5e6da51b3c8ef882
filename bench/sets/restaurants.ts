import { dataSet, readOriginals, refuseDamaged, writeCsv } from '../../src/plugins/sets/set.ts';
import { readCsv } from './read_csv.ts';

const originals = [
  'rating_final.csv',
  'userprofile.csv',
  'usercuisine.csv',
  'userpayment.csv',
  'geoplaces2.csv',
  'chefmozcuisine.csv',
  'chefmozaccepts.csv',
  'chefmozparking.csv',
] as const;
const home = 'https://archive.ics.uci.edu/dataset/232/restaurant+consumer+data';

const userColumns =
  `latitude longitude smoker drink_level dress_preference ambience transport marital_status hijos birth_year interest
  personality religion activity color weight budget height`.split(/\s+/);
const placeColumns =
  `latitude longitude name city state country alcohol smoking_area dress_code accessibility price Rambience franchise
  area other_services`.split(/\s+/);

/**
 * Restaurant & consumer data: 1,161 ratings by 138 people of 130 places, each with three labels (rating, food, service: 0 to 2).
 *
 * Tables with several rows for a key (cuisines, payments, parking) become columns of values separated by `|`.
 */
export const restaurants = dataSet({
  originals,
  async make(options) {
    const texts = readOriginals('restaurants', originals, home, options);
    const rowsOfFile = (name: (typeof originals)[number]): Record<string, string>[] =>
      readCsv(texts[name], (reason) => refuseDamaged(options.from, name, reason));
    const ratings = rowsOfFile('rating_final.csv');
    const users = rowsOfFile('userprofile.csv');
    const restaurantRows = rowsOfFile('geoplaces2.csv');
    const [cuisinesOfUser, payments] = [
      listsOf(rowsOfFile('usercuisine.csv'), 'userID', 'Rcuisine'),
      listsOf(rowsOfFile('userpayment.csv'), 'userID', 'Upayment'),
    ];
    const [cuisines, accepts, parking] = [
      listsOf(rowsOfFile('chefmozcuisine.csv'), 'placeID', 'Rcuisine'),
      listsOf(rowsOfFile('chefmozaccepts.csv'), 'placeID', 'Rpayment'),
      listsOf(rowsOfFile('chefmozparking.csv'), 'placeID', 'parking_lot'),
    ];
    return {
      from: options.from!,
      holds: `${ratings.length.toLocaleString('en')} ratings by ${users.length} people of ${restaurantRows.length} places`,
      terms: 'UCI Machine Learning Repository 232: Medellín & Serna, "Restaurant & consumer data", CC BY 4.0',
      files: {
        'ratings.csv': writeCsv(
          ['user_id', 'place_id', 'rating', 'food_rating', 'service_rating'],
          ratings.map((row) => [row.userID, row.placeID, row.rating, row.food_rating, row.service_rating]),
        ),
        'users.csv': writeCsv(
          ['user_id', ...userColumns, 'cuisines', 'payments'],
          users.map((row) => [
            row.userID,
            ...userColumns.map((name) => presentValue(row[name])),
            cuisinesOfUser.get(row.userID!),
            payments.get(row.userID!),
          ]),
        ),
        'places.csv': writeCsv(
          ['place_id', ...placeColumns.map((name) => name.toLowerCase()), 'cuisines', 'accepts', 'parking'],
          restaurantRows.map((row) => [
            row.placeID,
            ...placeColumns.map((name) => presentValue(row[name])),
            cuisines.get(row.placeID!),
            accepts.get(row.placeID!),
            parking.get(row.placeID!),
          ]),
        ),
      },
    };
  },
});

/** Returns undefined for `?`, which marks a missing value. */
const presentValue = (value: string | undefined): string | undefined =>
  value?.trim() === '?' ? undefined : value?.trim();

function listsOf(rows: readonly Record<string, string>[], key: string, value: string): ReadonlyMap<string, string> {
  const lists = new Map<string, string[]>();
  for (const row of rows) {
    const list = lists.get(row[key]!) ?? [];
    if (list.push(row[value]!.trim()) === 1) lists.set(row[key]!, list);
  }
  return new Map([...lists].map(([rowKey, list]) => [rowKey, list.join('|')]));
}
