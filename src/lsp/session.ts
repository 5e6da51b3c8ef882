/**
 * What the server knows: open documents, the files on disk that they use, and the last check of each. An open document goes
 * before its file on disk.
 */
import { dirname, isAbsolute, relative, sep } from 'node:path';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import type { Outcome } from '../diagnostics/diagnostic.ts';
import type { Theme } from '../drawing/style.ts';
import { FileAnalysis } from '../language/file_analysis.ts';
import { KeptAnswers } from '../language/kept_answers.ts';
import { KnownShapes } from '../lower/shape_cache.ts';
import { BoundFeatures } from '../model/feature_cache.ts';
import { ResolvedParts } from '../model/resolved_parts.ts';
import { type CheckOptions, check } from '../pipeline.ts';
import type { File } from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import { IncrementalParser } from '../syntax/parse_cache.ts';
import { makeSource, renew, type Source } from '../text/source.ts';
import type { Host } from './host.ts';

/** `system`: as the reader's system asks for. */
export type PictureTheme = Theme | 'system';

/** A source and what it said: that of an open document stays while its text changes. */
interface Read {
  readonly source: Source;
  readonly text: string;
}

/** What each file that a check asked for was, or that there was none. */
type Reads = Map<string, Read | undefined>;

interface Analysed extends Read {
  readonly facts: FileAnalysis;
  readonly reads: Reads;
}

const readOf = (source: Source): Read => ({ source, text: source.text });

/** Whether a source says what was read. */
const isRead = (read: Read | undefined, source: Source | undefined): boolean =>
  read?.source === source && read?.text === source?.text;

export class Session {
  /** Folders that the editor has open: a file may use what lies in its own. */
  #folders: readonly string[] = [];
  readonly #documents = new Map<string, TextDocument>();
  /** Of open documents: each stays the same while its text changes. */
  readonly #sources = new Map<string, { version: number; readonly source: Source }>();
  readonly #facts = new Map<string, Analysed>();

  /** Of the files that are open: their trees are those of the last text, so a check is good until its file changes. */
  readonly #features = new BoundFeatures();
  readonly #shapes = new KnownShapes();
  readonly #memories = new Map<string, IncrementalParser>();
  readonly #parts = new Map<string, ResolvedParts>();
  readonly #answers = new Map<string, KeptAnswers>();

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
    const gone = new Set(uris.map((uri) => this.pathOf(uri)));
    this.#folders = this.#folders.filter((folder) => !gone.has(folder));
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
    this.#memories.delete(path);
    this.#parts.delete(path);
    this.#answers.delete(path);
  }

  document(path: string): TextDocument | undefined {
    return this.#documents.get(path);
  }

  /** What is open of a file, else what lies on disk; nothing where there is neither. */
  source(path: string): Source | undefined {
    const document = this.#documents.get(path);
    if (!document) return this.host.source(path);
    const known = this.#sources.get(path);
    if (known) {
      if (known.version !== document.version) renew(known.source, document.getText());
      known.version = document.version;
      return known.source;
    }
    const source = makeSource(path, document.getText());
    this.#sources.set(path, { version: document.version, source });
    return source;
  }

  /** The check of a file; the last one where neither it nor anything it uses has changed. */
  facts(path: string): FileAnalysis | undefined {
    const source = this.source(path);
    if (!source) return undefined;
    const known = this.#facts.get(path);
    if (known && isRead(known, source) && [...known.reads].every(([used, read]) => isRead(read, this.source(used)))) {
      return known.facts;
    }
    // Else the collector would copy what nobody reads any more, again and again.
    this.#facts.delete(path);
    const reads: Reads = new Map();
    const parts = this.#parts.get(path) ?? new ResolvedParts();
    const answers = this.#answers.get(path) ?? new KeptAnswers();
    if (this.#documents.has(path)) {
      this.#parts.set(path, parts);
      this.#answers.set(path, answers);
    }
    const onRead = (used: string, found: Source | undefined) => void reads.set(used, found && readOf(found));
    const checked = this.#check(source, onRead, { parse: this.#read, parts });
    const facts = new FileAnalysis(checked, this.#memories.get(path)?.relexer.lexedOf(source.text), answers);
    this.#facts.set(path, { ...readOf(source), facts, reads });
    return facts;
  }

  /** A file as it would be with other texts in some places. */
  factsWith(path: string, texts: ReadonlyMap<string, Source>): FileAnalysis | undefined {
    const source = texts.get(path) ?? this.source(path);
    return source && new FileAnalysis(this.#check(source, () => {}, { parse }, texts));
  }

  readonly #read = (source: Source): Outcome<File> => {
    if (!this.#documents.has(source.name)) return parse(source);
    const memory = this.#memories.get(source.name) ?? new IncrementalParser();
    this.#memories.set(source.name, memory);
    return memory.parse(source);
  };

  #check(
    source: Source,
    onRead: (path: string, source: Source | undefined) => void,
    memory: Pick<CheckOptions, 'parse' | 'parts'>,
    texts?: ReadonlyMap<string, Source>,
  ) {
    return check(source, {
      ...memory,
      shapes: this.#shapes,
      features: this.#features,
      project: this.#projectOf(source.name),
      load: (path, roots) => {
        const open = texts?.has(path) || this.#documents.has(path);
        // What the user opens is theirs to read.
        const outside = !open && !this.host.isWithin(path, roots);
        const found = texts?.get(path) ?? this.source(path);
        // Noted in either case: once it is open, the file is checked again.
        onRead(path, found);
        return outside ? 'outside' : found;
      },
    });
  }

  /** The innermost open folder that a file lies in, else the folder of the file. */
  #projectOf(path: string): string {
    const around = this.#folders.filter((folder) => !relative(folder, path).startsWith(`..${sep}`));
    return around.sort((a, b) => b.length - a.length)[0] ?? dirname(path);
  }
}
