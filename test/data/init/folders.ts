/** Twenty folders as people have them, made by code; each says which keys and joins are right. They were written before `init` saw any of them. */
import { makeRandom } from '../../../src/base/random/random.ts';

/** What is right: a list holds what is as good. `file.column` is the key of a file that is joined, `undefined` says that no file is. */
interface RightAnswer {
  readonly events: readonly string[];
  readonly user: readonly (string | undefined)[];
  readonly item: readonly string[];
  readonly time: readonly (string | undefined)[];
  readonly users: readonly (string | undefined)[];
  readonly items: readonly (string | undefined)[];
  /** Whether the user's earlier events or all the others of the same user say who it is. */
  readonly history: readonly ('past' | 'others' | 'listed' | undefined)[];
}

export interface Folder {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** SELECT statements by the name of the Parquet file that each fills. */
  readonly parquet?: Readonly<Record<string, string>>;
  readonly right: RightAnswer | 'refused';
}

const random = makeRandom(2029);
const pick = (below: number): number => random.integer(below);
const among = <T>(values: readonly T[]): T => values[pick(values.length)]!;
const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
/** Popular ones more often. */
const skewed = (below: number): number => Math.floor(below * random.next() ** 2);
const rows = (all: readonly (readonly unknown[])[], separator = ','): string =>
  `${all.map((row) => row.map((value) => value ?? '').join(separator)).join('\n')}\n`;
const jsonLines = (all: readonly object[]): string => `${all.map((row) => JSON.stringify(row)).join('\n')}\n`;
const quoted = (value: unknown): string => `"${String(value ?? '').replaceAll('"', '""')}"`;
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const hex = (length: number): string => times(length, () => '0123456789abcdef'[pick(16)]).join('');
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
const start = 1_690_000_000;
const later = (): number => start + pick(200 * 86_400);
const words = 'red blue old small river garden night salt paper winter stone house light wolf bread'.split(' ');
const title = (): string => times(2 + pick(3), () => among(words)).join(' ');
const distinct = (count: number, make: () => string): string[] => {
  const made = new Set<string>();
  while (made.size < count) made.add(make());
  return [...made];
};
const digits = (length: number): string => String(1 + pick(8)) + times(length - 1, () => pick(10)).join('');

function bookshop(): Folder {
  const isbns = distinct(220, () => `0${digits(8)}${among(['X', '1', '7'])}`);
  const users = times(150, (at) => 276_700 + at * 3);
  return {
    name: 'books with ISBN, semicolons, quotes and latin-1',
    files: {
      'BX-Users.csv': latin1(
        rows(
          [
            ['"User-ID"', '"Location"', '"Age"'],
            ...users.map((id) => [
              quoted(id),
              quoted(`${among(['köln', 'são paulo', 'leeds'])}, n/a`),
              pick(3) ? quoted(18 + pick(50)) : 'NULL',
            ]),
          ],
          ';',
        ),
      ),
      'BX-Books.csv': latin1(
        rows(
          [
            ['ISBN', 'Book-Title', 'Book-Author', 'Year-Of-Publication', 'Publisher', 'Image-URL-S'].map(quoted),
            ...isbns
              .filter((_, at) => at % 11 !== 0)
              .map((isbn) =>
                [
                  isbn,
                  `${title()}; or ${title()}`,
                  among(['Böll', 'Eco', 'Le Guin']),
                  1970 + pick(33),
                  among(['Dtv', 'Ace']),
                  `http://images.example/${isbn}.jpg`,
                ].map(quoted),
              ),
          ],
          ';',
        ),
      ),
      'BX-Book-Ratings.csv': latin1(
        rows(
          [
            ['User-ID', 'ISBN', 'Book-Rating'].map(quoted),
            ...times(1800, () => [among(users), isbns[skewed(220)], pick(11)].map(quoted)),
          ],
          ';',
        ),
      ),
    },
    right: {
      events: ['BX-Book-Ratings.csv'],
      user: ['User-ID'],
      item: ['ISBN'],
      time: [undefined],
      users: ['BX-Users.csv.User-ID'],
      items: ['BX-Books.csv.ISBN'],
      history: ['others'],
    },
  };
}

function tweets(): Folder {
  const users = distinct(120, () => `16${digits(17)}`);
  const all = distinct(260, () => `17${digits(17)}`);
  const like = (user: string, tweet: string, at: number): string =>
    `{"user_id": ${user}, "tweet_id": ${tweet}, "liked_at": "${iso(at)}"}`;
  return {
    name: 'likes of tweets in JSON lines, ids of 19 digits, authors among the users',
    files: {
      'likes.jsonl': `${times(1800, () => like(among(users), all[skewed(260)]!, later())).join('\n')}\n`,
      'tweets.jsonl': `${all.map((id) => `{"id": ${id}, "author_id": ${among(users)}, "text": "${title()}", "lang": "${among(['en', 'de', 'ja'])}", "created_at": "${iso(later() - 90 * 86_400)}"}`).join('\n')}\n`,
      'users.jsonl': `${users.map((id, at) => `{"id": ${id}, "screen_name": "name${at}", "followers": ${pick(9000)}, "verified": ${pick(2) === 0}}`).join('\n')}\n`,
    },
    right: {
      events: ['likes.jsonl'],
      user: ['user_id'],
      item: ['tweet_id'],
      time: ['liked_at'],
      users: ['users.jsonl.id'],
      items: ['tweets.jsonl.id'],
      history: ['past'],
    },
  };
}

