/** Twelve folders of people who tried `tower init`: five of them ended in a wrong project or in a failed training. */
import {
  among,
  type CorpusFolder,
  clock,
  day,
  distinct,
  favourite,
  hex,
  iso,
  later,
  letters,
  name,
  pick,
  sentence,
  skewed,
  table,
  times,
  title,
  word,
} from './make.ts';

function northwind(): CorpusFolder {
  const customers = distinct(70, () => letters(5));
  const orders = times(420, (at) => 10_248 + at);
  return {
    name: 'Northwind: lines of orders, orders, customers, products, categories',
    files: {
      'order_details.csv': table([
        ['OrderID', 'ProductID', 'UnitPrice', 'Quantity', 'Discount'],
        ...orders.flatMap((order) =>
          [...new Set(times(1 + pick(5), () => 1 + skewed(77)))].map((product) => [
            order,
            product,
            (3 + pick(900) / 10).toFixed(2),
            1 + pick(60),
            among([0, 0, 0.05, 0.15]),
          ]),
        ),
      ]),
      'orders.csv': table([
        [
          'OrderID',
          'CustomerID',
          'EmployeeID',
          'OrderDate',
          'RequiredDate',
          'ShippedDate',
          'ShipVia',
          'Freight',
          'ShipCity',
        ],
        ...orders.map((order) => {
          const at = later();
          return [
            order,
            among(customers),
            1 + pick(9),
            clock(at),
            clock(at + 2_000_000),
            clock(at + 500_000),
            1 + pick(3),
            pick(9000) / 100,
            among(['Bern', 'Graz', 'Lyon']),
          ];
        }),
      ]),
      'customers.csv': table([
        ['CustomerID', 'CompanyName', 'ContactName', 'ContactTitle', 'City', 'Country', 'Phone'],
        ...customers.map((id) => [
          id,
          `${title()} Ltd`,
          name(),
          among(['Owner', 'Sales Agent']),
          among(['Bern', 'Graz', 'Lyon']),
          among(['CH', 'AT', 'FR']),
          pick(1e7),
        ]),
      ]),
      'products.csv': table([
        ['ProductID', 'ProductName', 'SupplierID', 'CategoryID', 'QuantityPerUnit', 'UnitPrice', 'Discontinued'],
        ...times(77, (at) => [
          at + 1,
          title(),
          1 + pick(29),
          1 + pick(8),
          `${1 + pick(20)} boxes`,
          (3 + pick(900) / 10).toFixed(2),
          pick(2),
        ]),
      ]),
      'categories.csv': table([
        ['CategoryID', 'CategoryName', 'Description'],
        ...times(8, (at) => [
          at + 1,
          ['Beverages', 'Condiments', 'Confections', 'Dairy', 'Grains', 'Meat', 'Produce', 'Seafood'][at],
          sentence(),
        ]),
      ]),
    },
    right: {
      events: 'order_details.csv',
      user: 'CustomerID',
      item: 'ProductID',
      time: 'OrderDate',
      joined: ['orders.csv', 'products.csv', 'customers.csv'],
    },
  };
}

function fewUsers(): CorpusFolder {
  const users = times(200, (at) => 1000 + at * 7);
  return {
    name: 'a file of users that knows 10 % of those of the events',
    files: {
      'ratings.csv': table([
        ['user_id', 'movie_id', 'rating', 'timestamp'],
        ...times(2000, () => [among(users), 1 + skewed(150), 1 + pick(5), later()]),
      ]),
      'users.csv': table([
        ['user_id', 'age', 'gender', 'country'],
        ...users
          .filter((_, at) => at % 10 === 0)
          .map((id) => [id, 18 + pick(50), among(['F', 'M']), among(['DE', 'JP'])]),
      ]),
      'movies.csv': table([
        ['movie_id', 'title', 'genres'],
        ...times(150, (at) => [
          at + 1,
          title(),
          [...new Set(times(1 + pick(3), () => among(['Drama', 'Comedy', 'War'])))].join('|'),
        ]),
      ]),
    },
    right: {
      events: 'ratings.csv',
      user: 'user_id',
      item: 'movie_id',
      time: 'timestamp',
      joined: ['movies.csv'],
      labels: ['liked'],
    },
  };
}

