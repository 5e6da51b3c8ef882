/** Twenty folders after real files, written before `tower init` was mended with them. */
import {
  among,
  type CorpusFolder,
  clock,
  day,
  digits,
  distinct,
  favourite,
  hex,
  iso,
  jsonLines,
  later,
  latin1,
  name,
  pick,
  quotedTable,
  sentence,
  skewed,
  table,
  times,
  title,
  word,
} from './make.ts';

function sakila(): CorpusFolder {
  const customers = times(110, (at) => at + 1);
  const films = times(90, (at) => at + 1);
  const inventory = times(260, (at) => [at + 1, favourite(films), 1 + pick(2), '2006-02-15 05:09:17'] as const);
  return {
    name: 'rentals of copies of films, as in Sakila',
    files: {
      'rental.csv': table([
        ['rental_id', 'rental_date', 'inventory_id', 'customer_id', 'return_date', 'staff_id', 'last_update'],
        ...times(1600, (at) => [
          at + 1,
          clock(),
          among(inventory)[0],
          among(customers),
          clock(),
          1 + pick(2),
          '2006-02-15 21:30:53',
        ]),
      ]),
      'inventory.csv': table([['inventory_id', 'film_id', 'store_id', 'last_update'], ...inventory]),
      'film.csv': table([
        ['film_id', 'title', 'description', 'release_year', 'rental_rate', 'length', 'rating'],
        ...films.map((id) => [
          id,
          title().toUpperCase(),
          sentence(),
          2006,
          among([0.99, 2.99, 4.99]),
          46 + pick(139),
          among(['G', 'PG', 'R']),
        ]),
      ]),
      'customer.csv': table([
        ['customer_id', 'store_id', 'first_name', 'last_name', 'email', 'active', 'create_date'],
        ...customers.map((id) => [
          id,
          1 + pick(2),
          name().split(' ')[0],
          name().split(' ')[1],
          `c${id}@example.org`,
          1,
          '2006-02-14',
        ]),
      ]),
    },
    right: {
      events: 'rental.csv',
      user: 'customer_id',
      item: 'film_id',
      time: 'rental_date',
      joined: ['inventory.csv', 'film.csv', 'customer.csv'],
      unread: ['rental_id', 'return_date'],
    },
  };
}

function hundredThousand(): CorpusFolder {
  const genres = ['unknown', 'Action', 'Comedy', 'Drama', 'War'];
  return {
    name: 'MovieLens 100K: u.data, u.item, u.user, u.genre',
    files: {
      'u.data': table(
        times(2500, () => [1 + pick(140), 1 + skewed(200), 1 + pick(5), later()]),
        '\t',
      ),
      'u.item': latin1(
        times(
          200,
          (at) =>
            `${at + 1}|Café ${title()} (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?${at}|${genres.map(() => pick(2)).join('|')}\n`,
        ).join(''),
      ),
      'u.user': times(
        140,
        (at) =>
          `${at + 1}|${18 + pick(50)}|${among(['M', 'F'])}|${among(['writer', 'student', 'other'])}|${10_000 + pick(80_000)}\n`,
      ).join(''),
      'u.genre': genres.map((each, at) => `${each}|${at}\n`).join(''),
    },
    right: {
      events: 'u.data',
      user: 'column1',
      item: 'column2',
      time: 'column4',
      joined: ['u.item', 'u.user'],
      labels: ['liked'],
    },
  };
}

function yoochoose(): CorpusFolder {
  return {
    name: 'clicks and buys of sessions without headers, as of RecSys 2015',
    files: {
      'yoochoose-clicks.dat': table(
        times(2600, () => [
          1 + pick(420),
          iso(later()),
          214_500_000 + 37 * skewed(170),
          among([0, 0, 'S', 1 + pick(12)]),
        ]),
      ),
      'yoochoose-buys.dat': table(
        times(300, () => [1 + pick(420), iso(later()), 214_500_000 + 37 * skewed(170), 100 + pick(9000), 1 + pick(3)]),
      ),
    },
    right: {
      events: 'yoochoose-clicks.dat',
      user: 'column1',
      item: 'column3',
      time: 'column2',
      asks: ['user', 'item', 'events'],
    },
  };
}