function grocery(): Folder {
  const orders = times(500, (at) => ({ id: 2_398_700 + at * 5, user: 1 + pick(90) }));
  const aisles = ['fresh fruits', 'yogurt', 'bread', 'tea', 'soap', 'rice'];
  return {
    name: 'baskets of a grocery, with orders, products, aisles and departments',
    files: {
      'orders.csv': rows([
        ['order_id', 'user_id', 'order_number', 'order_dow', 'order_hour_of_day', 'days_since_prior_order'],
        ...orders.map(({ id, user }) => [id, user, 1 + pick(40), pick(7), pick(24), pick(5) ? pick(31) : '']),
      ]),
      'order_products.csv': rows([
        ['order_id', 'product_id', 'add_to_cart_order', 'reordered'],
        ...orders.flatMap(({ id }) =>
          [...new Set(times(2 + pick(9), () => 1 + skewed(180)))].map((product, at) => [id, product, at + 1, pick(2)]),
        ),
      ]),
      'products.csv': rows([
        ['product_id', 'product_name', 'aisle_id', 'department_id'],
        ...times(180, (at) => [at + 1, quoted(title()), 1 + pick(6), 1 + pick(3)]),
      ]),
      'aisles.csv': rows([['aisle_id', 'aisle'], ...aisles.map((aisle, at) => [at + 1, aisle])]),
      'departments.csv': rows([
        ['department_id', 'department'],
        ...['produce', 'dairy', 'pantry'].map((name, at) => [at + 1, name]),
      ]),
    },
    right: {
      events: ['order_products.csv'],
      user: ['user_id'],
      item: ['product_id'],
      time: [undefined],
      users: [undefined],
      items: ['products.csv.product_id'],
      history: ['others'],
    },
  };
}

function commits(): Folder {
  const paths = distinct(
    140,
    () => `src/${among(words)}/${among(words)}_${among(words)}.${among(['c', 'h', 'py', 'md'])}`,
  );
  return {
    name: 'a log of commits: a row for each file that a commit touched',
    files: {
      'git-log.tsv': rows(
        [
          ['commit', 'date', 'path', 'added', 'deleted'],
          ...times(450, () => {
            const sha = hex(40);
            const at = iso(later()).replace('.000Z', '+02:00');
            return [...new Set(times(2 + pick(6), () => paths[skewed(140)]))].map((path) => [
              sha,
              at,
              path,
              pick(200),
              pick(90),
            ]);
          }).flat(),
        ],
        '\t',
      ),
    },
    right: {
      events: ['git-log.tsv'],
      user: ['commit'],
      item: ['path'],
      time: ['date', undefined],
      users: [undefined],
      items: [undefined],
      history: ['others'],
    },
  };
}

function shopLog(): Folder {
  const log = times(2500, () => [
    later() * 1000 + pick(1000),
    257_000 + skewed(160),
    among(['view', 'view', 'view', 'view', 'addtocart', 'transaction']),
    355_000 + skewed(240),
  ]);
  const property = (at: number): (string | number)[] => [
    (start - pick(9) * 604_800) * 1000,
    355_000 + (at % 240),
    among(['categoryid', 'available', '790', '888']),
    among(['1338', '0', '1', 'n277.200', '1116713 960601 n277.200']),
  ];
  return {
    name: 'a log of a shop with kinds of events, and properties of items in long form',
    files: {
      'events.csv': rows([
        ['timestamp', 'visitorid', 'event', 'itemid', 'transactionid'],
        ...log.map((row) => [...row, row[2] === 'transaction' ? pick(17_000) : '']),
      ]),
      'item_properties_part1.csv': rows([['timestamp', 'itemid', 'property', 'value'], ...times(1500, property)]),
      'item_properties_part2.csv': rows([['timestamp', 'itemid', 'property', 'value'], ...times(1200, property)]),
      'category_tree.csv': rows([
        ['categoryid', 'parentid'],
        ...times(60, (at) => [1000 + at, at < 5 ? '' : 1000 + pick(5)]),
      ]),
    },
    right: {
      events: ['events.csv'],
      user: ['visitorid'],
      item: ['itemid'],
      time: ['timestamp'],
      users: [undefined],
      items: [undefined],
      history: ['past'],
    },
  };
}

