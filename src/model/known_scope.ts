/**
 * What names mean in a text that declares the same names as the one before: each means what is now written of it. So only declarations
 * that are other nodes are looked at, and the tables follow those before.
 */
import { revised } from '../kept/revised.ts';
import type * as Ast from '../syntax/ast.ts';
import type { Report } from './report.ts';
import { declare, type Scope, type TypedName, typedNames } from './scope.ts';
import type { Files } from './use.ts';

interface Last {
  readonly shared: readonly Ast.Declaration[];
  readonly scope: Scope;
}

/** Of one file, whose text changes again and again. */
export class KnownScope {
  /** Absent where declaring reported a mistake. */
  #last: Last | undefined;

  /** The same as `declare`. */
  declare(files: Files, report: Report): Scope {
    const again = this.#last && scopeAgain(this.#last, files.shared);
    let plain = true;
    const scope =
      again ??
      declare(files, (...mistake) => {
        plain = false;
        report(...mistake);
      });
    this.#last = plain ? { shared: files.shared, scope } : undefined;
    return scope;
  }
}

/** Other nodes of the same names, by table. */
class Changes {
  readonly features: [string, TypedName][] = [];
  readonly labels: [string, TypedName][] = [];
  readonly groups: [string, Ast.Group][] = [];
  readonly blocks: [string, Ast.Block][] = [];
  readonly towers: [string, Ast.Tower][] = [];
  readonly tasks: [string, Ast.Task][] = [];
  readonly lets = new Map<Ast.Let, Ast.Let>();
}

/** Nothing where names were added, removed or renamed, or are in another order. */
function scopeAgain({ shared, scope }: Last, next: readonly Ast.Declaration[]): Scope | undefined {
  if (shared.length !== next.length) return undefined;
  const changes = new Changes();
  for (let at = 0; at < next.length; at++) {
    if (shared[at] !== next[at] && !isAgain(shared[at]!, next[at]!, changes)) return undefined;
  }
  const { lets } = changes;
  return {
    lets: lets.size === 0 ? scope.lets : scope.lets.map((one) => lets.get(one) ?? one),
    features: revised(scope.features, changes.features),
    labels: revised(scope.labels, changes.labels),
    groups: revised(scope.groups, changes.groups),
    blocks: revised(scope.blocks, changes.blocks),
    towers: revised(scope.towers, changes.towers),
    tasks: revised(scope.tasks, changes.tasks),
  };
}

/** Whether a declaration declares the names of the one before; what it says of them is added to the changes. */
function isAgain(before: Ast.Declaration, next: Ast.Declaration, changes: Changes): boolean {
  switch (next.kind) {
    case 'Features':
      return before.kind === next.kind && areAgain(before.entries, next.entries, changes.features);
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