function goodreads(): CorpusFolder {
  const books = distinct(130, () => digits(7));
  const users = distinct(120, () => hex(32));
  const mail = (seconds: number): string => {
    const [weekday, date, month, year, at] = new Date(seconds * 1000).toUTCString().replace(',', '').split(' ');
    return `${weekday} ${month} ${date} ${at} -0700 ${year}`;
  };
  return {
    name: 'Goodreads: interactions and books in JSON lines',
    files: {
      'goodreads_interactions.json': jsonLines(
        times(1800, () => ({
          user_id: among(users),
          book_id: favourite(books),
          review_id: hex(32),
          is_read: pick(3) > 0,
          rating: pick(6),
          date_added: mail(later()),
          date_updated: mail(later()),
          read_at: '',
          started_at: '',
        })),
      ),
      'goodreads_books.json': jsonLines(
        books.map((id) => ({
          isbn: pick(2) ? digits(10) : '',
          book_id: id,
          title: title(),
          authors: [{ author_id: digits(5), role: '' }],
          popular_shelves: [{ count: String(pick(900)), name: 'to-read' }],
          average_rating: (3 + pick(200) / 100).toFixed(2),
          ratings_count: String(pick(90_000)),
          publisher: among(['Tor', 'Dtv', 'Ace']),
          num_pages: String(100 + pick(600)),
          language_code: among(['eng', 'spa', '']),
        })),
      ),
    },
    right: {
      events: 'goodreads_interactions.json',
      user: 'user_id',
      item: 'book_id',
      time: 'date_added',
      joined: ['goodreads_books.json'],
      unread: ['average_rating'],
    },
  };
}

function amazon(): CorpusFolder {
  const asins = distinct(140, () => `B0${hex(8).toUpperCase()}`);
  return {
    name: 'Amazon reviews of 2018 with their metadata',
    files: {
      'Magazine_5.json': jsonLines(
        times(1700, () => ({
          overall: 1 + pick(5),
          verified: pick(2) === 0,
          reviewTime: '11 8, 2001',
          reviewerID: `A${digits(6)}`.replace(/\d{4}$/, String(pick(15) + 10)),
          asin: favourite(asins),
          style: { 'Format:': ' Print' },
          reviewerName: name(),
          reviewText: sentence(),
          summary: title(),
          unixReviewTime: later(),
        })),
      ),
      'meta_Magazine.json': jsonLines(
        asins.map((asin) => ({
          category: ['Magazines', among(['Women', 'Sports', 'News'])],
          title: title(),
          also_buy: times(pick(4), () => among(asins)),
          brand: among(['Time', 'Hearst', '']),
          rank: [],
          asin,
          price: `$${5 + pick(40)}.99`,
        })),
      ),
    },
    right: {
      events: 'Magazine_5.json',
      user: 'reviewerID',
      item: 'asin',
      time: 'unixReviewTime',
      joined: ['meta_Magazine.json'],
      labels: ['liked'],
    },
  };
}

function criteo(): CorpusFolder {
  return {
    name: 'Criteo: a label, 13 numbers and 26 hashes, without names',
    files: {
      'train.txt': table(
        times(1200, () => [
          pick(4) === 0 ? 1 : 0,
          ...times(13, () => (pick(5) ? pick(300) : '')),
          ...times(26, (at) => `${'0123456789abcdef'[skewed(at + 3) % 16]}${'68fd1e6'}`),
        ]),
        '\t',
      ),
    },
    right: { refused: 'starter-no-events', says: /item/ },
  };
}

function analytics(): CorpusFolder {
  const visitors = times(160, () => `${digits(10)}.${1_690_000_000 + pick(900_000)}`);
  return {
    name: 'GA4 events as BigQuery exports them, with nested lists of parameters',
    files: {
      'events_20240105.json': jsonLines(
        times(1700, () => {
          const page = skewed(90);
          return {
            event_date: day().replaceAll('-', ''),
            event_timestamp: String(later() * 1_000_000 + pick(1_000_000)),
            event_name: among(['view_item', 'view_item', 'view_item', 'add_to_cart', 'purchase']),
            user_pseudo_id: among(visitors),
            device: { category: among(['mobile', 'desktop']), language: among(['de', 'en-us']) },
            geo: { country: among(['Germany', 'Austria']) },
            item: { item_id: `SKU${1000 + page}`, item_name: `Shirt ${page}`, price: 9 + (page % 40) },
          };
        }),
      ),
    },
    right: { events: 'events_20240105.json', user: 'user_pseudo_id', item: 'item_item_id', time: 'event_timestamp' },
  };
}