function music(): Folder {
  const artists = times(70, (at) => [at * 7 + 2, `Beyoncé ${title()}`, `http://www.last.example/music/${at}`]);
  const users = times(110, (at) => at * 3 + 2);
  const pairs = [...new Set(times(1700, () => `${among(users)}\t${artists[skewed(70)]![0]}`))].map(
    (pair) => `${pair}\t${1 + Math.floor(5000 * random.next() ** 6)}`,
  );
  const tagged = times(900, () => [among(users), among(artists)[0], 1 + pick(40), (start + pick(9_000_000)) * 1000]);
  return {
    name: 'artists that users listened to and how often, tags, friends; latin-1',
    files: {
      'user_artists.dat': `userID\tartistID\tweight\n${pairs.join('\n')}\n`,
      'artists.dat': rows([['id', 'name', 'url'], ...artists], '\t'),
      'tags.dat': latin1(
        rows([['tagID', 'tagValue'], ...times(40, (at) => [at + 1, `${among(words)} métal ${at}`])], '\t'),
      ),
      'user_taggedartists-timestamps.dat': rows([['userID', 'artistID', 'tagID', 'timestamp'], ...tagged], '\t'),
      'user_friends.dat': rows([['userID', 'friendID'], ...times(500, () => [among(users), among(users)])], '\t'),
    },
    right: {
      events: ['user_artists.dat'],
      user: ['userID'],
      item: ['artistID'],
      time: [undefined],
      users: [undefined],
      items: ['artists.dat.id'],
      history: ['others'],
    },
  };
}

function jobs(): Folder {
  const key = (kind: string, k: string): string =>
    `regexp_replace(md5('${kind}' || (${k})::VARCHAR), '(.{8})(.{4})(.{4})(.{4})(.{12})', '\\1-\\2-\\3-\\4-\\5')`;
  return {
    name: 'applications for jobs in Parquet, ids of both sides called uuid',
    files: {},
    parquet: {
      'applications.parquet': `SELECT ${key('c', 'hash(k, 1) % 130')} AS candidate_uuid, ${key('j', '(hash(k, 2) % 15) * (hash(k, 3) % 15)')} AS job_uuid, TIMESTAMP '2024-01-05' + to_minutes((hash(k, 4) % 200000)::INT) AS applied_at, ['web', 'app'][1 + k % 2] AS source FROM range(1600) t(k)`,
      'candidates.parquet': `SELECT ${key('c', 'k')} AS uuid, ['Oslo', 'Rome', 'Lyon'][1 + k % 3] AS city, (hash(k, 5) % 20)::INT AS years_of_experience FROM range(130) t(k)`,
      'jobs.parquet': `SELECT ${key('j', 'k')} AS uuid, 'Engineer of ' || ['rivers', 'bread', 'stone'][1 + k % 3] || ' ' || k AS title, ['Oslo', 'Rome', 'Lyon'][1 + k % 3] AS city, [['sql', 'go'], ['css'], ['sql', 'css', 'c']][1 + k % 3] AS skills, (30000 + hash(k, 6) % 50000)::INT AS salary FROM range(200) t(k)`,
    },
    right: {
      events: ['applications.parquet'],
      user: ['candidate_uuid'],
      item: ['job_uuid'],
      time: ['applied_at'],
      users: ['candidates.parquet.uuid'],
      items: ['jobs.parquet.uuid'],
      history: ['past'],
    },
  };
}

function courses(): Folder {
  return {
    name: 'enrolments in an array of JSON, seconds, topics as a list',
    files: {
      'enrolments.json': JSON.stringify(
        times(1500, () => ({
          learner: 50_000 + skewed(140),
          course: 1 + skewed(90),
          enrolled: later(),
          finished: pick(3) === 0,
        })),
        null,
        1,
      ),
      'courses.json': JSON.stringify(
        times(90, (at) => ({
          id: at + 1,
          title: title(),
          topics: [...new Set(times(1 + pick(3), () => among(words)))],
          level: among(['beginner', 'expert']),
          hours: 1 + pick(80),
        })),
      ),
    },
    right: {
      events: ['enrolments.json'],
      user: ['learner'],
      item: ['course'],
      time: ['enrolled'],
      users: [undefined],
      items: ['courses.json.id'],
      history: ['past'],
    },
  };
}

function news(): Folder {
  const ids = times(150, (at) => `N${10_000 + at * 13}`);
  const americanTime = (): string =>
    `11/${9 + pick(6)}/2019 ${1 + pick(12)}:${10 + pick(50)}:${10 + pick(50)} ${among(['AM', 'PM'])}`;
  return {
    name: 'impressions of news without headers: histories and shown articles in one column each',
    files: {
      'behaviors.tsv': rows(
        times(900, (at) => [
          at + 1,
          `U${1000 + pick(200)}`,
          americanTime(),
          times(2 + pick(12), () => ids[skewed(150)]).join(' '),
          times(3 + pick(6), (shown) => `${among(ids)}-${shown === 0 ? 1 : 0}`).join(' '),
        ]),
        '\t',
      ),
      'news.tsv': rows(
        ids.map((id) => [
          id,
          among(['sports', 'news', 'health']),
          among(['golf', 'politics', 'yoga']),
          title(),
          `${title()} ${title()} ${title()}.`,
          `https://assets.example/${id}.html`,
          '[]',
        ]),
        '\t',
      ),
    },
    // No column has the clicked item alone, so there is nothing that a data block could name.
    right: 'refused',
  };
}

