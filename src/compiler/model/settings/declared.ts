/** What settings may name: the declarations of a file and of those it uses. */
import type * as Ast from '../../syntax/ast.ts';
import type { Files } from '../use.ts';

export interface DeclaredFeature {
  readonly features: Ast.FeaturesNode;
  readonly entry: Ast.TypedEntryNode;
}

/** What a file and those it uses declare, by name; of two that share a name the first. */
export function declared({ main, shared }: Files): {
  readonly lets: ReadonlyMap<string, Ast.LetNode>;
  readonly blocks: ReadonlyMap<string, Ast.BlockNode>;
  readonly tasks: ReadonlyMap<string, Ast.TaskNode>;
  readonly features: ReadonlyMap<string, DeclaredFeature>;
} {
  const lets = new Map<string, Ast.LetNode>();
  const blocks = new Map<string, Ast.BlockNode>();
  const tasks = new Map<string, Ast.TaskNode>();
  const features = new Map<string, DeclaredFeature>();
  for (const node of shared) {
    if (node.kind === 'Let' && !lets.has(node.name.name)) lets.set(node.name.name, node);
    if (node.kind === 'Block' && !blocks.has(node.name.name)) blocks.set(node.name.name, node);
    if (node.kind !== 'Features') continue;
    for (const entry of node.entries) {
      for (const { name } of entry.names) if (!features.has(name)) features.set(name, { features: node, entry });
    }
  }
  for (const node of main.declarations) {
    if (node.kind === 'Task' && !tasks.has(node.name.name)) tasks.set(node.name.name, node);
  }
  return { lets, blocks, tasks, features };
}
