import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/app/api/check.ts';
import type { Failure } from '../../../src/base/diagnostics/failure.ts';
import { dataSetNames } from '../../../src/data/sets/names.ts';
import { readCsv, writeCsv } from '../../../src/data/sets/set.ts';
import { dataSets } from '../../../src/data/sets/table.ts';
import { synsetsOf } from '../../../src/data/sets/wordnet.ts';
import { folderWith } from '../fixture.ts';

const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');
const make = async (set: keyof typeof dataSets, originals: Record<string, string>) => {
  const from = folderWith(originals);
  const folder = join(folderWith({}), set);
  const source = await dataSets[set as 'msweb'].get({ folder, from, log: () => {} });
  return { folder, source, from };
};

const home = process.env.TOWER_DATA;

it('every data set has a data block of its name', () => {
  for (const name of dataSetNames) expect(existsSync(`models/data/${name}.tower`), name).toBe(true);
});

describe('msweb', () => {
  const data =
    'I,4,"x","y"\r\nA,1287,1,"International, AutoRoute","/autoroute"\nA,1000,1,"reg","/reg"\nA,1,1,"never","/n"\n';
  const originals = {
    'anonymous-msweb.data': `${data}C,"10001",10001\nV,1000,1\nV,1287,1\nC,"10002",10002\nV,1000,1\n`,
    'anonymous-msweb.test': 'A,1000,1,"reg","/reg"\nC,"10001",10001\nV,1287,1\n',
  };

  it('gives each visit the others of the same person, and keeps users of both files apart', async () => {
    const { folder } = await make('msweb', originals);
    expect(text(folder, 'visits.csv')).toBe(
      'user_id,area_id,others,fold\nu10001,1000,1287,train\nu10001,1287,1000,train\nu10002,1000,,train\nt10001,1287,,test\n',
    );
    expect(text(folder, 'areas.csv')).toBe(
      'area_id,title,path\n1000,reg,/reg\n1287,"International, AutoRoute",/autoroute\n',
    );
  });

  it('says which line is damaged', async () => {
    const broken = { ...originals, 'anonymous-msweb.test': 'C,"10001",10001\nV,12\n' };
    await expect(make('msweb', broken)).rejects.toMatchObject({
      message: expect.stringContaining('line 2 is no visit: V,12'),
      diagnostics: [{ code: 'data-file-damaged', hint: expect.stringContaining('write the file again') }],
    });
  });

  it('is left alone where it is whole, and made again where a byte changed', async () => {
    const { folder, from } = await make('msweb', originals);
    const said: string[] = [];
    await dataSets.msweb.get({ folder, from, log: (line) => said.push(line) });
    expect(said).toEqual([`${folder} has it already`]);
    writeFileSync(join(folder, 'areas.csv'), 'changed');
    await dataSets.msweb.get({ folder, from, log: () => {} });
    expect(text(folder, 'areas.csv')).toContain('AutoRoute');
  });

  it('needs its originals, and says where they are', async () => {
    const folder = folderWith({});
    const refused = await dataSets.msweb.get({ folder, log: () => {} }).catch((error) => error);
    expect((refused as Failure).diagnostics[0]).toMatchObject({ code: 'originals-needed' });
    const empty = dataSets.msweb.get({ folder, from: folderWith({}), log: () => {} });
    await expect(empty).rejects.toThrow('it does not exist');
  });
});

describe('restaurants', () => {
  it('takes ? as missing, and several rows of a key as one list', async () => {
    const { folder } = await make('restaurants', {
      'rating_final.csv': 'userID,placeID,rating,food_rating,service_rating\nU1,1,2,1,0\n',
      'userprofile.csv':
        'userID,latitude,longitude,smoker,drink_level,dress_preference,ambience,transport,marital_status,hijos,birth_year,interest,personality,religion,activity,color,weight,budget,height\nU1,1,2,?,a,b,c,?,d,e,1990,f,g,h,i,j,60,?,1.7\n',
      'usercuisine.csv': 'userID,Rcuisine\nU1,Mexican\nU1,Bar\n',
      'userpayment.csv': 'userID,Upayment\nU1,cash\n',
      'geoplaces2.csv':
        'placeID,latitude,longitude,the_geom_meter,name,address,city,state,country,fax,zip,alcohol,smoking_area,dress_code,accessibility,price,url,Rambience,franchise,area,other_services\n1,1,2,x,"Tacos, etc",?,?,s,m,?,?,none,no,informal,no,low,?,quiet,f,open,none\n',
      'chefmozcuisine.csv': 'placeID,Rcuisine\n1,Mexican\n',
      'chefmozaccepts.csv': 'placeID,Rpayment\n1,cash\n1,VISA\n',
      'chefmozparking.csv': 'placeID,parking_lot\n',
    });
    const [user] = readCsv(text(folder, 'users.csv'), expect.fail);
    expect(user).toMatchObject({
      user_id: 'U1',
      smoker: '',
      transport: '',
      budget: '',
      cuisines: 'Mexican|Bar',
      payments: 'cash',
    });
    const [place] = readCsv(text(folder, 'places.csv'), expect.fail);
    expect(place).toMatchObject({ place_id: '1', name: 'Tacos, etc', city: '', accepts: 'cash|VISA', parking: '' });
    expect(text(folder, 'ratings.csv')).toBe('user_id,place_id,rating,food_rating,service_rating\nU1,1,2,1,0\n');
  });
});