function hotels(): Folder {
  const guests = times(130, (at) => `G-${2000 + at}`);
  const codes = times(70, (at) => `H${String(at).padStart(3, '0')}`);
  return {
    name: 'bookings as nested JSON, hotels and guests as CSV',
    files: {
      'bookings.jsonl': jsonLines(
        times(1500, () => ({
          booking: { ref: hex(8), nights: 1 + pick(9), price: 40 + pick(300) + 0.5 },
          guest: { id: among(guests), country: among(['DE', 'BR', 'IN']) },
          hotel: { code: codes[skewed(70)], chain: among(['Alba', 'Nord']) },
          booked_at: iso(later()),
        })),
      ),
      'hotels.csv': rows([
        ['code', 'name', 'city', 'stars', 'has_pool'],
        ...codes.map((code) => [code, quoted(`Hotel ${title()}`), among(['Rio', 'Bonn', 'Goa']), 1 + pick(5), pick(2)]),
      ]),
      'guests.csv': rows([
        ['id', 'born', 'language'],
        ...guests.map((id) => [id, 1950 + pick(55), among(['de', 'pt', 'hi'])]),
      ]),
    },
    right: {
      events: ['bookings.jsonl'],
      user: ['guest_id'],
      item: ['hotel_code'],
      time: ['booked_at'],
      users: ['guests.csv.id'],
      items: ['hotels.csv.code'],
      history: ['past'],
    },
  };
}

function delivery(): Folder {
  const local = (seconds: number): string => iso(seconds).slice(0, 19).replace('T', ' ');
  return {
    name: 'orders of food: customers and vendors count from 1, both files are keyed by id',
    files: {
      'orders.csv': rows([
        ['order', 'customer', 'vendor', 'grand_total', 'is_favourite', 'vendor_rating', 'created_at'],
        ...times(2200, (at) => [
          at + 1,
          1 + skewed(180),
          1 + skewed(80),
          (5 + pick(400) / 10).toFixed(2),
          among(['Yes', 'No']),
          pick(3) ? '' : 1 + pick(5),
          local(later()),
        ]),
      ]),
      'train_customers.csv': rows([
        ['id', 'gender', 'dob', 'language', 'created_at'],
        ...times(180, (at) => [
          at + 1,
          among(['Male', 'Female', '']),
          pick(4) ? '' : 1960 + pick(40),
          'EN',
          local(later() - 1e7),
        ]),
      ]),
      'vendors.csv': rows([
        ['id', 'latitude', 'longitude', 'category', 'delivery_charge', 'serving_distance', 'tags', 'created_at'],
        ...times(80, (at) => [
          at + 1,
          (pick(1000) / 100).toFixed(4),
          (pick(1000) / 100).toFixed(4),
          among(['Restaurants', 'Sweets']),
          among([0, 0.7]),
          2 + pick(20),
          quoted([...new Set(times(3, () => among(['Burgers', 'Pizza', 'Salads', 'Tea'])))].join(',')),
          local(later() - 2e7),
        ]),
      ]),
    },
    right: {
      events: ['orders.csv'],
      user: ['customer'],
      item: ['vendor'],
      time: ['created_at'],
      users: ['train_customers.csv.id'],
      items: ['vendors.csv.id'],
      history: ['past'],
    },
  };
}

function series(): Folder {
  return {
    name: 'ratings with -1 for seen but not rated, and a wide table of items',
    files: {
      'rating.csv': rows([
        ['user_id', 'anime_id', 'rating'],
        ...times(2400, () => [1 + pick(150), 20 + 5 * skewed(160), pick(4) ? 1 + pick(10) : -1]),
      ]),
      'anime.csv': rows([
        [
          ...['anime_id', 'name', 'genre', 'type', 'episodes', 'rating', 'members'],
          ...times(24, (at) => `staff_${at + 1}`),
        ],
        ...times(160, (at) => [
          20 + 5 * at,
          quoted(title()),
          quoted(
            [...new Set(times(1 + pick(4), () => among(['Drama', 'Comedy', 'Sports', 'Slice of Life'])))].join(', '),
          ),
          among(['TV', 'OVA', 'Movie']),
          among([1, 12, 24, 'Unknown']),
          (4 + pick(500) / 100).toFixed(2),
          100 + pick(90_000),
          ...times(24, () => pick(40)),
        ]),
      ]),
    },
    right: {
      events: ['rating.csv'],
      user: ['user_id'],
      item: ['anime_id'],
      time: [undefined],
      users: [undefined],
      items: ['anime.csv.anime_id'],
      history: ['others'],
    },
  };
}

function games(): Folder {
  return {
    name: 'hours of play without a header, games by their names',
    files: {
      'steam-200k.csv': rows(
        times(1800, () => {
          const what = among(['purchase', 'play']);
          return [
            151_603_712 + 977 * skewed(140),
            quoted(`Game of ${words[skewed(15)]} ${1 + pick(6)}`),
            what,
            what === 'play' ? (pick(900) / 10).toFixed(1) : '1.0',
            0,
          ];
        }),
      ),
    },
    right: {
      events: ['steam-200k.csv'],
      user: ['column1'],
      item: ['column2'],
      time: [undefined],
      users: [undefined],
      items: [undefined],
      history: ['others'],
    },
  };
}