function shopify(): CorpusFolder {
  return {
    name: 'an export of orders of Shopify: the first line of an order alone says when and who',
    files: {
      'orders_export.csv': table([
        [
          'Name',
          'Email',
          'Financial Status',
          'Paid at',
          'Currency',
          'Subtotal',
          'Total',
          'Created at',
          'Lineitem quantity',
          'Lineitem name',
          'Lineitem price',
          'Lineitem sku',
          'Billing Country',
          'Id',
        ],
        ...times(420, (at) => {
          const when = `${clock()} +0100`;
          const who = `buyer${pick(90)}@example.org`;
          return times(1 + pick(4), (line) => {
            const product = skewed(70);
            return [
              `#${1001 + at}`,
              who,
              ...(line === 0 ? ['paid', when, 'EUR', 10 + pick(90), 15 + pick(90), when] : ['', '', '', '', '', when]),
              1 + pick(3),
              `Tee ${product}`,
              (9 + (product % 30)).toFixed(2),
              `TEE-${product}`,
              line === 0 ? 'DE' : '',
              line === 0 ? digits(12) : '',
            ];
          });
        }).flat(),
      ]),
    },
    right: {
      events: 'orders_export.csv',
      user: 'Email',
      item: ['Lineitem sku', 'Lineitem name'],
      time: 'Created at',
      unread: ['Total', 'Subtotal'],
    },
  };
}

function stripe(): CorpusFolder {
  return {
    name: 'payments of Stripe: an amount, a customer, a description',
    files: {
      'unified_payments.csv': table([
        ['id', 'Created date (UTC)', 'Amount', 'Currency', 'Status', 'Customer ID', 'Customer Email', 'Description'],
        ...times(1100, () => {
          const who = pick(120);
          return [
            `ch_${hex(24)}`,
            clock().slice(0, 16),
            (5 + pick(9000) / 100).toFixed(2),
            'eur',
            among(['Paid', 'Paid', 'Refunded']),
            `cus_${1000 + who}`,
            `who${who}@example.org`,
            among([
              'Plan Basic',
              'Plan Plus',
              'Plan Team',
              'Plan Solo',
              'Course A',
              'Course B',
              'Book 1',
              'Book 2',
              'Shirt S',
              'Shirt M',
              'Shirt L',
              'Mug',
              'Cap',
              'Bag',
            ]),
          ];
        }),
      ]),
    },
    // A person says that the description names what was bought; no name of a column does.
    right: {
      events: 'unified_payments.csv',
      user: ['Customer ID', 'Customer Email'],
      item: 'Description',
      time: 'Created date (UTC)',
      asks: ['item'],
    },
  };
}

function votes(): CorpusFolder {
  const posts = times(160, (at) => 4 + at * 3);
  return {
    name: 'Stack Overflow: votes without voters, posts and their owners',
    files: {
      'Votes.csv': table([
        ['Id', 'PostId', 'VoteTypeId', 'CreationDate'],
        ...times(1800, (at) => [at + 1, favourite(posts), among([1, 2, 2, 2, 3]), `${day()}T00:00:00.000`]),
      ]),
      'Posts.csv': table([
        ['Id', 'PostTypeId', 'CreationDate', 'Score', 'ViewCount', 'OwnerUserId', 'Title', 'Tags'],
        ...posts.map((id) => [
          id,
          1,
          `${day()}T08:00:00.000`,
          pick(90),
          pick(9000),
          1 + pick(60),
          title(),
          `<${word()}><${word()}>`,
        ]),
      ]),
    },
    // Nobody says who voted, and the owner of a post is not who chose it.
    right: { refused: 'starter-no-events', says: /user|who|situation|question/ },
  };
}

