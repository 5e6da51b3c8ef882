/**
 * The state of the server: open documents, the files on disk that they use, and the last check of each. An open document goes
 * before its file on disk.
 */
import { dirname, isAbsolute, relative, sep } from 'node:path';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import { makeSource, type Source } from '../../base/text/source.ts';
import { checkSource } from '../../compiler/pipeline.ts';
import type { Theme } from '../drawing/drawing.ts';
import { FileAnalysis } from '../language/file_analysis.ts';
import type { Host } from './host.ts';

/** `system`: as the reader's system asks for. */
export type PictureTheme = Theme | 'system';

interface CachedAnalysis {
  readonly facts: FileAnalysis;
  /** The sources that the check loaded; undefined where there was none. */
  readonly reads: ReadonlyMap<string, Source | undefined>;
}

export class EditorSession {
  /** Folders that the editor has open: a file may use what lies in its own. */
  #folders: readonly string[] = [];
  readonly #documents = new Map<string, TextDocument>();
  /** The sources of open documents, each of the version that was last requested. */
  readonly #sources = new Map<string, { readonly version: number; readonly source: Source }>();
  readonly #facts = new Map<string, CachedAnalysis>();

  constructor(readonly host: Host) {}

  pathOf(uri: string): string {
    return this.host.pathOf(uri);
  }

  uriOf(path: string): string {
    return this.#documents.get(path)?.uri ?? this.host.uriOf(path);
  }

  /** Commands that the editor carries out, such as `tower.train`. */
  commands: ReadonlySet<string> = new Set();

  /** How a hover may show pictures; absent where the editor has not said that it draws images in Markdown. */
  pictures: PictureTheme | undefined;

  get folders(): readonly string[] {
    return this.#folders;
  }

  openFolders(uris: readonly string[]): void {
    const paths = uris.map((uri) => this.pathOf(uri)).filter(isAbsolute);
    this.#folders = [...new Set([...this.#folders, ...paths])];
    // A folder says how far what lies in it may reach.
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
    const path = this.pathOf(uri);
    this.#documents.delete(path);
    this.#sources.delete(path);
    this.#facts.delete(path);
  }

  document(path: string): TextDocument | undefined {
    return this.#documents.get(path);
  }

  /** Returns the open document, else the file on disk; nothing where there is neither. */
  source(path: string): Source | undefined {
    const document = this.#documents.get(path);
    if (!document) return this.host.source(path);
    const cachedSource = this.#sources.get(path);
    if (cachedSource?.version === document.version) return cachedSource.source;
    const source = makeSource(path, document.getText());
    this.#sources.set(path, { version: document.version, source });
    return source;
  }

  /** The check of a file; the last one where neither it nor anything it uses has changed. */
  facts(path: string): FileAnalysis | undefined {
    const source = this.source(path);
    if (!source) return undefined;
    const cachedAnalysis = this.#facts.get(path);
    const isSame = cachedAnalysis?.facts.source === source;
    if (isSame && [...cachedAnalysis.reads].every(([used, read]) => read === this.source(used)))
      return cachedAnalysis.facts;
    // Else the collector would copy what nobody reads any more, again and again.
    this.#facts.delete(path);
    const reads = new Map<string, Source | undefined>();
    const facts = new FileAnalysis(this.#check(source, (used, found) => void reads.set(used, found)));
    this.#facts.set(path, { facts, reads });
    return facts;
  }

  /** A file as it would be with other texts in some places. */
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
        // What the user opens is theirs to read.
        const isOutside = !isOpen && !this.host.isWithin(path, roots);
        const loadedSource = texts?.get(path) ?? this.source(path);
        // Noted in either case: once it is open, the file is checked again.
        onRead(path, loadedSource);
        return isOutside ? 'outside' : loadedSource;
      },
    });
  }

  /** The innermost open folder that a file lies in, else the folder of the file. */
  #projectOf(path: string): string {
    const foldersAround = this.#folders.filter((folder) => !relative(folder, path).startsWith(`..${sep}`));
    return foldersAround.sort((a, b) => b.length - a.length)[0] ?? dirname(path);
  }
}
