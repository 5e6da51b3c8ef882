/** Twenty folders after other real files, written after `tower init` was mended, before it saw any of them. */
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
  letters,
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

function olist(): CorpusFolder {
  const products = times(80, () => hex(32));
  const customers = times(420, () => hex(32));
  const orders = customers.map(
    (customer) => [hex(32), customer, among(['delivered', 'shipped']), clock(), clock()] as const,
  );
  const persons = times(110, () => hex(32));
  return {
    name: 'Olist: items of orders, orders, customers and the persons behind them',
    files: {
      'olist_order_items_dataset.csv': quotedTable([
        ['order_id', 'order_item_id', 'product_id', 'seller_id', 'shipping_limit_date', 'price', 'freight_value'],
        ...orders.flatMap(([order]) =>
          times(1 + pick(4), (line) => [
            order,
            line + 1,
            favourite(products),
            hex(32).slice(0, 31) + pick(9),
            clock(),
            (9 + pick(300)).toFixed(2),
            '12.10',
          ]),
        ),
      ]),
      'olist_orders_dataset.csv': quotedTable([
        ['order_id', 'customer_id', 'order_status', 'order_purchase_timestamp', 'order_delivered_customer_date'],
        ...orders,
      ]),
      'olist_customers_dataset.csv': quotedTable([
        ['customer_id', 'customer_unique_id', 'customer_zip_code_prefix', 'customer_city', 'customer_state'],
        ...customers.map((id) => [id, among(persons), digits(5), among(['sao paulo', 'rio']), among(['SP', 'RJ'])]),
      ]),
      'olist_products_dataset.csv': quotedTable([
        ['product_id', 'product_category_name', 'product_weight_g'],
        ...products.map((id) => [id, among(['perfumaria', 'artes', 'bebes']), 100 + pick(3000)]),
      ]),
    },
    right: {
      events: 'olist_order_items_dataset.csv',
      user: ['customer_id', 'customer_unique_id'],
      item: 'product_id',
      time: 'order_purchase_timestamp',
      joined: ['olist_orders_dataset.csv', 'olist_products_dataset.csv'],
      unread: ['order_delivered_customer_date'],
    },
  };
}

function chinook(): CorpusFolder {
  const tracks = times(140, (at) => at + 1);
  return {
    name: 'Chinook: lines of invoices, invoices, customers, tracks, albums',
    files: {
      'InvoiceLine.csv': table([
        ['InvoiceLineId', 'InvoiceId', 'TrackId', 'UnitPrice', 'Quantity'],
        ...times(1500, (at) => [at + 1, 1 + Math.floor(at / 4), favourite(tracks), '0.99', 1]),
      ]),
      'Invoice.csv': table([
        ['InvoiceId', 'CustomerId', 'InvoiceDate', 'BillingCity', 'BillingCountry', 'Total'],
        ...times(375, (at) => [
          at + 1,
          1 + pick(59),
          `${day()} 00:00:00`,
          among(['Oslo', 'Graz']),
          among(['Norway', 'Austria']),
          '3.96',
        ]),
      ]),
      'Customer.csv': table([
        ['CustomerId', 'FirstName', 'LastName', 'Company', 'Country', 'Email', 'SupportRepId'],
        ...times(59, (at) => [
          at + 1,
          name().split(' ')[0],
          name().split(' ')[1],
          '',
          among(['Norway', 'Austria']),
          `c${at}@example.org`,
          3 + pick(3),
        ]),
      ]),
      'Track.csv': table([
        ['TrackId', 'Name', 'AlbumId', 'MediaTypeId', 'GenreId', 'Composer', 'Milliseconds', 'Bytes', 'UnitPrice'],
        ...tracks.map((id) => [
          id,
          title(),
          1 + (id % 30),
          1,
          1 + pick(12),
          name(),
          100_000 + pick(200_000),
          pick(9_000_000),
          '0.99',
        ]),
      ]),
      'Album.csv': table([['AlbumId', 'Title', 'ArtistId'], ...times(30, (at) => [at + 1, title(), 1 + pick(12)])]),
    },
    right: {
      events: 'InvoiceLine.csv',
      user: 'CustomerId',
      item: 'TrackId',
      time: 'InvoiceDate',
      joined: ['Invoice.csv', 'Track.csv', 'Customer.csv'],
    },
  };
}

