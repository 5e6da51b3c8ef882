/** Finds what the version before wrote in other words, and returns the edits that write it in those of today. */
import type { Edit } from '../../base/diagnostics/diagnostic.ts';
import { spanText } from '../../base/text/source.ts';
import type * as Ast from '../syntax/ast.ts';

/** Returns the edits of a file. A place with a comment within stays as it is. */
export function spellings({ declarations }: Ast.FileNode): readonly Edit[] {
  const features = declarations.flatMap((node) => (node.kind === 'Features' ? node.entries : []));
  return features.flatMap(asSequence).filter(({ at }) => !spanText(at).includes('//'));
}

/** Writes `sequence(movie_id, 50)` for `list(movie_id, max: 50, pool: none)`. */
function asSequence({ value: call }: Ast.TypedEntryNode): Edit[] {
  if (call.kind !== 'Call' || call.callee.name !== 'list') return [];
  const named = (name: string) => call.arguments.find((argument) => argument.name?.name === name);
  const [pool, max, [element]] = [named('pool'), named('max'), call.arguments];
  const others = call.arguments.slice(1).filter((argument) => argument !== pool && argument !== max);
  const isSequence = pool?.value.kind === 'Name' && spanText(pool.value.span) === 'none' && !named('weights');
  if (!isSequence || element!.name || others.some(({ name }) => !name)) return [];
  const words = [element!.span, ...(max ? [max.value.span] : []), ...others.map(({ span }) => span)].map(spanText);
  if (!max) words.splice(1, 0, '50');
  return [{ at: call.span, text: `sequence(${words.join(', ')})` }];
}
