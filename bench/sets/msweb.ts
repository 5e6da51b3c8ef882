import { dataSet, readOriginals, refuseDamaged, writeCsv } from '../../src/plugins/sets/set.ts';

const originals = ['anonymous-msweb.data', 'anonymous-msweb.test'] as const;
const home = 'https://archive.ics.uci.edu/dataset/4/anonymous+microsoft+web+data';

interface VisitorCase {
  readonly id: string;
  readonly areas: string[];
}

/**
 * Anonymous Microsoft Web: which of 294 areas of a site 37,711 people visited in a week of 1998, with the official test part.
 *
 * Visits have no time, and the areas of a user are a set: `others` are the user's other areas, so that each visit serves as a target once. `fold` is the
 * official split; every tenth training user is for validation.
 */
export const msweb = dataSet({
  originals,
  async make(options) {
    const originalTexts = readOriginals('msweb', originals, home, options);
    const wrong =
      (name: string) =>
      (reason: string): never =>
        refuseDamaged(options.from, name, reason);
    const train = parseVisits(originalTexts['anonymous-msweb.data'], wrong('anonymous-msweb.data'));
    const test = parseVisits(originalTexts['anonymous-msweb.test'], wrong('anonymous-msweb.test'));
    const visits = [
      ...train.cases.flatMap((each, at) => rowsOf(each, 'u', at % 10 === 9 ? 'validation' : 'train')),
      // Both files number their users from 10001.
      ...test.cases.flatMap((each) => rowsOf(each, 't', 'test')),
    ];
    const visited = new Set(visits.map(([, area]) => area!));
    const areas = [...train.areas].filter(([id]) => visited.has(id)).sort(([a], [b]) => Number(a) - Number(b));
    const people = train.cases.length + test.cases.length;
    return {
      from: options.from!,
      holds: `${visits.length.toLocaleString('en')} visits of ${areas.length} areas by ${people.toLocaleString('en')} people`,
      terms: 'UCI Machine Learning Repository: Breese, Heckerman & Kadie, "Anonymous Microsoft Web Data", CC BY 4.0',
      files: {
        'visits.csv': writeCsv(['user_id', 'area_id', 'others', 'fold'], visits),
        'areas.csv': writeCsv(
          ['area_id', 'title', 'path'],
          areas.map(([id, { title, path }]) => [id, title, path]),
        ),
      },
    };
  },
});

function rowsOf({ id, areas }: VisitorCase, prefix: string, fold: string): string[][] {
  return areas.map((area) => [`${prefix}${id}`, area, areas.filter((other) => other !== area).join('|'), fold]);
}

/** Parses lines: `A,1287,1,"title","/path"` is an area, `C,"10001",10001` starts a case, `V,1000,1` is a visit of the case. */
function parseVisits(
  text: string,
  wrong: (reason: string) => never,
): { areas: Map<string, { title: string; path: string }>; cases: VisitorCase[] } {
  const areas = new Map<string, { title: string; path: string }>();
  const cases: VisitorCase[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.startsWith('A,')) {
      const [, id, title, path] =
        /^A,(\d+),1,"(.*)","(.*)"$/.exec(line.trim()) ?? wrong(`line ${at + 1} is no area: ${line}`);
      areas.set(id!, { title: title!, path: path! });
    } else if (line.startsWith('C,')) {
      const [, id] = /^C,"\d+",(\d+)$/.exec(line.trim()) ?? wrong(`line ${at + 1} is no case: ${line}`);
      cases.push({ id: id!, areas: [] });
    } else if (line.startsWith('V,')) {
      const [, id] = /^V,(\d+),1$/.exec(line.trim()) ?? wrong(`line ${at + 1} is no visit: ${line}`);
      const currentCase = cases.at(-1) ?? wrong(`line ${at + 1} is a visit without a user`);
      if (!currentCase.areas.includes(id!)) currentCase.areas.push(id!);
    }
  }
  if (cases.length === 0) wrong('it has no cases');
  return { areas, cases };
}
