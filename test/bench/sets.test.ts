import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareSet } from '../../bench/sets/prepare.ts';
import { readCsv } from '../../bench/sets/read_csv.ts';
import { benchSets } from '../../bench/sets/table.ts';
import { synsetsOf } from '../../bench/sets/wordnet.ts';
import type { Failure } from '../../src/base/diagnostics/diagnostic.ts';
import { writeCsv } from '../../src/plugins/sets/set.ts';
import { inProcess } from '../app/cli/in_process.ts';
import { folderWith } from '../data/fixture.ts';

const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');
const make = async (set: keyof typeof benchSets, originals: Record<string, string>) => {
  const from = folderWith(originals);
  const folder = join(folderWith({}), set);
  const source = await benchSets[set].get({ folder, from, log: () => {} });
  return { folder, source, from };
};

const home = process.env.TOWER_DATA;

const names = Object.keys(benchSets);

describe.each(names)('the set %s', (name) => {
  it('has a data block of its name', () => {
    expect(existsSync(`models/data/${name}.tower`)).toBe(true);
  });

  it('is prepared by a command that `tower data` names', async () => {
    const { thrown } = await inProcess('data', name);
    expect((thrown as Failure).diagnostics).toMatchObject([
      { code: 'command-line', hint: expect.stringContaining(`\`npm run bench:sets -- ${name}\``) },
    ]);
  });

  it('has its command in the guide', () => {
    expect(readFileSync('docs/guide/data.md', 'utf8')).toContain(`npm run bench:sets -- ${name}`);
  });
});

describe('npm run bench:sets', () => {
  it('writes the files of a set', async () => {
    const from = folderWith({ 'train.txt': '0 1 2\n', 'valid.txt': '0 3\n', 'test.txt': '0 4\n' });
    const out = join(folderWith({}), 'other');
    const { folder, holds } = await prepareSet(['lastfm', '--from', from, '--out', out], () => {});
    expect([folder, holds]).toEqual([out, expect.stringContaining('4 pairs of 1 people and 4 artists')]);
    expect(text(out, 'valid.txt')).toBe('0 3\n');
  });

  it.each([
    ['a name that it does not know', ['fligths'], 'there is no data set called `fligths`', 'did you mean `flights`?'],
    ['no name', [], 'there is no data set called ``', /^use one of `flights`, `wordnet`/],
    ['two names', ['flights', 'wordnet'], '`wordnet` is one name too many', /^write/],
    ['a folder for a set that is fetched', ['flights', '--from', '.'], '`flights` is fetched', /^write/],
    ['a set without its original files', ['msweb'], '`msweb` is made from', /^get them from https:.*`--from FOLDER`$/],
    ['an unknown option', ['msweb', '--form', '.'], "Unknown option '--form'", /^write/],
  ])('refuses %s', async (_, args, message, hint) => {
    const refused = await prepareSet(args, () => {}).catch((error) => error);
    expect((refused as Failure).diagnostics).toMatchObject([
      { message: expect.stringContaining(message), hint: expect.stringMatching(hint) },
    ]);
  });

  it('prints what is wrong, without a stack trace', () => {
    const args = ['--import', 'tsx', 'bench/sets.ts', 'netflix'];
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).toMatch(/^error: there is no data set called `netflix`/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(1);
  });
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
    const { holds, terms } = await benchSets.lastfm.get({ folder, from: join(home!, 'lastfm-split'), log: () => {} });
    expect(terms).toMatch(/^Last\.fm, for non-commercial use/);
    expect(holds).toContain('of 1,885 people and 17,388 artists');
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