describe('cranfield', () => {
  it('numbers queries by their order, not by their .I, and joins the lines of a field', async () => {
    const { folder } = await make('cranfield', {
      'cran.all.1400':
        '.I 1\n.T\nsimple shear\nflow .\n.A\nan author\n.B\nx\n.W\nsimple shear\nflow .\n  the text\n.W\nof it\n',
      'cran.qry': '.I 001\n.W\nwhat is\nshear .\n.I 004\n.W\nand flow\n',
      cranqrel: '1 1 2 \n2 1  -1\n\n',
    });
    expect(text(folder, 'judgements.csv')).toBe(
      'query_id,query,doc_id,grade,fold\n1,what is shear .,1,2,test\n2,and flow,1,-1,train\n',
    );
    expect(readCsv(text(folder, 'documents.csv'), expect.fail)).toEqual([
      { doc_id: '1', title: 'simple shear flow', authors: 'an author', abstract: 'the text of it' },
    ]);
  });
});

describe('toys', () => {
  const lines = 'Toys_and_Games.txt';
  const attributes = 'Toys_and_Games_item2attributes.json';
  const originals = { [lines]: '1 5 6\t7\r\n\n2 6 5 6\n', [attributes]: '{"5": [1, 2], "7": ["x y"], "9": [1]}' };

  it('keeps the order of the items of a user, and gives each item that somebody has its attributes', async () => {
    const { folder, source } = await make('toys', originals);
    expect(text(folder, 'sequences.txt')).toBe('1 5 6 7\n2 6 5 6\n');
    expect(text(folder, 'items.csv')).toBe('item,attributes\n5,1|2\n6,\n7,x y\n');
    expect(source.holds).toBe('6 events of 2 people and 3 items');
  });

  it('reads another set of the same form where its lines are named', async () => {
    const from = folderWith({ 'Beauty.txt': '1 5 6\n', 'Beauty_item2attributes.json': '{"5": [3]}' });
    const folder = join(folderWith({}), 'beauty');
    const said: string[] = [];
    await dataSets.toys.get({ folder, from: join(from, 'Beauty.txt'), log: (line) => said.push(line) });
    expect(text(folder, 'items.csv')).toBe('item,attributes\n5,3\n6,\n');
    expect(said).toEqual(['1 of 2 items have no attributes']);
  });

  it.each([
    ['it has no lines of a user and items', { [lines]: '' }],
    ['line 2 has a user, 2, and no item', { [lines]: '1 5\n2\n' }],
    ['lines 1 and 3 are of the same user, 1', { [lines]: '1 5\n2 5\n1 6\n' }],
    ['line 1 holds a zero byte', { [lines]: '1 5\0\n' }],
    ['line 2 is not UTF-8', { [lines]: '1 5\n2 \uFFFD\n' }],
    ['it is no JSON', { [attributes]: '{"5": [1' }],
    ['it is no JSON', { [attributes]: '['.repeat(200_000) }],
    ['it is no object of items and their attributes', { [attributes]: '[1]' }],
    ['the attributes of item 5 are no list', { [attributes]: '{"5": 1}' }],
    ['the attributes of item __proto__ are no list', { [attributes]: '{"__proto__": {"a": 1}}' }],
    ['an attribute of item 5 is no number and no text without a bar', { [attributes]: '{"5": ["a|b"]}' }],
    ['an attribute of item 5 is no number', { [attributes]: '{"5": [1e999]}' }],
  ])('refuses: %s', async (reason, changed) => {
    await expect(make('toys', { ...originals, ...changed })).rejects.toThrow(reason);
  });

  it('needs regular files', async () => {
    const from = folderWith({ [attributes]: '{}' });
    mkdirSync(join(from, lines));
    const made = dataSets.toys.get({ folder: folderWith({}), from, log: () => {} });
    await expect(made).rejects.toThrow('it is no regular file');
  });

  it.skipIf(home === undefined)('has the size that papers report (needs TOWER_DATA)', async () => {
    const folder = join(folderWith({}), 'toys');
    const { holds, terms } = await dataSets.toys.get({ folder, from: join(home!, 'toys'), log: () => {} });
    expect(terms).toMatch(/^Amazon review data, for research/);
    expect(holds).toBe('167,597 events of 19,412 people and 11,924 items');
  });
});

