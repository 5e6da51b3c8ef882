/** The files that the server in a browser is given: `.tower` files with their text, and the names of data files. */
import * as vscode from 'vscode';

export interface GivenFile {
  readonly uri: string;
  readonly text?: string | null;
}

/** More is no project of models: a worker holds them in memory. */
const most = { files: 500, folders: 200, bytes: 1_000_000 };
const skippedNames = ['node_modules', 'runs', 'dist', 'build'];
const skipped = `**/{${skippedNames.join(',')}}/**`;
const dataEndings = ['csv', 'tsv', 'txt', 'parquet', 'json', 'jsonl', 'ndjson', 'gz'];

export async function filesOf(): Promise<{ readonly files: Map<string, GivenFile>; readonly leftOut: number }> {
  const [models, data] = await found();
  const given = await Promise.all(models.slice(0, most.files).map(givenFile));
  const readable = given.filter(({ text }) => text !== null);
  const named = data.map((uri): GivenFile => ({ uri: uri.toString() }));
  return {
    files: new Map([...readable, ...named].map((file) => [file.uri, file])),
    leftOut: models.length - readable.length,
  };
}

async function found(): Promise<readonly [vscode.Uri[], vscode.Uri[]]> {
  const [models, data] = await Promise.all([
    vscode.workspace.findFiles('**/*.tower', skipped, most.files + 1),
    vscode.workspace.findFiles(`**/*.{${dataEndings.join(',')}}`, skipped, most.files),
  ]);
  return models.length > 0 ? [models, data] : walked();
}

/** Folder by folder: not each file system in a browser can be searched. Such a one finds nothing, and says nothing. */
async function walked(): Promise<readonly [vscode.Uri[], vscode.Uri[]]> {
  const [models, data]: [vscode.Uri[], vscode.Uri[]] = [[], []];
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  for (let at = 0; at < folders.length && at < most.folders; at++) {
    const folder = folders[at]!;
    const entries = await Promise.resolve(vscode.workspace.fs.readDirectory(folder)).catch(() => []);
    for (const [name, type] of entries) {
      const uri = vscode.Uri.joinPath(folder, name);
      const ending = name.split('.').at(-1)!;
      if (type === vscode.FileType.Directory) {
        if (!name.startsWith('.') && !skippedNames.includes(name)) folders.push(uri);
      } else if (ending === 'tower') models.push(uri);
      else if (dataEndings.includes(ending) && data.length < most.files) data.push(uri);
    }
  }
  return [models, data];
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
