/** Tower in CodeMirror: what the language server says, asked of the same functions in the page. */
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  snippetCompletion,
} from '@codemirror/autocomplete';
import { type Action, type Diagnostic, linter, lintGutter } from '@codemirror/lint';
import type { Extension, Range } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  hoverTooltip,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import type { Edit } from '../src/base/diagnostics/diagnostic.ts';
import { makeSource } from '../src/base/text/source.ts';
import { formatSource } from '../src/compiler/format/format.ts';
import { completionsAt } from '../src/editor/language/completion.ts';
import { hoverAt } from '../src/editor/language/hover.ts';
import { actionsFor } from '../src/editor/language/offers.ts';
import { semanticTokensOf } from '../src/editor/language/semantic_tokens.ts';
import { factsOf, fileName } from './facts.ts';
import { element, markdown } from './markdown.ts';
import { words } from './problems.ts';

export const tower: Extension = [
  linter(diagnosticsOf, { delay: 150 }),
  lintGutter(),
  // Equal matches keep the given order: what fits comes first.
  autocompletion({ override: [complete], compareCompletions: () => 0 }),
  hoverTooltip((view, at) => {
    const found = hoverAt(factsOf(view.state.doc), at);
    if (!found) return null;
    return { pos: found.span.start, end: found.span.end, above: true, create: () => ({ dom: markdown(found.text) }) };
  }),
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = colours(view);
      }
      update(update: ViewUpdate) {
        if (update.docChanged) this.decorations = colours(update.view);
      }
    },
    { decorations: ({ decorations }) => decorations },
  ),
];

function colours({ state }: EditorView): DecorationSet {
  const ranges = semanticTokensOf(factsOf(state.doc)).map(
    ({ span, type }): Range<Decoration> =>
      Decoration.mark({ class: `colour-${type}` }).range(span.start, Math.min(span.end, state.doc.length)),
  );
  return Decoration.set(ranges, true);
}

function diagnosticsOf({ state }: EditorView): Diagnostic[] {
  const { diagnostics } = factsOf(state.doc).checked;
  const actions = actionsFor(diagnostics, fileName, 0, state.doc.length);
  return diagnostics.flatMap((diagnostic): Diagnostic[] => {
    const { at, severity, message, hint, code } = diagnostic;
    if (at === undefined || at.source.name !== fileName) return [];
    const fixes = actions.filter((action) => action.diagnostic === diagnostic);
    return [
      {
        from: at.start,
        to: Math.max(at.start, Math.min(at.end, state.doc.length)),
        severity,
        source: code,
        message: hint === undefined ? message : `${message}\n${hint}`,
        renderMessage: () => {
          const said = element('span');
          said.append(...words(message), ...(hint === undefined ? [] : [element('br'), ...words(hint)]));
          return said;
        },
        actions: fixes.map(({ title, edits }): Action => ({ name: title, apply: (view) => apply(view, edits) })),
      },
    ];
  });
}

export function apply(view: EditorView, edits: readonly Edit[]): void {
  const own = edits.filter(({ at }) => at.source.name === fileName);
  view.dispatch({ changes: own.map(({ at, text }) => ({ from: at.start, to: at.end, insert: text })) });
}

function complete({ state, pos, explicit }: CompletionContext): CompletionResult | null {
  const { span, items } = completionsAt(factsOf(state.doc), pos);
  if (!explicit && span.start === pos && !/[(:,=>.]\s*$/.test(state.sliceDoc(Math.max(0, pos - 4), pos))) return null;
  const options = items.map(({ label, detail, doc, insert = label, snippet, kind }) => {
    const shown = {
      label,
      type: types[kind] ?? 'text',
      ...(detail === undefined ? {} : { detail }),
      ...(doc === undefined ? {} : { info: () => markdown(doc) }),
    };
    return snippet ? snippetCompletion(places(insert), shown) : { ...shown, apply: insert };
  });
  return options.length === 0 ? null : { from: span.start, to: Math.max(pos, span.end), options, validFor: /^\w*$/ };
}

const types: Readonly<Record<string, string>> = {
  word: 'keyword',
  kind: 'function',
  argument: 'property',
  choice: 'enum',
  name: 'variable',
  entry: 'property',
};

/** Places to fill in as the protocol writes them, `$1` and `${1|a,b|}`, as CodeMirror does. */
// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the places themselves
const places = (text: string): string =>
  text
    .replace(/\$\{(\d+)\|([^,|]*)[^}]*\}/g, '${$1:$2}')
    .replace(/\$0/g, '${}')
    .replace(/\$(\d+)/g, '${$1}');
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: the places themselves

/** Nothing where the text has mistakes of syntax. */
export function formatText(view: EditorView): boolean {
  const text = view.state.doc.toString();
  const { output } = formatSource(makeSource(fileName, text));
  if (output !== undefined && output !== text) {
    view.dispatch({ changes: { from: 0, to: text.length, insert: output } });
  }
  return true;
}