function onlineRetail(): CorpusFolder {
  const goods = times(90, (at) => [`${21_000 + at}${among(['', 'A'])}`, title().toUpperCase()] as const);
  return {
    name: 'UCI Online Retail: lines of invoices with a customer as a decimal',
    files: {
      'Online Retail.csv': latin1(
        table([
          ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID', 'Country'],
          ...times(420, (at) => {
            const who = pick(8) ? `${12_346 + pick(110)}.0` : '';
            const when = `${1 + pick(12)}/${1 + pick(28)}/2011 ${8 + pick(10)}:${10 + pick(49)}`;
            return times(1 + pick(5), () => [
              536_365 + at,
              ...favourite(goods),
              1 + pick(12),
              when,
              (1 + pick(900) / 100).toFixed(2),
              who,
              among(['United Kingdom', 'France']),
            ]);
          }).flat(),
        ]),
      ),
    },
    right: { events: 'Online Retail.csv', user: 'CustomerID', item: 'StockCode', time: 'InvoiceDate' },
  };
}

function woo(): CorpusFolder {
  return {
    name: 'lines of orders of WooCommerce in JSON lines, a customer and a product in objects',
    files: {
      'orders.jsonl': jsonLines(
        times(1400, (at) => ({
          order_id: 9000 + Math.floor(at / 3),
          date_created: iso(later()).slice(0, 19),
          customer: { id: 1 + pick(130), country: among(['US', 'CA']) },
          product: { sku: `W-${skewed(80)}`, price: 5 + pick(50) },
          quantity: 1 + pick(3),
        })),
      ),
    },
    right: { events: 'orders.jsonl', user: 'customer_id', item: 'product_sku', time: 'date_created' },
  };
}

function matomo(): CorpusFolder {
  return {
    name: 'a log of page views as of Matomo',
    files: {
      'log_link_visit_action.tsv': table(
        [
          ['idlink_va', 'idvisitor', 'idvisit', 'server_time', 'idaction_url', 'time_spent'],
          ...times(2000, (at) => [
            at + 1,
            `0x${hex(15).slice(0, 13)}${10 + pick(9)}`.slice(0, 4) + String(100 + pick(140)),
            5000 + Math.floor(at / 4),
            clock(),
            300 + skewed(90),
            pick(400),
          ]),
        ],
        '\t',
      ),
      'log_action.tsv': table(
        [['idaction', 'name', 'type'], ...times(90, (at) => [300 + at, `example.org/${word()}/${at}`, 1])],
        '\t',
      ),
    },
    right: {
      events: 'log_link_visit_action.tsv',
      user: ['idvisitor', 'idvisit'],
      item: 'idaction_url',
      time: 'server_time',
      asks: ['user', 'item'],
    },
  };
}

function accessLog(): CorpusFolder {
  return {
    name: 'lines of a web server in the combined format: no table',
    files: {
      'access.log.csv': times(
        900,
        () =>
          `10.0.0.${pick(200)} - - [${String(1 + pick(28)).padStart(2, '0')}/May/2024:10:${10 + pick(49)}:00 +0200] "GET /item/${skewed(80)} HTTP/1.1" 200 ${pick(9000)} "-" "Mozilla/5.0 (X11; Linux)"\n`,
      ).join(''),
    },
    // The path is within one value; what it names is for a person to cut out.
    right: { refused: 'starter-no-events', says: /./ },
  };
}

function germanSales(): CorpusFolder {
  return {
    name: 'a German export for a spreadsheet: an empty name, a total at the end, decimal commas, days first',
    files: {
      'umsatz.csv': `\uFEFFUmsatzbericht;;;;\r\nerstellt am 31.01.2024;;;;\r\n;;;;\r\n${table([['Kunden-Nr.', 'Artikel', 'Datum', 'Menge', 'Betrag'], ...times(1300, () => [10_000 + pick(90), `ART-${skewed(70)}`, day().split('-').reverse().join('.'), 1 + pick(5), `${1 + pick(99)},${10 + pick(89)} €`])], ';', '\r\n')}Summe;;;3.912;61.220,10 €\r\n`,
    },
    right: { events: 'umsatz.csv', user: 'Kunden-Nr.', item: 'Artikel', time: 'Datum', unread: ['Betrag'] },
  };
}

function steamReviews(): CorpusFolder {
  const ids = times(120, (at) => `7656119${800_000_000 + at * 37}`);
  return {
    name: 'Steam: recommendations with hours, games, users',
    files: {
      'recommendations.csv': table([
        ['app_id', 'helpful', 'funny', 'date', 'is_recommended', 'hours', 'user_id', 'review_id'],
        ...times(1800, (at) => [
          10 + 10 * skewed(100),
          pick(9),
          pick(3),
          day(),
          among(['true', 'true', 'false']),
          (pick(9000) / 10).toFixed(1),
          among(ids),
          at,
        ]),
      ]),
      'games.csv': table([
        ['app_id', 'title', 'date_release', 'win', 'rating', 'positive_ratio', 'price_final'],
        ...times(100, (at) => [
          10 + 10 * at,
          title(),
          day(),
          'true',
          among(['Positive', 'Mixed']),
          40 + pick(60),
          (pick(6000) / 100).toFixed(2),
        ]),
      ]),
      'users.csv': table([['user_id', 'products', 'reviews'], ...ids.map((id) => [id, pick(300), pick(40)])]),
    },
    right: {
      events: 'recommendations.csv',
      user: 'user_id',
      item: 'app_id',
      time: 'date',
      joined: ['games.csv', 'users.csv'],
      unread: ['helpful', 'review_id', 'hours'],
    },
  };
}

