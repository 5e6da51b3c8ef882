/** The files that the server in a browser is given: `.tower` files with their text, and the names of data files. */
import * as vscode from 'vscode';

export interface GivenFile {
  readonly uri: string;
  readonly text?: string | null;
}

/** More is no project of models: a worker holds them in memory. */
const most = { files: 500, bytes: 1_000_000 };
const skipped = '**/{node_modules,runs,dist,build}/**';

export async function filesOf(): Promise<{ readonly files: Map<string, GivenFile>; readonly leftOut: number }> {
  const [models, data] = await Promise.all([
    vscode.workspace.findFiles('**/*.tower', skipped, most.files + 1),
    vscode.workspace.findFiles('**/*.{csv,tsv,txt,parquet,json,jsonl,ndjson,gz}', skipped, most.files),
  ]);
  const given = await Promise.all(models.slice(0, most.files).map(givenFile));
  const readable = given.filter(({ text }) => text !== null);
  const named = data.map((uri): GivenFile => ({ uri: uri.toString() }));
  return {
    files: new Map([...readable, ...named].map((file) => [file.uri, file])),
    leftOut: models.length - readable.length,
  };
}

/** `null` where the file cannot be read, or is too large. */
export async function givenFile(uri: vscode.Uri): Promise<GivenFile> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > most.bytes) return { uri: uri.toString(), text: null };
    return { uri: uri.toString(), text: new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)) };
  } catch {
    return { uri: uri.toString(), text: null };
  }
}
