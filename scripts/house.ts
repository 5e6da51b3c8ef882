/** `npm run house`: counts what makes `src` hard to read: files, lines, names that stand for several things, locals and headers that say little. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HouseCounts {
  readonly files: number;
  readonly lines: number;
  readonly wings: number;
  /** Names of types that are declared in several files, with these files. */
  readonly repeatedTypes: ReadonlyMap<string, readonly string[]>;
  /** Share of `const` and `let` inside functions whose name is one lower-case word. */
  readonly oneWordLocals: number;
  /** Doc comments that begin with "Of". */
  readonly headersWithoutSubject: number;
}

export function countHouse(root = 'src'): HouseCounts {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('generated'));
  const filesOfType = new Map<string, string[]>();
  let [lines, locals, oneWord, headersWithoutSubject] = [0, 0, 0, 0];
  for (const path of paths) {
    const text = readFileSync(join(root, path), 'utf8');
    lines += text.split('\n').length - 1;
    headersWithoutSubject += text.match(/\/\*\*\s*Of /g)?.length ?? 0;
    for (const [, name] of text.matchAll(
      /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|enum) ([A-Z]\w*)/gm,
    )) {
      const files = filesOfType.get(name!) ?? [];
      if (!files.includes(path)) filesOfType.set(name!, [...files, path]);
    }
    for (const [, name] of text.matchAll(/^\s+(?:const|let) ([a-zA-Z_]\w*)\b/gm)) {
      locals++;
      if (/^[a-z]+$/.test(name!)) oneWord++;
    }
  }
  return {
    files: paths.length,
    lines,
    wings: readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length,
    repeatedTypes: new Map([...filesOfType].filter(([, files]) => files.length > 1)),
    oneWordLocals: oneWord / locals,
    headersWithoutSubject,
  };
}

if (process.argv[1]?.endsWith('house.ts')) {
  const { files, lines, wings, repeatedTypes, oneWordLocals, headersWithoutSubject } = countHouse();
  console.log(`${files} files, ${lines} lines, ${wings} wings`);
  console.log(`${repeatedTypes.size} names of types in several files`);
  for (const [name, where] of repeatedTypes) console.log(`  ${name}: ${where.join(', ')}`);
  console.log(
    `${Math.round(100 * oneWordLocals)} % of the locals are one word; ${headersWithoutSubject} headers begin with "Of"`,
  );
}
