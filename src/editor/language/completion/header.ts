/** Between a declaration's word and its sign or brace. */
import * as t from '../../../../grammar/tokens.ts';
import { is } from '../../../compiler/syntax/token.ts';
import { keywordDocs } from '../keywords.ts';
import type { CompletionContext } from './context.ts';
import type { Completion } from './item.ts';
import { quotedAt } from './texts.ts';

export function headerAt(here: CompletionContext): readonly Completion[] {
  const { declaration, before } = here.place;
  const last = before.at(-1);
  if (declaration.word === 'shared' || is(last, t.Shared)) return [{ label: 'block', kind: 'word' }];
  if (declaration.word === 'use') return is(last, t.Text) ? [] : quotedAt(here);
  if (declaration.word === 'block' && is(last, t.Equals)) return here.names('constant');
  if (declaration.word !== 'tower') return [];
  const open = before.findLastIndex((token) => is(token, t.LeftParenthesis));
  const closed = before.findLastIndex((token) => is(token, t.RightParenthesis));
  if (open > closed) {
    const taken = new Set(before.slice(open).map((token) => token.image));
    return here.inputs('group', 'feature').filter(({ label }) => !taken.has(label));
  }
  if (is(last, t.RightParenthesis)) return [{ label: 'keyed by', kind: 'word', doc: keywordDocs.keyed }];
  if (is(last, t.Keyed)) return [{ label: 'by', kind: 'word' }];
  if (is(last, t.By)) return here.inputs('feature');
  return [];
}
