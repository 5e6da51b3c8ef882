/** The page: a model on the left; its towers, its sizes and its graph on the right. */

import { models } from 'tower:models';
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { hasErrors } from '../src/diagnostics/diagnostic.ts';
import { print } from '../src/graph/print.ts';
import { costsOf, printCost } from '../src/language/costs.ts';
import { type Lowered, lower } from '../src/lower/lower.ts';
import { drawTowers } from './drawing.ts';
import { factsOf } from './facts.ts';
import { formatText, tower } from './language.ts';
import { element } from './markdown.ts';
import { theme } from './theme.ts';

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const graphs = byId<HTMLSelectElement>('graph-name');
const examples = byId<HTMLSelectElement>('example');

const first = 'models/two_tower.tower';
const names = Object.keys(models).filter(
  (name) => /^models\/[^/]+\.tower$/.test(name) && /^model\s/m.test(models[name]!),
);
for (const name of names)
  examples.append(new Option(name.slice('models/'.length), name, name === first, name === first));

let waiting: ReturnType<typeof setTimeout> | undefined;
let lowered: Lowered | undefined;

const view = new EditorView({
  parent: byId('editor'),
  doc: models[first]!,
  extensions: [
    lineNumbers(),
    history(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    EditorView.lineWrapping,
    keymap.of([
      { key: 'Mod-s', preventDefault: true, run: formatText },
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...historyKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    tower,
    theme,
    EditorView.updateListener.of(({ docChanged }) => {
      if (!docChanged) return;
      clearTimeout(waiting);
      waiting = setTimeout(show, 200);
    }),
  ],
});

function show(): void {
  const facts = factsOf(view.state.doc);
  const { diagnostics, model } = facts.checked;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const said = [
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ];
  byId('state').textContent = said.join(', ') || 'checks';
  byId('state').className = errors > 0 ? 'bad' : warnings > 0 ? 'fair' : 'good';
  byId('towers').replaceChildren(drawTowers(facts));
  lowered = model && !hasErrors(diagnostics) ? lower(model).output : undefined;
  showSizes();
  showGraph();
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function showSizes(): void {
  const table = element('table');
  const row = (name: string, said: string): void => {
    const line = element('tr');
    line.append(element('td', '', name), element('td', '', said));
    table.append(line);
  };
  for (const [name, cost] of costsOf(factsOf(view.state.doc).checked).towers) row(name, printCost(cost));
  for (const { name, dim, encoderOf } of lowered?.plan.tables ?? []) {
    row(`table ${name}`, `${dim} numbers for each value of ${encoderOf}`);
  }
  byId('sizes').replaceChildren(table);
}

/** As it is handed to tfjs: the same nodes, as text. */
function showGraph(): void {
  const all = new Map(lowered?.plan.towers.map((one) => [one.name, one.embedded.graph]));
  if (lowered) all.set('training step', lowered.plan.step.graph);
  const chosen = all.has(graphs.value) ? graphs.value : [...all.keys()][0];
  graphs.replaceChildren(...[...all.keys()].map((name) => new Option(name, name, false, name === chosen)));
  const graph = chosen === undefined ? undefined : all.get(chosen);
  byId('graph-choice').hidden = graph === undefined;
  byId('graph').textContent = graph ? print(graph) : 'There is no graph while the model has errors.';
}

graphs.addEventListener('change', showGraph);
examples.addEventListener('change', () => {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: models[examples.value]! } });
});
byId('format').addEventListener('click', () => formatText(view));
show();