function fashion(): CorpusFolder {
  const who = times(130, () => hex(64));
  return {
    name: 'H&M: transactions, articles, customers with hashes of 64 letters',
    files: {
      'transactions_train.csv': table([
        ['t_dat', 'customer_id', 'article_id', 'price', 'sales_channel_id'],
        ...times(2000, () => [
          day(),
          among(who),
          `0${108_775_000 + skewed(150)}`,
          (pick(900) / 10_000).toFixed(6),
          1 + pick(2),
        ]),
      ]),
      'articles.csv': table([
        [
          'article_id',
          'product_code',
          'prod_name',
          'product_type_no',
          'product_type_name',
          'colour_group_name',
          'detail_desc',
        ],
        ...times(150, (at) => [
          `0${108_775_000 + at}`,
          108_775 + (at % 50),
          title(),
          253,
          among(['Vest top', 'Bra']),
          among(['Black', 'White']),
          sentence(),
        ]),
      ]),
      'customers.csv': table([
        ['customer_id', 'FN', 'Active', 'club_member_status', 'age', 'postal_code'],
        ...who.map((id) => [id, '', '', among(['ACTIVE', 'PRE-CREATE']), 18 + pick(50), hex(64)]),
      ]),
    },
    right: {
      events: 'transactions_train.csv',
      user: 'customer_id',
      item: 'article_id',
      time: 't_dat',
      joined: ['articles.csv', 'customers.csv'],
    },
  };
}

function delicious(): CorpusFolder {
  return {
    name: 'bookmarks with a day, a month and a year in columns, and tags',
    files: {
      'user_taggedbookmarks.dat': table(
        [
          ['userID', 'bookmarkID', 'tagID', 'day', 'month', 'year', 'hour', 'minute', 'second'],
          ...times(1700, () => [
            8 + pick(110),
            1 + skewed(120),
            1 + pick(60),
            1 + pick(28),
            1 + pick(12),
            2010,
            pick(24),
            pick(60),
            pick(60),
          ]),
        ],
        '\t',
      ),
      'bookmarks.dat': latin1(
        table(
          [
            ['id', 'md5', 'title', 'url', 'urlPrincipal'],
            ...times(120, (at) => [at + 1, hex(32), `Él ${title()}`, `http://a.example/${at}`, 'a.example']),
          ],
          '\t',
        ),
      ),
    },
    right: {
      events: 'user_taggedbookmarks.dat',
      user: 'userID',
      item: 'bookmarkID',
      time: undefined,
      joined: ['bookmarks.dat'],
    },
  };
}

function gowalla(): CorpusFolder {
  return {
    name: 'check-ins without a header: user, time, latitude, longitude, place',
    files: {
      'loc-gowalla_totalCheckins.txt': table(
        times(2200, () => {
          const place = skewed(140);
          return [
            pick(160),
            iso(later()).replace('.000', ''),
            (30 + place / 10).toFixed(6),
            (-97 - place / 10).toFixed(6),
            22_847 + place * 11,
          ];
        }),
        '\t',
      ),
    },
    right: {
      events: 'loc-gowalla_totalCheckins.txt',
      user: 'column1',
      item: 'column5',
      time: 'column2',
      asks: ['user', 'item'],
    },
  };
}

function tenrec(): CorpusFolder {
  return {
    name: 'exposures of articles with four kinds of feedback as 0 and 1',
    files: {
      'ctr_data.csv': table([
        ['user_id', 'item_id', 'click', 'follow', 'like', 'share', 'video_category', 'watching_times', 'gender', 'age'],
        ...times(2400, () => {
          const user = pick(150);
          return [
            user,
            skewed(120),
            pick(3) === 0 ? 1 : 0,
            0,
            pick(9) === 0 ? 1 : 0,
            pick(20) === 0 ? 1 : 0,
            pick(2),
            pick(9),
            user % 3,
            user % 7,
          ];
        }),
      ]),
    },
    right: { events: 'ctr_data.csv', user: 'user_id', item: 'item_id', time: undefined, unread: ['watching_times'] },
  };
}

