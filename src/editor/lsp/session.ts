/**
 * The state of the server: open documents, the files on disk that they use, and the last check of each. An open document takes precedence over its file on
 * disk.
 */
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { makeSource, type Source } from '../../base/text/source.ts';
import { checkSource } from '../../compiler/pipeline.ts';
import { endingChoice } from '../../data/files/formats/table.ts';
import type { Theme } from '../drawing/design.ts';
import type { CompletionSurroundings } from '../language/completion/context.ts';
import { FileAnalysis } from '../language/file_analysis.ts';

/** `system`: the theme that the user's system asks for. */
export type PictureTheme = Theme | 'system';

export class EditorSession {
  /** Folders that are open in the editor. A file may use other files only if they are in the same open folder. */
  #folders: readonly string[] = [];
  readonly #documents = new Map<string, TextDocument>();
  /** The sources of open documents, each of the version that was last requested. */
  readonly #sources = new Map<string, { readonly version: number; readonly source: Source }>();
  /** `reads`: the sources that the check loaded; undefined for a path without a file. */
  readonly #facts = new Map<string, { facts: FileAnalysis; reads: ReadonlyMap<string, Source | undefined> }>();

  constructor(readonly host: Host) {}

  pathOf(uri: string): string {
    return this.host.pathOf(uri);
  }

  uriOf(path: string): string {
    return this.#documents.get(path)?.uri ?? this.host.uriOf(path);
  }

  /** Commands that the editor can run, such as `tower.train`. */
  commands: ReadonlySet<string> = new Set();

  /** Options for pictures in hovers; absent if the editor does not announce images in Markdown. */
  pictures: PictureTheme | undefined;

  get folders(): readonly string[] {
    return this.#folders;
  }

  openFolders(uris: readonly string[]): void {
    const paths = uris.map((uri) => this.pathOf(uri)).filter(isAbsolute);
    this.#folders = [...new Set([...this.#folders, ...paths])];
    // The open folders decide which files a file may use.
    this.#facts.clear();
  }

  closeFolders(uris: readonly string[]): void {
    const gonePaths = new Set(uris.map((uri) => this.pathOf(uri)));
    this.#folders = this.#folders.filter((folder) => !gonePaths.has(folder));
    this.#facts.clear();
  }

  get open(): readonly TextDocument[] {
    return [...this.#documents.values()];
  }

  put(document: TextDocument): void {
    this.#documents.set(this.pathOf(document.uri), document);
  }

  remove(uri: string): void {
    const documentPath = this.pathOf(uri);
    this.#documents.delete(documentPath);
    this.#sources.delete(documentPath);
    this.#facts.delete(documentPath);
  }

  document(path: string): TextDocument | undefined {
    return this.#documents.get(path);
  }

  /** Returns the open document, otherwise the file on disk; undefined if there is neither. */
  source(path: string): Source | undefined {
    const document = this.#documents.get(path);
    if (!document) return this.host.source(path);
    const cachedSource = this.#sources.get(path);
    if (cachedSource?.version === document.version) return cachedSource.source;
    const source = makeSource(path, document.getText());
    this.#sources.set(path, { version: document.version, source });
    return source;
  }

  /** Returns the check of a file: the last one if neither the file nor anything that it uses has changed. */
  facts(path: string): FileAnalysis | undefined {
    const source = this.source(path);
    if (!source) return undefined;
    const cachedAnalysis = this.#facts.get(path);
    const isSame = cachedAnalysis?.facts.source === source;
    if (isSame && [...cachedAnalysis.reads].every(([used, read]) => read === this.source(used)))
      return cachedAnalysis.facts;
    // The old check is dropped first. Otherwise the garbage collector would copy its unused objects again and again.
    this.#facts.delete(path);
    const reads = new Map<string, Source | undefined>();
    const newAnalysis = new FileAnalysis(this.#check(source, (used, found) => void reads.set(used, found)));
    this.#facts.set(path, { facts: newAnalysis, reads });
    return newAnalysis;
  }

  /** Checks a file as it would be if these texts replaced the files at their paths. */
  factsWith(path: string, texts: ReadonlyMap<string, Source>): FileAnalysis | undefined {
    const source = texts.get(path) ?? this.source(path);
    return source && new FileAnalysis(this.#check(source, () => {}, texts));
  }

  #check(
    source: Source,
    onRead: (path: string, source: Source | undefined) => void,
    texts?: ReadonlyMap<string, Source>,
  ) {
    return checkSource(source, {
      project: this.#projectOf(source.name),
      load: (path, roots) => {
        const isOpen = texts?.has(path) || this.#documents.has(path);
        // Files that the user opens are always readable.
        const isOutside = !isOpen && !this.host.isWithin(path, roots);
        const loadedSource = texts?.get(path) ?? this.source(path);
        // Recorded in both cases, so that the file is checked again once it is open.
        onRead(path, loadedSource);
        return isOutside ? 'outside' : loadedSource;
      },
    });
  }

  /** Returns the innermost open folder that contains a file; otherwise the folder of the file. */
  #projectOf(path: string): string {
    const foldersAround = this.#folders.filter((folder) => !relative(folder, path).startsWith(`..${sep}`));
    return foldersAround.sort((a, b) => b.length - a.length)[0] ?? dirname(path);
  }
}

/** The environment of the server: a machine with Node.js, or a worker of a browser. */
export interface Host {
  /** Returns the absolute path of a URI; the URI itself if it is not a readable file. */
  pathOf(uri: string): string;
  uriOf(path: string): string;
  /** Returns the text of a file; the same object while the file is unchanged. Undefined if there is no file. */
  source(path: string): Source | undefined;
  exists(path: string): boolean;
  /** Returns the entries of a folder; none if it cannot be read. */
  entries(folder: string): readonly FolderEntry[];
  /** True if a path, with its links resolved, is in one of the folders. */
  isWithin(path: string, folders: readonly string[]): boolean;
  /** Returns the columns in the headers of the data files, for the data blocks of a file and of the files that it uses. */
  headerColumns(facts: FileAnalysis): Promise<readonly string[]>;
  /** Receives the options with which the editor starts the server. */
  begin?(options: unknown): void;
}

export interface FolderEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isFolder: boolean;
}

const dataEnding = new RegExp(`\\.(${endingChoice}|gz)$`);

export async function surroundingsOf(facts: FileAnalysis, host: Host): Promise<CompletionSurroundings> {
  const { name } = facts.source;
  const folder = dirname(name);
  // An unsaved document has no folder, so it has no neighbouring files.
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

/** Lists the files of the folder and of the folders right below it. */
const filesIn = (folder: string, host: Host): string[] =>
  host
    .entries(folder)
    .flatMap(({ name, isFolder }) =>
      isFolder && !name.startsWith('.') && name !== 'node_modules'
        ? host.entries(join(folder, name)).flatMap((inner) => (inner.isFile ? [`${name}/${inner.name}`] : []))
        : [name],
    )
    .sort();
