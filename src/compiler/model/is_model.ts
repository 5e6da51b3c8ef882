import type { FileNode } from '../syntax/ast.ts';

/** Whether a file means to be a model, and not only something that models use. */
export function isModel(file: FileNode): boolean {
  const kinds = ['ModelName', 'Tower', 'Task', 'Objective', 'Retrieve', 'Train', 'Search'];
  return file.declarations.some(({ kind }) => kinds.includes(kind));
}