function jester(): CorpusFolder {
  return {
    name: 'Jester: no header, the number of ratings, then a column for each joke; 99 says not rated',
    files: {
      'jester-data-1.csv': table(
        times(160, () => {
          const rated = times(50, () => (pick(2) ? (pick(1960) / 100 - 9.8).toFixed(2) : '99'));
          return [rated.filter((each) => each !== '99').length, ...rated];
        }),
      ),
    },
    right: {
      events: 'jester-data-1.csv',
      user: 'user',
      item: 'item',
      time: undefined,
      labels: ['liked'],
      asks: ['missing_value'],
    },
  };
}

function netflix(): CorpusFolder {
  return {
    name: 'Netflix Prize: titles in latin-1, a block of lines for each film',
    files: {
      'combined_data_1.txt': times(
        60,
        (at) => `${at + 1}:\n${times(30, () => `${1000 + pick(200)},${1 + pick(5)},${day()}\n`).join('')}`,
      ).join(''),
      'movie_titles.csv': latin1(times(60, (at) => `${at + 1},${1960 + pick(45)},Amélie ${title()}\n`).join('')),
    },
    // A line says the film of the lines below it. No column has it, so the file is left out, and the titles are no events.
    right: { refused: 'starter-no-events', says: /movie_titles/ },
  };
}

function survey(): CorpusFolder {
  return {
    name: 'an export of a survey: names, then the questions in a second line',
    files: {
      'survey.csv': quotedTable([
        ['ResponseId', 'RecordedDate', 'Q1', 'Q2', 'Q3'],
        ['Response ID', 'Recorded Date', 'How old are you?', 'How did you hear of us?', 'What would you change?'],
        ...times(400, () => [`R_${hex(12)}`, clock(), 18 + pick(60), among(['Friend', 'Press', 'Search']), sentence()]),
      ]),
    },
    right: { refused: 'starter-no-events', says: /ResponseId|item/ },
  };
}

function till(): CorpusFolder {
  return {
    name: 'lines of a till: semicolons, decimal commas, days first, latin-1',
    files: {
      'kassenbons.csv': latin1(
        table(
          [
            ['Bon-Nr.', 'Datum', 'Artikel-Nr.', 'Bezeichnung', 'Menge', 'Preis €'.replace('€', 'EUR')],
            ...times(450, (at) => {
              const when = day().split('-').reverse().join('.');
              return [...new Set(times(2 + pick(5), () => skewed(80)))].map((article) => [
                70_000 + at,
                when,
                `A${100 + article}`,
                `Käse ${article}`,
                `${1 + pick(3)},000`,
                `${2 + (article % 20)},49`,
              ]);
            }).flat(),
          ],
          ';',
          '\r\n',
        ),
      ),
    },
    right: { events: 'kassenbons.csv', user: 'Bon-Nr.', item: 'Artikel-Nr.', time: undefined },
  };
}

function chineseShop(): CorpusFolder {
  return {
    name: 'behaviour in a Chinese shop: kinds of events in words',
    files: {
      '用户行为.csv': table([
        ['用户ID', '商品ID', '商品类目', '行为类型', '时间戳'],
        ...times(2000, () => {
          const item = skewed(110);
          return [
            100_000 + pick(150),
            500_000 + item,
            30 + (item % 9),
            among(['pv', 'pv', 'pv', 'cart', 'fav', 'buy']),
            later(),
          ];
        }),
      ]),
    },
    right: { events: '用户行为.csv', user: '用户ID', item: '商品ID', time: '时间戳', labels: ['buy'] },
  };
}

function library(): CorpusFolder {
  return {
    name: 'loans of a library with copies, titles and readers, a BOM and semicolons',
    files: {
      'Ausleihen.csv': `\uFEFF${table([['Leser-Nr', 'Exemplar', 'ausgeliehen am', 'zurück am'], ...times(1500, () => [`L${200 + pick(110)}`, `E${skewed(180)}`, day().split('-').reverse().join('.'), pick(5) ? day().split('-').reverse().join('.') : ''])], ';', '\r\n')}`,
      'Exemplare.csv': `\uFEFF${table([['Exemplar', 'Titel-Nr', 'Standort'], ...times(180, (at) => [`E${at}`, `T${at % 100}`, among(['Keller', 'Saal'])])], ';', '\r\n')}`,
      'Titel.csv': `\uFEFF${table([['Titel-Nr', 'Titel', 'Autor', 'Sachgruppe'], ...times(100, (at) => [`T${at}`, title(), name(), among(['Kunst', 'Physik'])])], ';', '\r\n')}`,
    },
    right: {
      events: 'Ausleihen.csv',
      user: 'Leser-Nr',
      item: ['Titel-Nr', 'Exemplar'],
      time: 'ausgeliehen am',
      unread: ['zurück am'],
      asks: ['user', 'item'],
    },
  };
}

