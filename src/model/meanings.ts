/** Which names mean something else than in the text before: what was resolved without looking them up is as it was. */
import { Latest, type Table } from '../kept/history.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Asked, AskKind } from './asked.ts';
import type { Library } from './library.ts';
import type { Scope } from './scope.ts';

interface Change {
  readonly kind: AskKind;
  readonly name: string;
}

/** Changes that are remembered: those of many keystrokes. */
const most = 4096;

/** Of these nothing is looked up but whether there are any: what is asked of towers and tasks besides is around what asks. */
const namesAlone: ReadonlySet<AskKind> = new Set<AskKind>(['feature', 'tower', 'task']);

/** Of one file, whose text changes again and again. */
export class Meanings {
  readonly #latest = new Map<AskKind, Latest<Table<unknown>>>();
  #library: Library | undefined;
  #changes: Change[] = [];
  #forgotten = 0;

  /** A number that grows with each change. */
  get now(): number {
    return this.#forgotten + this.#changes.length;
  }

  /** What names mean in the next text. */
  follow(scope: Scope, constants: Table<number | undefined>, library: Library): void {
    if (this.#library !== library) this.#forget();
    this.#library = library;
    const before = this.now;
    const { features, labels, groups, blocks, towers, tasks } = scope;
    this.#table('feature', features);
    this.#table('label', labels);
    this.#table('group', groups);
    this.#table('block', blocks);
    this.#table('tower', towers);
    this.#table('task', tasks);
    this.#table('constant', constants);
    if (this.now !== before) this.#written(blocks, before);
  }

  /** The features of each group in the next text. */
  followMembers(members: Table<readonly string[]>): void {
    this.#table('members', members);
  }

  /** Whether all that was looked up means what it meant. */
  isSame(asked: Asked, since: number): boolean {
    if (since < this.#forgotten) return false;
    for (let at = since - this.#forgotten; at < this.#changes.length; at++) {
      const { kind, name } = this.#changes[at]!;
      if (asked.has(kind, name)) return false;
    }
    return true;
  }

  #table(kind: AskKind, table: Table<unknown>): void {
    const latest = this.#latest.get(kind) ?? new Latest<Table<unknown>>();
    this.#latest.set(kind, latest);
    const last = latest.of(table);
    if (!last) this.#forget();
    for (const name of last?.names ?? []) {
      if (!namesAlone.has(kind) || table.has(name) !== last?.known.has(name)) this.#changes.push({ kind, name });
    }
    if (last?.known !== table) latest.set(table, table);
    if (this.#changes.length > most) this.#forget();
  }

  /** A block may read constants, other blocks, and whatever its words name. */
  #written(blocks: Table<Ast.Block>, before: number): void {
    const isRead = ({ kind, name }: Change): boolean =>
      kind === 'block' || kind === 'constant' || [...blocks.values()].some((block) => namesIn(block).has(name));
    const changes = before < this.#forgotten ? [] : this.#changes.slice(before - this.#forgotten);
    if (changes.some(isRead)) this.#changes.push({ kind: 'written', name: '' });
  }

  /** All may mean something else. */
  #forget(): void {
    this.#forgotten += this.#changes.length + 1;
    this.#changes = [];
  }
}

const namesOfBlocks = new WeakMap<Ast.Block, ReadonlySet<string>>();

/** Each name in a block, at any depth, its own among them. */
function namesIn(block: Ast.Block): ReadonlySet<string> {
  const known = namesOfBlocks.get(block);
  if (known) return known;
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || 'source' in value) return;
    if ('name' in value && typeof value.name === 'string') found.add(value.name);
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(block);
  namesOfBlocks.set(block, found);
  return found;
}
