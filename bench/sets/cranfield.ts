import { dataSet, readOriginals, refuseDamaged, writeCsv } from '../../src/plugins/sets/set.ts';

const originals = ['cran.all.1400', 'cran.qry', 'cranqrel'] as const;
const home = 'https://ir.dcs.gla.ac.uk/resources/test_collections/cran/';

/**
 * Cranfield: 1,400 abstracts of aerodynamics, 225 questions, graded judgements of who answers what.
 *
 * The judgements number the queries 1 to 225 in the order of their file, not by their `.I`. Grades are 1 (a complete answer) to 4 (of minimum interest). Those
 * marked −1 or 5 answer nothing, and are kept. `fold` holds whole queries out.
 */
export const cranfield = dataSet({
  originals,
  async make(options) {
    const texts = readOriginals('cranfield', originals, home, options);
    const wrong = (name: string, reason: string): never => refuseDamaged(options.from, name, reason);
    const documents = records(texts['cran.all.1400']);
    const queries = records(texts['cran.qry']).map(({ W = '' }) => W);
    if (documents.length === 0) wrong('cran.all.1400', 'it has no records, which begin with `.I`');
    const judgements = texts.cranqrel
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line, at) => {
        const [query, document, grade] = line.split(/\s+/).map(Number);
        const queryText = queries[query! - 1];
        if (queryText === undefined || !Number.isInteger(document) || !Number.isInteger(grade)) {
          return wrong('cranqrel', `line ${at + 1} is no judgement: ${line}`);
        }
        return [query!, queryText, document!, grade!, foldOf(query!)] as const;
      });
    return {
      from: options.from!,
      holds: `${judgements.length.toLocaleString('en')} judgements of ${queries.length} queries over ${documents.length.toLocaleString('en')} documents`,
      terms: 'Cleverdon, "The Cranfield tests on index language devices", 1967: a public test collection',
      files: {
        'judgements.csv': writeCsv(['query_id', 'query', 'doc_id', 'grade', 'fold'], judgements),
        'documents.csv': writeCsv(
          ['doc_id', 'title', 'authors', 'abstract'],
          documents.map(({ I, T = '', A = '', W = '' }) => [I, T.replace(/ ?\.$/, ''), A, withoutTitle(W, T)]),
        ),
      },
    };
  },
});

const foldOf = (query: number): string => (query % 10 === 0 ? 'validation' : query % 5 === 1 ? 'test' : 'train');

/** Removes the title at the beginning of an abstract. */
const withoutTitle = (abstract: string, title: string): string =>
  abstract.startsWith(title) ? abstract.slice(title.length).trim() : abstract;

/** Parses records of `.I number` and the fields `.T`, `.A`, `.B`, `.W`, which may span several lines. Line ends become blanks. */
function records(text: string): Record<string, string>[] {
  const allRecords: Record<string, string>[] = [];
  let field = '';
  for (const line of text.split('\n')) {
    const [, number] = /^\.I\s+(\d+)/.exec(line) ?? [];
    const [, mark] = /^\.([TABW])\s*$/.exec(line) ?? [];
    const currentRecord = allRecords.at(-1);
    if (number !== undefined) allRecords.push({ I: String(Number(number)) });
    // A few records repeat a mark: the field continues.
    else if (mark !== undefined && currentRecord !== undefined) currentRecord[(field = mark)] ??= '';
    else if (currentRecord !== undefined && line.trim() !== '')
      currentRecord[field] = `${currentRecord[field]} ${line.trim()}`.trim();
  }
  return allRecords;
}