function recipes(): CorpusFolder {
  const dates = (): string =>
    new Date(later() * 1000).toLocaleDateString('en-US', {
      year: 'numeric',
      month: 'long',
      day: 'numeric',
      timeZone: 'UTC',
    });
  return {
    name: 'ratings of recipes with dates in words',
    files: {
      'interactions.csv': table([
        ['user_id', 'recipe_id', 'date', 'rating', 'review'],
        ...times(1500, () => [1000 + pick(130), 40_000 + skewed(120), dates(), pick(6), sentence()]),
      ]),
      'recipes.csv': table([
        ['name', 'id', 'minutes', 'contributor_id', 'submitted', 'tags', 'n_steps', 'ingredients'],
        ...times(120, (at) => [
          title(),
          40_000 + at,
          5 + pick(120),
          90_000 + pick(40),
          day(),
          `['${word()}', '${word()}']`,
          2 + pick(12),
          `['${word()}', '${word()}', 'salt']`,
        ]),
      ]),
    },
    right: {
      events: 'interactions.csv',
      user: 'user_id',
      item: 'recipe_id',
      time: 'date',
      joined: ['recipes.csv'],
      labels: ['liked'],
      unread: ['review'],
    },
  };
}

function ads(): CorpusFolder {
  return {
    name: 'impressions of advertisements with a label of clicks',
    files: {
      'impressions.csv': table([
        ['impression_id', 'user_id', 'ad_id', 'campaign_id', 'site', 'hour', 'timestamp', 'click'],
        ...times(2600, () => {
          const ad = skewed(60);
          return [
            hex(12),
            `u${pick(140)}`,
            `ad${ad}`,
            `c${ad % 8}`,
            among(['news', 'mail', 'sport']),
            pick(24),
            later(),
            pick(4) === 0 ? 1 : 0,
          ];
        }),
      ]),
    },
    right: { events: 'impressions.csv', user: 'user_id', item: 'ad_id', time: 'timestamp', unread: ['impression_id'] },
  };
}

function searches(): CorpusFolder {
  const queries = times(160, () => `${word()} ${word()} ${word()}`);
  return {
    name: 'queries of a search with the documents that were clicked',
    files: {
      'clicks.tsv': table(
        [['query', 'doc_id', 'clicks'], ...times(1200, () => [among(queries), `D${skewed(130)}`, 1 + pick(30)])],
        '\t',
      ),
      'docs.tsv': table([['doc_id', 'title', 'body'], ...times(130, (at) => [`D${at}`, title(), sentence()])], '\t'),
    },
    right: {
      events: 'clicks.tsv',
      user: [undefined, 'query'],
      item: 'doc_id',
      time: undefined,
      joined: ['docs.tsv'],
      unread: ['clicks'],
    },
  };
}

function counted(): CorpusFolder {
  return {
    name: 'users and how many things each bought: no item',
    files: {
      'totals.csv': table([
        ['user_id', 'orders', 'spend'],
        ...times(300, (at) => [`u${at}`, 1 + pick(40), (pick(90_000) / 100).toFixed(2)]),
      ]),
    },
    right: { refused: 'starter-no-events', says: /user_id/ },
  };
}

export const tuningFolders: readonly CorpusFolder[] = [
  sakila(),
  hundredThousand(),
  yoochoose(),
  goodreads(),
  amazon(),
  criteo(),
  analytics(),
  shopify(),
  stripe(),
  votes(),
  jester(),
  netflix(),
  survey(),
  till(),
  chineseShop(),
  library(),
  recipes(),
  ads(),
  searches(),
  counted(),
];
