/** Colours the words of a model by their form alone: for a page that is read before the compiler has arrived. */
import { escapeHtml } from '../src/base/text/display.ts';

const words =
  /(\/\/.*$)|("[^"\n]*")|\b(model|features|labels|group|let|use|shared|block|tower|keyed|by|channel|task|objective|retrieve|train|search|data|columns)\b|(\b\d[\d_.]*(?:e-?\d+)?%?)|(\b[a-z_]\w*)(?=\()|(->)/gm;
const kinds = ['comment', 'string', 'keyword', 'number', 'call', 'arrow'] as const;

export interface MarkedSpan {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

/** HTML of the text; `marks` are underlined, as mistakes are. */
export function highlight(text: string, marks: readonly MarkedSpan[] = []): string {
  const spans = [...text.matchAll(words)].map((match): MarkedSpan => {
    const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)]!;
    return { start: match.index, end: match.index + match[0].length, kind };
  });
  const edges = [...new Set([0, text.length, ...[...spans, ...marks].flatMap(({ start, end }) => [start, end])])]
    .filter((edge) => edge <= text.length)
    .sort((a, b) => a - b);
  return edges
    .slice(1)
    .map((end, at) => {
      const start = edges[at]!;
      const here = [...spans, ...marks].filter((span) => span.start <= start && span.end >= end);
      const part = escapeHtml(text.slice(start, end));
      return here.length === 0 ? part : `<span class="${here.map(({ kind }) => `t-${kind}`).join(' ')}">${part}</span>`;
    })
    .join('');
}