function podcasts(): Folder {
  const episodes = distinct(160, () => hex(12));
  return {
    name: 'plays of episodes, a fifth of which have no row',
    files: {
      'plays.tsv': rows(
        [
          ['listener', 'episode', 'played_at', 'seconds'],
          ...times(2000, () => [`l_${hex(2)}`, episodes[skewed(160)], iso(later()), pick(5000)]),
        ],
        '\t',
      ),
      'episodes.csv': rows([
        ['episode', 'show', 'title', 'minutes', 'explicit'],
        ...episodes
          .filter((_, at) => at % 5 !== 2)
          .map((id) => [
            id,
            among(['Talk', 'Myths', 'Gears']),
            quoted(title()),
            5 + pick(90),
            among(['true', 'false']),
          ]),
      ]),
    },
    right: {
      events: ['plays.tsv'],
      user: ['listener'],
      item: ['episode'],
      time: ['played_at'],
      users: [undefined],
      items: ['episodes.csv.episode'],
      history: ['past'],
    },
  };
}

function visits(): Folder {
  const members = times(140, (at) => `M${at + 1}`);
  return {
    name: 'visits by day with a table of members alone',
    files: {
      'visits.csv': rows(
        [
          ['Member No.', 'Place', 'Day'],
          ...times(1900, () => [
            among(members),
            `${among(['Gym', 'Pool', 'Sauna', 'Court'])} ${words[skewed(15)]}`,
            iso(later()).slice(0, 10),
          ]),
        ],
        ';',
      ),
      'members.csv': rows(
        [
          ['Member No.', 'Birth year', 'Plan', 'Weight'],
          ...members.map((id) => [id, 1950 + pick(50), among(['gold', 'basic']), `${50 + pick(60)},${pick(10)}`]),
        ],
        ';',
      ),
    },
    right: {
      events: ['visits.csv'],
      user: ['Member No.'],
      item: ['Place'],
      time: ['Day'],
      users: ['members.csv.Member No.'],
      items: [undefined],
      history: ['past'],
    },
  };
}

function beers(): Folder {
  const known = times(130, (at) => ({
    id: 436 + at * 7,
    name: quoted(`${title()} ale, batch ${at}`),
    style: among(['Stout', 'IPA', 'Pils']),
    abv: (3 + pick(80) / 10).toFixed(1),
    brewery: 10 + pick(20),
  }));
  const half = (): string => (1 + pick(9) / 2).toFixed(1);
  return {
    name: 'reviews with half stars of four kinds, and columns of the beer repeated in each',
    files: {
      'beer_reviews.csv': rows([
        'brewery_id,brewery_name,review_time,review_overall,review_aroma,review_profilename,beer_style,review_palate,review_taste,beer_name,beer_abv,beer_beerid'.split(
          ',',
        ),
        ...times(2100, () => {
          const beer = known[skewed(130)]!;
          return [
            beer.brewery,
            `Brewery ${beer.brewery}`,
            later(),
            half(),
            half(),
            `taster${skewed(150)}`,
            beer.style,
            half(),
            half(),
            beer.name,
            beer.abv,
            beer.id,
          ];
        }),
      ]),
    },
    right: {
      events: ['beer_reviews.csv'],
      user: ['review_profilename'],
      item: ['beer_beerid', 'beer_name'],
      time: ['review_time'],
      users: [undefined],
      items: [undefined],
      history: ['past'],
    },
  };
}

function countries(): Folder {
  const codes = distinct(60, () => `${among([...'ABCDEFGHIJKL'])}${among([...'ABCDEFGHIJKL'])}`);
  return {
    name: 'countries and cities: no events',
    files: {
      'countries.csv': rows([
        ['code', 'name', 'continent', 'population', 'gdp'],
        ...codes.map((code) => [code, title(), among(['Asia', 'Africa', 'Europe']), pick(90_000_000), pick(1_000_000)]),
      ]),
      'cities.csv': rows([
        ['city', 'country_code', 'population', 'latitude', 'longitude', 'founded'],
        ...times(900, (at) => [
          `${among(words)}ville ${at}`,
          among(codes),
          1000 + pick(4_000_000),
          pick(180) - 90,
          pick(360) - 180,
          800 + pick(1100),
        ]),
      ]),
    },
    right: 'refused',
  };
}

function weather(): Folder {
  return {
    name: 'measurements of stations by day: no events',
    files: {
      'measurements.csv': rows([
        ['station', 'date', 'temp_max', 'temp_min', 'precipitation', 'wind', 'weather'],
        ...times(1500, (at) => [
          `ST${at % 5}`,
          iso(start + Math.floor(at / 5) * 86_400).slice(0, 10),
          (pick(300) / 10).toFixed(1),
          (pick(150) / 10).toFixed(1),
          (pick(90) / 10).toFixed(1),
          (pick(80) / 10).toFixed(1),
          among(['sun', 'rain', 'fog', 'snow']),
        ]),
      ]),
    },
    right: 'refused',
  };
}

