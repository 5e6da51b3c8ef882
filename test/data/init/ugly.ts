/** Made-up files as people have them: each set has one or more of the things that make a first look hard. */
import { gzipSync } from 'node:zlib';
import { makeRandom } from '../../../src/base/random/random.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

interface Event {
  readonly user: number;
  readonly item: number;
  readonly rating: number;
  readonly seconds: number;
}

/** Users of five tastes, and items of the same. */
function events(rows: number, users = 40, items = 30): Event[] {
  const random = makeRandom(7);
  const pick = (below: number): number => random.integer(below);
  return Array.from({ length: rows }, (_, at) => {
    const user = pick(users);
    const item = random.next() < 0.7 ? (user % 5) + 5 * pick(items / 5) : pick(items);
    const rating = 1 + Math.min(4, pick(3) + (user % 5 === item % 5 ? 2 : 0));
    return { user, item, rating, seconds: 1_700_000_000 + at * 600 };
  });
}

const genres = ['Drama', 'Comedy', 'War', 'Sci-Fi', 'Crime'];
const lines = (head: string | undefined, rows: readonly (readonly unknown[])[], separator = ','): string =>
  `${[...(head === undefined ? [] : [head]), ...rows.map((row) => row.join(separator))].join('\n')}\n`;
const two = (number: number): string => String(number).padStart(2, '0');
const date = (seconds: number): Date => new Date(seconds * 1000);
const german = (seconds: number): string => {
  const day = date(seconds);
  return `${two(day.getUTCDate())}.${two(day.getUTCMonth() + 1)}.${day.getUTCFullYear()} ${two(day.getUTCHours())}:${two(day.getUTCMinutes())}`;
};
const words = [
  'how',
  'do',
  'planes',
  'fly',
  'over',
  'cold',
  'wings',
  'with',
  'heat',
  'and',
  'shock',
  'waves',
  'near',
  'walls',
];
const sentence = (seed: number, length: number): string =>
  Array.from({ length }, (_, at) => words[(seed * 7 + at * at + 3) % words.length]).join(' ');

