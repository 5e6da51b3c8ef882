/**
 * What names mean in a text that follows another. Where it declares the same names, each means what is now written of it, so only
 * declarations that are other nodes are looked at. In either case the tables follow those before.
 */
import { isSame } from '../kept/kept.ts';
import { following, revised, type Splice, spliced } from '../kept/revised.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Report } from './report.ts';
import { declare, reserved, type Scope, type TypedName, typedNames } from './scope.ts';
import type { Files } from './use.ts';

interface Last {
  /** Absent where declaring reported a mistake. */
  readonly shared?: readonly Ast.Declaration[];
  readonly scope: Scope;
}

/** Of one file, whose text changes again and again. */
export class KnownScope {
  #last: Last | undefined;

  /** The same as `declare`. */
  declare(files: Files, report: Report): Scope {
    const { shared } = files;
    const again = this.#last?.shared && scopeAgain(this.#last.shared, this.#last.scope, shared);
    let plain = true;
    const scope =
      again ??
      followingScope(
        this.#last?.scope,
        declare(files, (...mistake) => {
          plain = false;
          report(...mistake);
        }),
      );
    this.#last = plain ? { shared, scope } : { scope };
    return scope;
  }
}

/** Other nodes of the same names, by table. */
class Changes {
  readonly features: [string, TypedName][] = [];
  /** Features that came and went, in one place. */
  splice: Splice<TypedName> | undefined;
  readonly labels: [string, TypedName][] = [];
  readonly groups: [string, Ast.Group][] = [];
  readonly blocks: [string, Ast.Block][] = [];
  readonly towers: [string, Ast.Tower][] = [];
  readonly tasks: [string, Ast.Task][] = [];
  readonly lets = new Map<Ast.Let, Ast.Let>();
}

/** Nothing where names but those of features were added, removed or renamed, or are in another order. */
function scopeAgain(
  shared: readonly Ast.Declaration[],
  scope: Scope,
  next: readonly Ast.Declaration[],
): Scope | undefined {
  if (shared.length !== next.length) return undefined;
  const changes = new Changes();
  for (let at = 0; at < next.length; at++) {
    if (shared[at] !== next[at] && !isAgain(shared[at]!, next[at]!, changes)) return undefined;
  }
  const { lets, splice } = changes;
  if (splice && !isAlone(splice, scope)) return undefined;
  const features = revised(scope.features, changes.features);
  return {
    lets: lets.size === 0 ? scope.lets : scope.lets.map((one) => lets.get(one) ?? one),
    features: splice ? spliced(features, splice) : features,
    labels: revised(scope.labels, changes.labels),
    groups: revised(scope.groups, changes.groups),
    blocks: revised(scope.blocks, changes.blocks),
    towers: revised(scope.towers, changes.towers),
    tasks: revised(scope.tasks, changes.tasks),
  };
}

function followingScope(before: Scope | undefined, next: Scope): Scope {
  if (!before) return next;
  return {
    lets: isSame(before.lets, next.lets) ? before.lets : next.lets,
    features: following(before.features, next.features),
    labels: following(before.labels, next.labels),
    groups: following(before.groups, next.groups),
    blocks: following(before.blocks, next.blocks),
    towers: following(before.towers, next.towers),
    tasks: following(before.tasks, next.tasks),
  };
}

/** Whether a declaration declares the names of the one before; what it says of them is added to the changes. */
function isAgain(before: Ast.Declaration, next: Ast.Declaration, changes: Changes): boolean {
  switch (next.kind) {
    case 'Features':
      return before.kind === next.kind && areFeaturesAgain(before.entries, next.entries, changes);
    case 'Labels':
      return before.kind === next.kind && areAgain(before.entries, next.entries, changes.labels);
    case 'Group':
      return before.kind === next.kind && isNamed(before, next, changes.groups);
    case 'Block':
      return before.kind === next.kind && isNamed(before, next, changes.blocks);
    case 'Tower':
      return before.kind === next.kind && isNamed(before, next, changes.towers);
    case 'Task':
      return before.kind === next.kind && isNamed(before, next, changes.tasks);
    case 'Let':
      if (before.kind !== next.kind || before.name.name !== next.name.name) return false;
      changes.lets.set(before, next);
      return true;
    default:
      // It declares no name.
      return before.kind === next.kind;
  }
}

interface Named {
  readonly name: Ast.Identifier;
}

function isNamed<N extends Named>(before: Named, next: N, changes: [string, N][]): boolean {
  changes.push([next.name.name, next]);
  return before.name.name === next.name.name;
}

/** As `areAgain`, of features, of which some may also come and go. */
function areFeaturesAgain(
  before: readonly Ast.TypedEntry[],
  next: readonly Ast.TypedEntry[],
  changes: Changes,
): boolean {
  const same: [string, TypedName][] = [];
  if (!areAgain(before, next, same)) return isSpliced(before, next, changes);
  changes.features.push(...same);
  return true;
}

/** Whether features came or went in one place, behind another. */
function isSpliced(before: readonly Ast.TypedEntry[], next: readonly Ast.TypedEntry[], changes: Changes): boolean {
  const most = Math.min(before.length, next.length);
  let from = 0;
  while (from < most && before[from] === next[from]) from++;
  let tail = 0;
  while (tail < most - from && before.at(-1 - tail) === next.at(-1 - tail)) tail++;
  const after = from === 0 ? undefined : typedNames(before[from - 1]!).at(-1)?.name.name;
  if (after === undefined || changes.splice) return false;
  const gone = before.slice(from, before.length - tail).flatMap(typedNames);
  const come = next.slice(from, next.length - tail).flatMap(typedNames);
  changes.splice = {
    after,
    gone: gone.map(({ name }) => name.name),
    come: come.map((typed) => [typed.name.name, typed]),
  };
  return true;
}

/** Whether nothing else has a name that came, so that each means what it says. */
function isAlone({ gone, come }: Splice<TypedName>, { features, labels, groups }: Scope): boolean {
  const left = new Set(gone);
  const isFree = ([name]: readonly [string, TypedName]): boolean =>
    (!features.has(name) || left.has(name)) && !labels.has(name) && !groups.has(name) && name !== reserved;
  return come.every(isFree) && new Set(come.map(([name]) => name)).size === come.length;
}

function areAgain(
  before: readonly Ast.TypedEntry[],
  next: readonly Ast.TypedEntry[],
  changes: [string, TypedName][],
): boolean {
  if (before.length !== next.length) return false;
  for (let at = 0; at < next.length; at++) {
    const [one, other] = [before[at]!, next[at]!];
    if (one === other) continue;
    if (one.names.length !== other.names.length) return false;
    for (const [index, typed] of typedNames(other).entries()) {
      if (!isNamed({ name: one.names[index]! }, typed, changes)) return false;
    }
  }
  return true;
}