function payments(): Folder {
  const account = (k: string): string => `(7200000000000000000 + (${k}) * 1000000000000037)::BIGINT`;
  const merchant = (k: string): string => `(4100000000000000000 + (${k}) * 3000000000000019)::BIGINT`;
  return {
    name: 'payments in Parquet, ids of 64 bits, microseconds, codes of the merchants described',
    files: {
      'mcc_codes.csv': rows([
        ['mcc', 'description'],
        ...times(12, (at) => [5400 + at, quoted(`${title()}, ${title()}`)]),
      ]),
      'accounts.csv': rows([
        ['account_id', 'opened', 'segment'],
        ...times(140, (at) => [
          String(7200000000000000000n + BigInt(at) * 1000000000000037n),
          iso(later() - 3e7).slice(0, 10),
          among(['retail', 'private']),
        ]),
      ]),
    },
    parquet: {
      'payments.parquet': `SELECT ${account('hash(k, 1) % 140')} AS account_id, ${merchant('(hash(k, 2) % 12) * (hash(k, 3) % 12)')} AS merchant_id, (1700000000000000 + (hash(k, 4) % 10000000) * 1000000)::BIGINT AS ts, ((hash(k, 5) % 9000) / 100)::DECIMAL(9, 2) AS amount, k % 50 = 0 AS is_fraud FROM range(1800) t(k)`,
      'merchants.parquet': `SELECT ${merchant('k')} AS merchant_id, (5400 + k % 12)::INT AS mcc, ['Kiel', 'Graz'][1 + k % 2] AS city FROM range(125) t(k)`,
    },
    right: {
      events: ['payments.parquet'],
      user: ['account_id'],
      item: ['merchant_id'],
      time: ['ts'],
      users: ['accounts.csv.account_id'],
      items: ['merchants.parquet.merchant_id'],
      history: ['past'],
    },
  };
}

function songs(): Folder {
  const tracks = distinct(190, () => `spotify:track:${hex(10)}`);
  return {
    name: 'plays and skips of songs, two tables keyed by the song, a table of artists',
    files: {
      'plays.tsv': rows(
        [
          ['ts', 'track_uri', 'who', 'action', 'ms_played'],
          ...times(2200, () => [
            later() * 1000,
            tracks[skewed(190)],
            `${hex(1)}${hex(1)}@mail.example`,
            among(['play', 'play', 'skip', 'like']),
            pick(300_000),
          ]),
        ],
        '\t',
      ),
      'track_features.csv': rows([
        ['uri', 'tempo', 'energy', 'danceability', 'key', 'mode'],
        ...tracks.map((uri) => [uri, 60 + pick(120), pick(1000) / 1000, pick(1000) / 1000, pick(12), pick(2)]),
      ]),
      'tracks.csv': rows([
        ['track_uri', 'track_name', 'artist_id', 'explicit', 'release_date', 'genres'],
        ...tracks.map((uri) => [
          uri,
          quoted(title()),
          pick(40),
          among(['True', 'False']),
          iso(later() - 1e8).slice(0, 10),
          [...new Set(times(2, () => among(['pop', 'jazz', 'folk'])))].join('|'),
        ]),
      ]),
      'artists.csv': rows([['artist_id', 'artist'], ...times(40, (at) => [at, quoted(title())])]),
    },
    right: {
      events: ['plays.tsv'],
      user: ['who'],
      item: ['track_uri'],
      time: ['ts'],
      users: [undefined],
      items: ['tracks.csv.track_uri', 'track_features.csv.uri'],
      history: ['past'],
    },
  };
}

function retail(): Folder {
  const goods = times(140, (at) => [`${22_000 + at}${at % 9 === 0 ? 'A' : ''}`, title().toUpperCase()]);
  const invoices = times(420, (at) => ({
    no: 536_365 + at,
    customer: pick(5) ? 12_346 + 7 * pick(80) : '',
    at: start + at * 9000,
  }));
  const american = (seconds: number): string => {
    const day = new Date(seconds * 1000);
    return `${day.getUTCMonth() + 1}/${day.getUTCDate()}/${day.getUTCFullYear()} ${day.getUTCHours()}:${String(day.getUTCMinutes()).padStart(2, '0')}`;
  };
  return {
    name: 'lines of invoices, some without a customer',
    files: {
      'online_retail.csv': rows([
        ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'],
        ...invoices.flatMap(({ no, customer, at }) =>
          times(1 + pick(8), () => {
            const [code, name] = goods[skewed(140)]!;
            return [
              no,
              code,
              name,
              1 + pick(24),
              american(at),
              (pick(900) / 100).toFixed(2),
              customer,
              among(['France', 'Norway']),
            ];
          }),
        ),
      ]),
    },
    right: {
      events: ['online_retail.csv'],
      user: ['CustomerID'],
      item: ['StockCode'],
      time: ['InvoiceDate'],
      users: [undefined],
      items: [undefined],
      history: ['past'],
    },
  };
}

function businesses(): Folder {
  const key = (): string => times(22, () => among([...'abcdefghijkXYZ0123456789_-'])).join('');
  const [people, places] = [distinct(120, key), distinct(90, key)];
  const day = (): string => iso(later()).slice(0, 19).replace('T', ' ');
  return {
    name: 'reviews and tips of businesses in JSON lines, with nested attributes',
    files: {
      'review.json': jsonLines(
        times(1700, () => ({
          ...{
            review_id: key(),
            user_id: among(people),
            business_id: places[skewed(90)],
            stars: 1 + pick(5),
            useful: pick(9),
          },
          ...{ text: `${title()}. ${title()} ${title()}!`, date: day() },
        })),
      ),
      'tip.json': jsonLines(
        times(500, () => ({
          user_id: among(people),
          business_id: among(places),
          text: title(),
          date: day(),
          compliment_count: pick(3),
        })),
      ),
      'business.json': jsonLines(
        places.map((id) => ({
          ...{
            business_id: id,
            name: title(),
            city: among(['Reno', 'Tampa']),
            stars: 1 + pick(9) / 2,
            review_count: pick(400),
          },
          ...{
            attributes: { WiFi: among(['free', 'no']), Alcohol: among(['none', 'beer']) },
            categories: 'Food, Bars',
          },
        })),
      ),
      'user.json': jsonLines(
        people.map((id) => ({
          user_id: id,
          name: among(['Ann', 'Bo']),
          review_count: pick(300),
          yelping_since: day(),
          fans: pick(40),
        })),
      ),
    },
    right: {
      events: ['review.json'],
      user: ['user_id'],
      item: ['business_id'],
      time: ['date'],
      users: ['user.json.user_id'],
      items: ['business.json.business_id'],
      history: ['past'],
    },
  };
}