describe('lastfm', () => {
  const originals = { 'train.txt': '0 1 2\n1 2\n', 'valid.txt': '0 3\n1\n', 'test.txt': '1 1 3\n' };

  it('keeps the three files as they are, without users who hold out nothing', async () => {
    const { folder, source } = await make('lastfm', originals);
    expect(['train.txt', 'valid.txt', 'test.txt'].map((name) => text(folder, name))).toEqual([
      '0 1 2\n1 2\n',
      '0 3\n',
      '1 1 3\n',
    ]);
    expect(source.holds).toBe('6 pairs of 2 people and 3 artists (train.txt 3, valid.txt 1, test.txt 2)');
    // These are not Last.fm's.
    expect(source.terms).toMatch(/^unknown to Tower/);
  });

  it.each([
    ['user 0 has item 1 in train.txt too', { 'test.txt': '0 1\n' }],
    ['lines 1 and 2 are of the same user, 0', { 'valid.txt': '0 3\n0 4\n' }],
    ['it has no lines of a user and items', { 'valid.txt': '\n' }],
  ])('refuses: %s', async (reason, changed) => {
    await expect(make('lastfm', { ...originals, ...changed })).rejects.toThrow(reason);
  });

  it.skipIf(home === undefined)('has the size of its source (needs TOWER_DATA)', async () => {
    const folder = join(folderWith({}), 'lastfm');
    const { holds, terms } = await dataSets.lastfm.get({ folder, from: join(home!, 'lastfm-split'), log: () => {} });
    expect(terms).toMatch(/^Last\.fm, for non-commercial use/);
    expect(holds).toContain('of 1,885 people and 17,388 artists');
  });
});

describe.each<[string, Readonly<Record<string, string>>, string]>([
  ['toys', { 'sequences.txt': '1 5 6 7\n', 'items.csv': 'item,attributes\n5,1|2\n6,\n7,3\n' }, 'two_tower'],
  ...['simplex', 'mf_bpr', 'mf_bsl'].map(
    (model) =>
      ['lastfm', { 'train.txt': '0 1 2\n', 'valid.txt': '0 3\n', 'test.txt': '0 4\n' }, model] as [
        string,
        Record<string, string>,
        string,
      ],
  ),
])('the data block of %s', (set, files, model) => {
  it(`fits ${model}`, async () => {
    const root = folderWith({ 'package.json': '{}', [`${set}.tower`]: text('models/data', `${set}.tower`) });
    mkdirSync(join(root, set));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, set, name), content);
    expect((await check(`models/${model}.tower`, { data: join(root, `${set}.tower`) })).text).toBe('');
  });
});

describe('WordNet', () => {
  it('gives the lemmas and the gloss of each synset', () => {
    const lines = [
      '  1 This software and database is being provided to you  ',
      '00001740 29 v 02 breathe 0 take_a_breath 0 003 * 00005041 v 0000 | draw air into; "I can | breathe"  ',
      '00002 00 s 01 galore(ip) 0 001 & 00013 a 0000 | in great numbers  ',
    ];
    expect([...synsetsOf(lines.join('\n'))]).toEqual([
      { offset: '00001740', lemmas: ['breathe', 'take a breath'], gloss: 'draw air into; "I can | breathe"' },
      { offset: '00002', lemmas: ['galore'], gloss: 'in great numbers' },
    ]);
  });
});

describe('small CSV', () => {
  it('comes back as it went', () => {
    const rows = [
      ['a, b', 'say "x"'],
      ['', 'plain'],
    ];
    const text = writeCsv(['one', 'two'], rows);
    expect(readCsv(text, expect.fail).map(Object.values)).toEqual(rows);
  });

  it('names the line that is too short', () => {
    expect(() =>
      readCsv('a,b\n1,2\n3', (reason) => {
        throw new Error(reason);
      }),
    ).toThrow('line 3 has 1 fields, not 2');
  });
});