function gitAuthors(): CorpusFolder {
  const authors = times(24, (at) => `${name()} <dev${at}@example.org>`);
  return {
    name: 'a git log of commits and their authors alone',
    files: {
      'git.csv': table([
        ['sha', 'author', 'date', 'subject'],
        ...times(900, () => [hex(40), favourite(authors), `${iso(later()).slice(0, 19)}+02:00`, sentence()]),
      ]),
    },
    right: { refused: 'starter-no-events', says: /`sha`/ },
  };
}

function ratedSituations(): CorpusFolder {
  return {
    name: 'situations and the restaurants that were chosen in them, with a rating in words',
    files: {
      'visits.csv': table([
        ['city', 'weather', 'restaurant', 'rating', 'overall_score'],
        ...times(1500, () => [
          among(['Bern', 'Graz', 'Lyon']),
          among(['sun', 'rain', 'snow']),
          `R${skewed(60)}`,
          among(['bad', 'fair', 'good', 'superb']),
          `${1 + pick(5)} of 5`,
        ]),
      ]),
    },
    right: {
      events: 'visits.csv',
      user: undefined,
      item: 'restaurant',
      time: undefined,
      unread: ['rating', 'overall_score'],
    },
  };
}

function wide(): CorpusFolder {
  return {
    name: 'a wide matrix: a row a user, a column an item',
    files: {
      'scores.csv': table([
        ['user', ...times(60, (at) => `joke_${at + 1}`)],
        ...times(180, (at) => [`u${at}`, ...times(60, () => (pick(3) ? '' : (pick(2000) / 100 - 10).toFixed(2)))]),
      ]),
    },
    right: { events: 'scores.csv', user: 'user', item: 'item', time: undefined, labels: ['liked'] },
  };
}

function twoCounts(): CorpusFolder {
  return {
    name: 'two lines of counts above the names',
    files: {
      'plays.csv': `users,120\ntracks,90\n${table([
        ['user', 'track', 'played_at'],
        ...times(1300, () => [`u${pick(120)}`, `t${skewed(90)}`, clock()]),
      ])}`,
    },
    right: { events: 'plays.csv', user: 'user', item: 'track', time: 'played_at' },
  };
}

function filler(): CorpusFolder {
  const rows = times(900, () => [`C${100 + pick(80)}`, `A-${skewed(60)}`, day(), 1 + pick(4)]);
  return {
    name: 'rows of commas alone, as a spreadsheet leaves them',
    files: {
      'sales.csv': `${table([['customer', 'article', 'date', 'qty'], ...rows])}${',,,\n'.repeat(600)}`,
      'articles.csv': `${table([['article', 'name', 'group'], ...times(60, (at) => [`A-${at}`, title(), among(['tools', 'paint'])])])}${',,\n'.repeat(200)}`,
    },
    right: { events: 'sales.csv', user: 'customer', item: 'article', time: 'date', joined: ['articles.csv'] },
  };
}

function chinese(): CorpusFolder {
  return {
    name: 'columns in Chinese',
    files: {
      '订单.csv': table([
        ['用户编号', '商品编号', '评分', '下单时间'],
        ...times(1400, () => [`U${1000 + pick(120)}`, `S${skewed(90)}`, 1 + pick(5), clock()]),
      ]),
      '商品.csv': table([
        ['商品编号', '商品名称', '类别', '价格'],
        ...times(90, (at) => [
          `S${at}`,
          `${among(['红', '蓝', '大'])}${among(['茶杯', '书包', '台灯'])}${at}`,
          among(['家居', '文具']),
          5 + pick(300),
        ]),
      ]),
    },
    right: {
      events: '订单.csv',
      user: '用户编号',
      item: '商品编号',
      time: '下单时间',
      joined: ['商品.csv'],
      labels: ['liked'],
    },
  };
}