function readers(): Folder {
  return {
    name: 'books read, with maps from numbers to other ids',
    files: {
      'interactions.csv': rows([
        ['user_id', 'book_id', 'is_read', 'rating', 'is_reviewed'],
        ...times(2200, () => [pick(150), skewed(200), pick(2), pick(6), Number(pick(9) === 0)]),
      ]),
      'book_id_map.csv': rows([['book_id_csv', 'book_id'], ...times(200, (at) => [at, 1 + at * 37])]),
      'user_id_map.csv': rows([['user_id_csv', 'user_id'], ...times(150, (at) => [at, hex(32)])]),
    },
    right: {
      events: ['interactions.csv'],
      user: ['user_id'],
      item: ['book_id'],
      time: [undefined],
      users: ['user_id_map.csv.user_id_csv', undefined],
      items: ['book_id_map.csv.book_id_csv', undefined],
      history: ['others'],
    },
  };
}

function behaviours(): Folder {
  return {
    name: 'behaviours without a header: user, item, category, kind, seconds',
    files: {
      'UserBehavior.csv': rows(
        times(2400, () => {
          const item = skewed(260);
          return [
            1_000_000 + skewed(140) * 31,
            2_268_318 + item * 11,
            4000 + (item % 17),
            among(['pv', 'pv', 'fav', 'cart', 'buy']),
            later(),
          ];
        }),
      ),
    },
    right: {
      events: ['UserBehavior.csv'],
      user: ['column1'],
      item: ['column2'],
      time: ['column5'],
      users: [undefined],
      items: [undefined],
      history: ['past'],
    },
  };
}

function clips(): Folder {
  return {
    name: 'clips watched, with three columns of time, features by day, and lists in brackets',
    files: {
      'big_matrix.csv': rows([
        ['user_id', 'video_id', 'play_duration', 'video_duration', 'time', 'date', 'timestamp', 'watch_ratio'],
        ...times(2000, () => {
          const at = later();
          const [played, length] = [pick(30_000), 2000 + pick(20_000)];
          return [
            pick(140),
            skewed(210),
            played,
            length,
            `${iso(at).slice(0, 19).replace('T', ' ')}.438`,
            iso(at).slice(0, 10).replaceAll('-', ''),
            `${at}.438`,
            (played / length).toFixed(4),
          ];
        }),
      ]),
      'item_daily_features.csv': rows([
        ['video_id', 'date', 'show_cnt', 'play_cnt'],
        ...times(1200, (at) => [at % 210, 20_230_801 + Math.floor(at / 210), pick(900), pick(400)]),
      ]),
      'item_categories.csv': rows([
        ['video_id', 'feat'],
        ...times(210, (at) => [at, quoted(`[${[...new Set(times(1 + pick(3), () => pick(31)))].join(', ')}]`)]),
      ]),
      'user_features.csv': rows([
        ['user_id', 'user_active_degree', 'is_lowactive_period', 'follow_user_num', 'register_days', 'onehot_feat0'],
        ...times(140, (at) => [at, among(['full_active', 'high_active']), pick(2), pick(90), pick(900), pick(3)]),
      ]),
    },
    right: {
      events: ['big_matrix.csv'],
      user: ['user_id'],
      item: ['video_id'],
      time: ['time', 'timestamp'],
      users: ['user_features.csv.user_id'],
      items: ['item_categories.csv.video_id'],
      history: ['past'],
    },
  };
}

function playlists(): Folder {
  const tracks = distinct(180, () => `tr_${hex(8)}`);
  return {
    name: 'songs of playlists, which stand for nobody',
    files: {
      'playlist_tracks.csv': rows([
        ['playlist_id', 'pos', 'track_id'],
        ...times(220, (list) =>
          [...new Set(times(3 + pick(12), () => tracks[skewed(180)]))].map((id, pos) => [list, pos, id]),
        ).flat(),
      ]),
      'tracks.csv': rows([
        ['track_id', 'track_name', 'artist_name', 'duration_ms'],
        ...tracks.map((id) => [id, quoted(title()), quoted(title()), 100_000 + pick(200_000)]),
      ]),
      'playlists.csv': rows([
        ['playlist_id', 'name', 'num_followers'],
        ...times(220, (list) => [list, among(words), pick(50)]),
      ]),
    },
    right: {
      events: ['playlist_tracks.csv'],
      user: ['playlist_id'],
      item: ['track_id'],
      time: [undefined],
      users: ['playlists.csv.playlist_id'],
      items: ['tracks.csv.track_id'],
      history: ['others'],
    },
  };
}