export const uglySets: Readonly<Record<string, () => Files>> = {
  'semicolons, decimal commas, umlauts, a byte order mark': () => ({
    'Käufe.csv': `\uFEFF${lines(
      'Kunden-Nr;Artikel Nr.;Bewertung;Preis in €;Gekauft am',
      events(400).map(({ user, item, rating, seconds }) => [
        `K${user}`,
        item + 1000,
        `${rating},5`,
        `1.2${two(item)},90`,
        german(seconds),
      ]),
      ';',
    )}`,
  }),
  'no header, tabs, an unknown ending': () => ({
    'u.data': lines(
      undefined,
      events(400).map(({ user, item, rating, seconds }) => [user + 1, item + 1, rating, seconds]),
      '\t',
    ),
  }),
  'one name twice, and one missing': () => ({
    'log.csv': lines(
      'id,id,,score',
      events(300).map(({ user, item, rating, seconds }) => [
        `u${user}`,
        `p${item}`,
        date(seconds).toISOString(),
        rating,
      ]),
    ),
  }),
  'words of SQL and blanks as names': () => ({
    'orders.csv': lines(
      '"User Id",select,at,"group","order"',
      events(300).map(({ user, item, seconds }) => [user, `sku ${item}`, seconds, user % 3, item % 5]),
    ),
    'products.csv': lines(
      'select,from,"unit price","where"',
      Array.from({ length: 30 }, (_, item) => [`sku ${item}`, `"Thing ""${item}"""`, item * 3 + 0.5, genres[item % 5]]),
    ),
  }),
  'names that are not Latin': () => ({
    '评分.csv': lines(
      '用户,商品,评分,时间',
      events(300).map(({ user, item, rating, seconds }) => [`用户${user}`, `商品${item}`, rating, seconds * 1000]),
    ),
  }),
  'one wide file with everything': () => ({
    'sales.tsv': lines(
      'order_id\tcustomer_id\tcustomer_city\tproduct_id\tproduct_name\tbrand\tcategories\tquantity\tcustomer_review\torder_date',
      events(400).map(({ user, item, rating, seconds }, at) => [
        at,
        user,
        `City ${user % 7}`,
        item,
        `Product number ${item} of the shop`,
        `Brand ${item % 6}`,
        `${genres[item % 5]}|${genres[(item + 1) % 5]}`,
        rating,
        sentence(at, 6),
        date(seconds).toISOString().slice(0, 10),
      ]),
      '\t',
    ),
  }),
  'JSON lines with kinds of events, milliseconds, nesting': () => ({
    'events.jsonl': events(400)
      .map(({ user, item, rating, seconds }) =>
        JSON.stringify({
          visitorid: user,
          itemid: item,
          event: ['view', 'view', 'addtocart', 'transaction', 'impression'][(rating + item) % 5],
          timestamp: seconds * 1000,
          context: { device: user % 2 ? 'phone' : 'desktop' },
          device: user % 2 ? 'phone' : 'desktop',
        }),
      )
      .join('\n'),
    'item.json': JSON.stringify(
      Array.from({ length: 30 }, (_, item) => ({
        itemid: item,
        tags: [genres[item % 5], genres[(item + 2) % 5]],
        price: item * 2.5,
      })),
    ),
  }),
  'counts without a time, two colons': () => ({
    'plays.dat': lines(
      'userID::artistID::weight',
      [
        ...new Map(
          events(500).map(({ user, item, rating }) => [`${user} ${item}`, [user, item, rating ** 5]]),
        ).values(),
      ],
      '::',
    ),
  }),
  'questions and answers': () => ({
    'faq.csv': lines(
      'question,answer',
      Array.from({ length: 200 }, (_, at) => [`${sentence(at, 6)} ${at}?`, `${sentence(at, 9)} ${at}`]),
    ),
  }),
  'broken rows, mixed types, line ends of Windows': () => ({
    'views.csv': lines(
      'session_id,movie_id,watched_at,minutes',
      events(600).map(({ user, item, rating, seconds }, at) =>
        at % 75 === 9
          ? [user, 'lost']
          : at % 90 === 4
            ? [user, item, 'yesterday', 'long']
            : [user, item, seconds, rating * 7],
      ),
    ).replaceAll('\n', '\r\n'),
  }),
  'ten rows': () => ({
    'tiny.csv': lines(
      'user,item,time',
      events(10, 3, 5).map(({ user, item, seconds }) => [user, item, seconds]),
    ),
  }),
  'three tables with other names for their keys': () => ({
    'orders.csv': lines(
      'order_no,customer,article,placed',
      events(400).map(({ user, item, seconds }, at) => [at, `C${user}`, `A${item}`, date(seconds).toISOString()]),
    ),
    'customers.csv': lines(
      'id,age,gender',
      Array.from({ length: 40 }, (_, user) => [`C${user}`, 20 + ((user * 7) % 50), user % 2 ? 'f' : 'm']),
    ),
    'articles.csv': lines(
      'number;title;colour',
      Array.from({ length: 30 }, (_, item) => [`A${item}`, `Article ${item} in the shop`, genres[item % 5]]),
      ';',
    ).replaceAll(';', ','),
  }),
  'lists as JSON and as Python writes them': () => ({
    'reads.csv': lines(
      'reader_id,book_id,read_at',
      events(300).map(({ user, item, seconds }) => [user, item, seconds]),
    ),
    'books.csv': lines(
      'book_id,authors,shelves,vector',
      Array.from({ length: 30 }, (_, item) => [
        item,
        `"['Ann ${item % 4}', 'Bob ${item % 3}']"`,
        `"[""${genres[item % 5]}"", ""${genres[(item + 1) % 5]}""]"`,
        `"[${Array.from({ length: 8 }, (__, at) => ((item * at) % 5) / 10).join(', ')}]"`,
      ]),
    ),
  }),
  'a file for each month': () => ({
    'clicks-2024-01.csv': lines(
      'user,page,time',
      events(300)
        .slice(0, 150)
        .map(({ user, item, seconds }) => [user, `/p/${item}`, seconds]),
    ),
    'clicks-2024-02.csv': lines(
      'user,page,time',
      events(300)
        .slice(150)
        .map(({ user, item, seconds }) => [user, `/p/${item}`, seconds]),
    ),
  }),
  'Western European letters of one byte': () => ({
    'noten.csv': Buffer.from(
      lines(
        'Schüler;Fach;Note',
        events(300).map(({ user, item, rating }) => [`Jürgen ${user}`, `Übung ${item}`, rating]),
        ';',
      ),
      'latin1',
    ),
  }),
  'impressions with several labels': () => ({
    'feed.csv': lines(
      'uid,video_id,is_click,is_like,is_follow,tab,ts',
      events(600).map(({ user, item, rating, seconds }) => [
        user,
        item,
        rating > 2 ? 1 : 0,
        rating > 3 ? 1 : 0,
        rating > 4 && item % 2 ? 1 : 0,
        user % 4,
        seconds,
      ]),
    ),
  }),
  'lines of a title, groups of three digits, days of a spreadsheet': () => ({
    'report.csv': `Sales report 2024,,,,\nprinted 2024-05-31,,,,\n,,,,\n${lines(
      'Customer,Product,Amount,Paid,Date',
      events(300).map(({ user, item, rating, seconds }) => [
        user,
        `P${item}`,
        rating,
        `"$1,${100 + item * 7}.00"`,
        (25_569 + seconds / 86_400).toFixed(4),
      ]),
    )}`,
  }),
  'blanks after commas, codes that begin with 0': () => ({
    'visits.csv': lines(
      'customer, shop, score, time',
      events(300).map(({ user, item, rating, seconds }) => [`0${user}`, `00${item}`, rating, `${seconds} `]),
      ', ',
    ),
    'customers.csv': lines(
      'id,zone,town',
      Array.from({ length: 40 }, (_, user) => [`0${user}`, `0${1000 + (user % 15)}`, `"Town ${user % 7}, east"`]),
    ),
  }),
  'quotes after a backslash, a clock of twelve hours': () => ({
    'log.csv': lines(
      'user_id,item_id,said,at',
      events(300).map(({ user, item, seconds }, row) => [
        user,
        item,
        `"a \\"good\\" one, no. ${row}"`,
        `"May ${1 + (Math.floor(seconds / 86_400) % 28)}, 2024 ${1 + (row % 12)}:30 PM"`,
      ]),
    ),
  }),
  'seconds and milliseconds mixed': () => ({
    'views.csv': lines(
      'user,page,timestamp',
      events(300).map(({ user, item, seconds }, row) => [user, item, row % 2 ? seconds * 1000 : seconds]),
    ),
  }),
  'signs and a line end in names, times in no known form': () => ({
    'export (1).csv': lines(
      '🧑 User,Product / SKU,⭐ Stars,When?,"Weird, ""quoted""\nname"',
      events(300).map(({ user, item, rating, seconds }) => [
        `Jo ${user}`,
        `SKU/${item} {x}`,
        rating,
        `week ${Math.floor(seconds / 7200)}`,
        `a${item % 3}`,
      ]),
    ),
  }),
  'a mark of UTF-8 before letters of one byte': () => ({
    'kauf.csv': Buffer.concat([
      Buffer.from('efbbbf', 'hex'),
      Buffer.from(
        lines(
          'Käufer;Möbel;Preis in ?;Datum',
          events(300).map(({ user, item, seconds }) => [
            `Jörg ${user}`,
            `Stühle ${item}`,
            `1.2${two(item)},90 ?`,
            german(seconds),
          ]),
          ';',
        ),
        'latin1',
      ).map((byte) => (byte === 0x3f ? 0x80 : byte)),
    ]),
  }),
  'objects in lines of JSON': () => ({
    'events.json': events(300)
      .map(({ user, item, rating, seconds }, row) =>
        JSON.stringify({
          _id: { $oid: row.toString(16).padStart(24, '0') },
          user: { id: `u${user}`, profile: { age: 20 + user, address: { town: `t${user % 4}` } } },
          product: { sku: `P-${item}`, tags: [genres[item % 5], 'x'], long: 'x'.repeat(200) },
          stars: rating,
          seen: { $date: date(seconds).toISOString() },
        }),
      )
      .join('\n'),
  }),
  'forty columns without a name': () => ({
    'train.csv': lines(
      `user_id,item_id,label,${Array.from({ length: 40 }, (_, at) => `f${at}`).join(',')}`,
      events(300).map(({ user, item, rating }) => [
        user,
        item,
        rating > 3 ? 1 : 0,
        ...Array.from({ length: 40 }, (_, at) => (user * at + item) % 7),
      ]),
    ),
  }),
  'lines of a user and items': () => ({
    'sequences.txt': Array.from(
      { length: 40 },
      (_, user) =>
        `${user} ${events(12 + (user % 5), 1, 30)
          .map(({ item }) => (item * 7 + user) % 30)
          .join(' ')}`,
    ).join('\n'),
  }),
};