function japaneseBooks(): CorpusFolder {
  return {
    name: 'loans of a Japanese library',
    files: {
      '貸出.csv': table([
        ['利用者番号', '図書番号', '貸出日'],
        ...times(1100, () => [`R${100 + pick(90)}`, `B${skewed(80)}`, day()]),
      ]),
    },
    right: { events: '貸出.csv', user: '利用者番号', item: '図書番号', time: '貸出日', asks: ['item'] },
  };
}

function russian(): CorpusFolder {
  return {
    name: 'purchases with columns in Russian',
    files: {
      'покупки.csv': table(
        [
          ['клиент', 'товар', 'дата', 'количество'],
          ...times(1300, () => [
            `К${100 + pick(90)}`,
            `Т${skewed(70)}`,
            day().split('-').reverse().join('.'),
            1 + pick(4),
          ]),
        ],
        ';',
      ),
    },
    right: { events: 'покупки.csv', user: 'клиент', item: 'товар', time: 'дата', asks: ['user', 'item'] },
  };
}

function parquetEvents(): CorpusFolder {
  return {
    name: 'lines of orders and orders in Parquet',
    files: {},
    parquet: {
      'order_items.parquet': `SELECT (k // 3)::BIGINT AS order_id, ((hash(k, 2) % 12) * (hash(k, 3) % 12))::BIGINT AS sku, (1 + hash(k, 5) % 3)::INT AS quantity FROM range(1500) t(k)`,
      'orders.parquet': `SELECT k::BIGINT AS order_id, 'C' || (hash(k, 7) % 80) AS customer_id, TIMESTAMP '2024-01-05' + to_minutes((hash(k, 4) % 200000)::INT) AS ordered_at FROM range(500) t(k)`,
    },
    right: {
      events: 'order_items.parquet',
      user: 'customer_id',
      item: 'sku',
      time: 'ordered_at',
      joined: ['orders.parquet'],
    },
  };
}

function tiny(): CorpusFolder {
  return {
    name: 'six rows',
    files: { 'likes.csv': 'user,film\nann,Heat\nann,Alien\nbob,Heat\nbob,Up\ncyn,Alien\ncyn,Heat\n' },
    right: { events: 'likes.csv', user: 'user', item: 'film', time: undefined },
  };
}

function bookMatrix(): CorpusFolder {
  return {
    name: 'a wide matrix of stars with the names of films, 0 for none, and a column of names',
    files: {
      'stars.csv': table(
        [
          ['reviewer', ...times(40, (at) => `Film ${title()} ${at}`)],
          ...times(120, (at) => [`Rev ${at}`, ...times(40, () => (pick(4) ? 0 : 1 + pick(5)))]),
        ],
        ';',
      ),
    },
    right: { events: 'stars.csv', user: 'reviewer', item: 'item', time: undefined, labels: ['liked'] },
  };
}

function sensors(): CorpusFolder {
  return {
    name: 'measurements of a machine: a row a minute, a column a sensor',
    files: {
      'machine.csv': table([
        ['time', ...times(14, (at) => `sensor_${at + 1}`)],
        ...times(700, (at) => [clock(1_690_000_000 + at * 60), ...times(14, () => (20 + pick(900) / 100).toFixed(2))]),
      ]),
    },
    right: { refused: 'starter-no-events', says: /machine/ },
  };
}

function follows(): CorpusFolder {
  const people = distinct(120, () => letters(6).toLowerCase());
  return {
    name: 'who follows whom: both ends are persons',
    files: {
      'follows.csv': table([
        ['follower_id', 'followee_id', 'created_at'],
        ...times(1500, () => [among(people), favourite(people), iso(later())]),
      ]),
      'people.csv': table([['id', 'bio', 'country'], ...people.map((id) => [id, sentence(), among(['DE', 'IN'])])]),
    },
    right: {
      events: 'follows.csv',
      user: 'follower_id',
      item: 'followee_id',
      time: 'created_at',
      asks: ['user', 'item'],
    },
  };
}

function helpdesk(): CorpusFolder {
  return {
    name: 'tickets with a text each: no item',
    files: {
      'tickets.csv': table([
        ['ticket_id', 'opened', 'subject', 'body', 'priority'],
        ...times(500, (at) => [at + 1, clock(), title(), sentence(), among(['low', 'high'])]),
      ]),
    },
    right: { refused: 'starter-no-events', says: /ticket/ },
  };
}

export const unseenFolders: readonly CorpusFolder[] = [
  olist(),
  chinook(),
  onlineRetail(),
  woo(),
  matomo(),
  accessLog(),
  germanSales(),
  steamReviews(),
  fashion(),
  delicious(),
  gowalla(),
  tenrec(),
  japaneseBooks(),
  russian(),
  parquetEvents(),
  tiny(),
  bookMatrix(),
  sensors(),
  follows(),
  helpdesk(),
];