function payroll(): Folder {
  return {
    name: 'employees, departments and salaries: no events',
    files: {
      'employees.csv': rows([
        ['emp_no', 'birth_date', 'first_name', 'last_name', 'gender', 'hire_date'],
        ...times(300, (at) => [
          10_001 + at,
          '1960-04-02',
          among(['Ann', 'Bo', 'Cy']),
          among(words),
          among(['M', 'F']),
          iso(later()).slice(0, 10),
        ]),
      ]),
      'departments.csv': rows([['dept_no', 'dept_name'], ...times(9, (at) => [`d00${at}`, title()])]),
      'salaries.csv': rows([
        ['emp_no', 'salary', 'from_date', 'to_date'],
        ...times(1500, (at) => [
          10_001 + (at % 300),
          38_000 + pick(60_000),
          iso(start + at * 1000).slice(0, 10),
          '9999-01-01',
        ]),
      ]),
    },
    right: 'refused',
  };
}

function films(): Folder {
  return {
    name: 'two colons, Latin letters, no headers, users and films that count from 1',
    files: {
      'ratings.dat': rows(
        times(2400, () => [1 + pick(130), 1 + skewed(240), 1 + pick(5), later()]),
        '::',
      ),
      'users.dat': rows(
        times(130, (at) => [at + 1, among(['M', 'F']), among([1, 18, 25, 35]), pick(21), 10_000 + pick(80_000)]),
        '::',
      ),
      'movies.dat': latin1(
        rows(
          times(240, (at) => [at + 1, `Élan ${title()} (${1950 + pick(50)})`, 'Drama|War'.slice(0, among([5, 9]))]),
          '::',
        ),
      ),
    },
    right: {
      events: ['ratings.dat'],
      user: ['column1'],
      item: ['column2'],
      time: ['column4'],
      users: ['users.dat.column1'],
      items: ['movies.dat.column1'],
      history: ['past'],
    },
  };
}

function orders(): Folder {
  const german = (seconds: number): string => iso(seconds).slice(0, 10).split('-').reverse().join('.');
  return {
    name: 'a German shop: orders, articles and customers',
    files: {
      'Bestellungen.csv': latin1(
        rows(
          [
            ['Bestellnummer', 'Kundennummer', 'Artikelnummer', 'Menge', 'Bestelldatum'],
            ...times(1800, (at) => [
              700_000 + Math.floor(at / 2),
              4000 + skewed(120),
              `A-${skewed(150)}`,
              1 + pick(4),
              german(start + at * 5000),
            ]),
          ],
          ';',
        ),
      ),
      'Artikel.csv': latin1(
        rows(
          [
            ['Artikelnummer', 'Bezeichnung', 'Warengruppe', 'Preis'],
            ...times(150, (at) => [
              `A-${at}`,
              `Tür ${title()}`,
              among(['Möbel', 'Licht']),
              `${pick(90)},${10 + pick(90)}`,
            ]),
          ],
          ';',
        ),
      ),
      'Kunden.csv': latin1(
        rows(
          [
            ['Kundennummer', 'PLZ', 'Ort', 'Geburtsjahr'],
            ...times(120, (at) => [4000 + at, `0${1000 + at}`, 'Köln', 1950 + pick(50)]),
          ],
          ';',
        ),
      ),
    },
    right: {
      events: ['Bestellungen.csv'],
      user: ['Kundennummer'],
      item: ['Artikelnummer'],
      time: ['Bestelldatum'],
      users: ['Kunden.csv.Kundennummer'],
      items: ['Artikel.csv.Artikelnummer'],
      history: ['past'],
    },
  };
}

function rides(): Folder {
  return {
    name: 'rides between stations: a situation, and where it leads',
    files: {
      'trips.csv': rows([
        ['ride_id', 'started_at', 'ended_at', 'start_station_id', 'end_station_id', 'member_casual'],
        ...times(1500, () => [
          hex(16),
          iso(later()),
          iso(later() + 900),
          300 + skewed(60),
          300 + skewed(60),
          among(['member', 'casual']),
        ]),
      ]),
      'stations.csv': rows([
        ['station_id', 'name', 'capacity'],
        ...times(60, (at) => [300 + at, quoted(title()), 10 + pick(30)]),
      ]),
    },
    right: {
      events: ['trips.csv'],
      user: [undefined],
      item: ['end_station_id'],
      time: ['started_at'],
      users: [undefined],
      items: ['stations.csv.station_id'],
      history: [undefined],
    },
  };
}

export const folders: readonly Folder[] = [
  bookshop(),
  tweets(),
  grocery(),
  commits(),
  shopLog(),
  music(),
  jobs(),
  courses(),
  news(),
  hotels(),
  delivery(),
  series(),
  games(),
  podcasts(),
  visits(),
  beers(),
  countries(),
  weather(),
  payments(),
  songs(),
];

/** Ten more, written after the twenty had been answered, and before `init` saw them. */
export const laterFolders: readonly Folder[] = [
  retail(),
  businesses(),
  readers(),
  behaviours(),
  clips(),
  playlists(),
  payroll(),
  films(),
  orders(),
  rides(),
];