/** Sets in which nothing can be learned, and a word of the reason. */
export const unlearnable: Readonly<Record<string, readonly [Files, RegExp]>> = {
  'one row': [{ 'one.csv': 'user,item,time\n1,2,2024-01-01\n' }, /has one row: a model learns from many events/],
  'one user': [
    {
      'mine.csv': lines(
        'user,item,time',
        events(60).map(({ item, seconds }) => ['me', item, seconds]),
      ),
    },
    /`user` is `me` in all rows/,
  ],
  'one item': [
    {
      'it.csv': lines(
        'user,item,time',
        events(60).map(({ user, seconds }) => [user, 'only', seconds]),
      ),
    },
    /`item` is `only` in all rows/,
  ],
  'impressions without a click': [
    {
      'shown.csv': lines(
        'user,item,clicked,time',
        events(60).map(({ user, item, seconds }) => [user, item, 0, seconds]),
      ),
    },
    /`clicked` is 0 in all rows of `shown.csv`, so no row says what somebody chose/,
  ],
  'keys that come up once': [
    {
      'log.csv': lines(
        'user_id,item_id,time',
        events(60).map(({ seconds }, at) => [`u${at}`, `i${at * 7}`, seconds]),
      ),
    },
    /each `user_id` and each `item_id` of `log.csv` comes up once/,
  ],
  'an archive alone': [{ 'views.zip': Buffer.from('504b030414000600', 'hex') }, /views.zip: it is a ZIP archive/],
};

/** Files that hold no table, and a word of the reason. */
export const noTables: Readonly<Record<string, readonly [string | Uint8Array, RegExp]>> = {
  'empty.csv': ['', /it is empty/],
  'blank.csv': ['\n\n  \n', /blanks alone/],
  'header.csv': ['user,item,time\n', /a header and no rows/],
  'random.csv': [Uint8Array.from({ length: 4000 }, (_, at) => (at * 7919) % 256), /it is binary/],
  'book.xlsx': [Buffer.from('504b030414000600', 'hex'), /Excel workbook/],
  'packed.csv': [gzipSync('a,b\n1,2\n'), /gzip/],
  'words.txt': ['one\ntwo\nthree\n', /one value each/],
  'broken.json': ['{"a": 1, ', /JSON/],
};
