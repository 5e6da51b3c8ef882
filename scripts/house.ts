/** `npm run house`: counts what makes `src` hard to read, and holds it to a budget. The test of this file fails where a count is above it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The most that each count may be. A number rises only with a sentence in docs/decisions/a-budget-of-lines.md that says for whom. */
export interface Budget {
  /** Lines of each folder of the root, and of `grammar`: TypeScript, JSON schemas, Python, C++ alike. */
  readonly lines: Readonly<Record<string, number>>;
  /** Lines of TypeScript in `src`. */
  readonly typescript: number;
  /** … of these, lines outside of `src/plugins`. */
  readonly typescriptOfCore: number;
  /** Names of formats on disk, such as `tower-run-2`. */
  readonly formats: number;
  /** `...defined({…})`: objects that are built by leaving entries out. */
  readonly defined: number;
  readonly dynamicImports: number;
  /** Names of files, other than `table.ts` and `index.ts`, that several files have. */
  readonly repeatedFileNames: number;
  /** Doc comments that begin with "Of". */
  readonly headersWithoutSubject: number;
  /** Names of types that are declared in several files. */
  readonly repeatedTypes: number;
}

export const budget: Budget = {
  lines: {
    '.': 157,
    app: 12_180,
    base: 7066,
    compiler: 27_719,
    data: 20_339,
    editor: 6461,
    engines: 2707,
    grammar: 2089,
    graph: 5515,
    plugins: 11_686,
    retrieval: 5645,
    serving: 7517,
    training: 21_095,
  },
  typescript: 125_019,
  typescriptOfCore: 114_634,
  formats: 15,
  defined: 0,
  dynamicImports: 68,
  repeatedFileNames: 15,
  headersWithoutSubject: 0,
  repeatedTypes: 0,
};

export interface HouseCounts extends Omit<Budget, 'repeatedTypes'> {
  readonly files: number;
  readonly repeatedTypes: ReadonlyMap<string, readonly string[]>;
}

const isCounted = (path: string): boolean =>
  /\.(tsx?|schema\.json|py|cc|h)$/.test(path) && !basename(path).startsWith('generated');

function pathsIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths.map((path) => path.replaceAll('\\', '/')).filter(isCounted);
}

const linesOf = (text: string): number => text.split('\n').length - 1;

export function countHouse(root = 'src', grammar = 'grammar'): HouseCounts {
  const filesOfType = new Map<string, string[]>();
  const pathsOfName = new Map<string, number>();
  const formats = new Set<string>();
  const lines: Record<string, number> = {};
  let [files, typescript, typescriptOfCore, defined, dynamicImports, headersWithoutSubject] = [0, 0, 0, 0, 0, 0];
  for (const path of pathsIn(root)) {
    const text = readFileSync(join(root, path), 'utf8');
    const wing = path.includes('/') ? path.slice(0, path.indexOf('/')) : '.';
    lines[wing] = (lines[wing] ?? 0) + linesOf(text);
    if (!/\.tsx?$/.test(path)) continue;
    files++;
    typescript += linesOf(text);
    if (wing !== 'plugins') typescriptOfCore += linesOf(text);
    defined += text.match(/\bdefined\(\{/g)?.length ?? 0;
    dynamicImports += text.match(/\bimport\(\s*['"`]/g)?.length ?? 0;
    headersWithoutSubject += text.match(/\/\*\*\s*Of /g)?.length ?? 0;
    for (const [, format] of text.matchAll(/'(tower-[a-z-]+-\d+)'/g)) formats.add(format!);
    const name = basename(path);
    if (name !== 'table.ts' && name !== 'index.ts') pathsOfName.set(name, (pathsOfName.get(name) ?? 0) + 1);
    for (const [, type] of text.matchAll(
      /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|enum) ([A-Z]\w*)/gm,
    )) {
      const declared = filesOfType.get(type!) ?? [];
      if (!declared.includes(path)) filesOfType.set(type!, [...declared, path]);
    }
  }
  if (existsSync(grammar)) {
    const texts = pathsIn(grammar).map((path) => readFileSync(join(grammar, path), 'utf8'));
    lines.grammar = texts.reduce((sum, text) => sum + linesOf(text), 0);
  }
  return {
    ...{
      files,
      typescript,
      typescriptOfCore,
      lines,
      defined,
      dynamicImports,
      headersWithoutSubject,
      formats: formats.size,
    },
    repeatedFileNames: [...pathsOfName.values()].filter((count) => count > 1).length,
    repeatedTypes: new Map([...filesOfType].filter(([, declared]) => declared.length > 1)),
  };
}

if (process.argv[1]?.endsWith('house.ts')) {
  const { lines, files, repeatedTypes, ...counts } = countHouse();
  const rows: [string, number, number | undefined][] = [
    ...Object.entries(lines).map(([wing, count]): [string, number, number | undefined] => [
      `lines of ${wing}`,
      count,
      budget.lines[wing],
    ]),
    ['files of TypeScript', files, undefined],
    ['lines of TypeScript', counts.typescript, budget.typescript],
    ['… without plug-ins', counts.typescriptOfCore, budget.typescriptOfCore],
    ['formats on disk', counts.formats, budget.formats],
    ['defined({…})', counts.defined, budget.defined],
    ['dynamic imports', counts.dynamicImports, budget.dynamicImports],
    ['names of files in several folders', counts.repeatedFileNames, budget.repeatedFileNames],
    ['names of types in several files', repeatedTypes.size, budget.repeatedTypes],
    ['headers that begin with "Of"', counts.headersWithoutSubject, budget.headersWithoutSubject],
  ];
  for (const [what, count, most] of rows) {
    console.log(`${what.padEnd(36)} ${String(count).padStart(7)}${most === undefined ? '' : `  of ${most}`}`);
  }
  for (const [name, declared] of repeatedTypes) console.log(`  ${name}: ${declared.join(', ')}`);
}