function japanese(): CorpusFolder {
  return {
    name: 'columns in Japanese',
    files: {
      '購入履歴.csv': `\uFEFF${table(
        [
          ['会員ID', '商品コード', '購入日', '数量'],
          ...times(1300, () => [`M${1000 + pick(110)}`, `JP-${skewed(80)}`, day().replaceAll('-', '/'), 1 + pick(5)]),
        ],
        ',',
        '\r\n',
      )}`,
      '商品マスタ.csv': `\uFEFF${table(
        [
          ['商品コード', '商品名', 'カテゴリ', '価格'],
          ...times(80, (at) => [
            `JP-${at}`,
            `${among(['緑茶', 'ノート', '消しゴム'])}${at}`,
            among(['食品', '文具']),
            100 + pick(2000),
          ]),
        ],
        ',',
        '\r\n',
      )}`,
    },
    right: { events: '購入履歴.csv', user: '会員ID', item: '商品コード', time: '購入日', joined: ['商品マスタ.csv'] },
  };
}

function colons(): CorpusFolder {
  return {
    name: 'MovieLens 1M: `.dat` without headers, two colons',
    files: {
      'ratings.dat': table(times(2400, () => [1 + pick(160), 1 + skewed(190), 1 + pick(5), later()])).replaceAll(
        ',',
        '::',
      ),
      'movies.dat': times(
        200,
        (at) =>
          `${at + 1}::${title()} (${1960 + pick(40)})::${[...new Set(times(1 + pick(3), () => among(['Drama', 'Comedy', 'War'])))].join('|')}\n`,
      ).join(''),
      'users.dat': times(
        160,
        (at) =>
          `${at + 1}::${among(['F', 'M'])}::${among([1, 18, 25, 35, 45, 50, 56])}::${pick(21)}::${10_000 + pick(89_999)}\n`,
      ).join(''),
    },
    right: {
      events: 'ratings.dat',
      user: 'column1',
      item: 'column2',
      time: 'column4',
      joined: ['movies.dat', 'users.dat'],
      labels: ['liked'],
    },
  };
}

function ordinary(): CorpusFolder {
  return {
    name: 'MovieLens 25M: ratings, movies, links, tags',
    files: {
      'ratings.csv': table([
        ['userId', 'movieId', 'rating', 'timestamp'],
        ...times(2200, () => [1 + pick(150), 1 + 3 * skewed(180), (1 + pick(10)) / 2, later()]),
      ]),
      'movies.csv': table([
        ['movieId', 'title', 'genres'],
        ...times(180, (at) => [
          1 + 3 * at,
          `${title()} (${1960 + pick(50)})`,
          [...new Set(times(1 + pick(3), () => among(['Drama', 'Comedy', 'War'])))].join('|'),
        ]),
      ]),
      'links.csv': table([
        ['movieId', 'imdbId', 'tmdbId'],
        ...times(180, (at) => [1 + 3 * at, `0${100_000 + pick(800_000)}`, pick(50_000)]),
      ]),
      'tags.csv': table([
        ['userId', 'movieId', 'tag', 'timestamp'],
        ...times(400, () => [1 + pick(150), 1 + 3 * skewed(180), word(), later()]),
      ]),
    },
    right: {
      events: 'ratings.csv',
      user: 'userId',
      item: 'movieId',
      time: 'timestamp',
      joined: ['movies.csv'],
      labels: ['liked'],
    },
  };
}

function clicks(): CorpusFolder {
  return {
    name: 'clicks of sessions, and a catalogue',
    files: {
      'clicks.csv': table([
        ['session_id', 'item_id', 'ts', 'device'],
        ...times(2000, () => [`s${pick(350)}`, `i${skewed(120)}`, iso(later()), among(['app', 'web'])]),
      ]),
      'catalogue.csv': table([
        ['item_id', 'name', 'brand', 'price'],
        ...times(120, (at) => [`i${at}`, title(), among(['Alba', 'Nord', 'Sol']), (5 + pick(9000) / 100).toFixed(2)]),
      ]),
    },
    right: { events: 'clicks.csv', user: 'session_id', item: 'item_id', time: 'ts', joined: ['catalogue.csv'] },
  };
}

export const auditFolders: readonly CorpusFolder[] = [
  northwind(),
  fewUsers(),
  gitAuthors(),
  ratedSituations(),
  wide(),
  twoCounts(),
  filler(),
  chinese(),
  japanese(),
  colons(),
  ordinary(),
  clicks(),
];
