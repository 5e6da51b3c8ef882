/** What lies around a file: other models, data files, and the columns that their headers name. */
import { dirname, isAbsolute, join } from 'node:path';
import type { Surroundings } from '../language/completion/context.ts';
import type { FileAnalysis } from '../language/file_analysis.ts';
import type { Host } from './host.ts';

const dataEnding = /\.(csv|tsv|txt|parquet|json|jsonl|ndjson|gz)$/;

export async function surroundingsOf(facts: FileAnalysis, host: Host): Promise<Surroundings> {
  const { name } = facts.source;
  const folder = dirname(name);
  // Nothing lies around a document that is in no folder yet.
  const files = isAbsolute(name) ? filesIn(folder, host) : [];
  const columns = new Set<string>();
  for (const { columns: named, histories } of facts.checked.dataDescriptions) {
    for (const each of [...named, ...histories]) columns.add(each.name);
  }
  for (const column of await host.headerColumns(facts)) columns.add(column);
  return {
    towerFiles: files.filter((file) => file.endsWith('.tower') && join(folder, file) !== name),
    dataFiles: files.filter((file) => dataEnding.test(file)),
    columns: [...columns],
  };
}

/** Of the folder and the folders right below it. */
const filesIn = (folder: string, host: Host): string[] =>
  host
    .entries(folder)
    .flatMap(({ name, isFolder }) =>
      isFolder && !name.startsWith('.') && name !== 'node_modules'
        ? host.entries(join(folder, name)).flatMap((inner) => (inner.isFile ? [`${name}/${inner.name}`] : []))
        : [name],
    )
    .sort();
