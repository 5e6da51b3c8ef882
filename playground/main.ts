/** The page: a model on the left; its mistakes, its picture, its sizes and its graph on the right. */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { hasErrors } from '../src/base/diagnostics/diagnostic.ts';
import { type Lowered, lower } from '../src/compiler/lower/lower.ts';
import { pictureStyle } from '../src/editor/drawing/drawing.ts';
import { drawingIn } from '../src/editor/drawing/file_drawing.ts';
import { drawingOfGraph } from '../src/editor/drawing/graph_drawing.ts';
import { costsOf, printCost } from '../src/editor/language/costs.ts';
import { actionsFor } from '../src/editor/language/offers.ts';
import { printGraph } from '../src/graph/print_graph.ts';
import { exampleModels, firstExample } from './examples.ts';
import { explanationAt } from './explain.ts';
import { factsOf, fileName } from './facts.ts';
import { keep, keptText, linkTo, textOfLink } from './kept.ts';
import { apply, formatText, tower } from './language.ts';
import { element, markdown } from './markdown.ts';
import { makePicture } from './picture.ts';
import { showProblems } from './problems.ts';
import { tabPasses } from './tab.ts';
import { theme } from './theme.ts';

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const graphs = byId<HTMLSelectElement>('graph-name');
const examples = byId<HTMLSelectElement>('example');
const back = byId<HTMLButtonElement>('back');

const style = document.createElement('style');
style.textContent = pictureStyle;
document.head.prepend(style);

examples.append(new Option('my text', ''));
for (const { name, path, sentence } of exampleModels) {
  const option = new Option(name, path);
  option.title = sentence;
  examples.append(option);
}

let waiting: ReturnType<typeof setTimeout> | undefined;
let lowered: Lowered | undefined;

const view = new EditorView({
  parent: byId('editor'),
  doc: keptText('text') ?? firstExample.text,
  extensions: [
    lineNumbers(),
    history(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    EditorView.contentAttributes.of({ 'aria-label': 'text of the model' }),
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
    tabPasses,
    EditorView.updateListener.of(({ docChanged, selectionSet }) => {
      if (docChanged) {
        keep('text', textNow());
        clearTimeout(waiting);
        waiting = setTimeout(show, 200);
      } else if (selectionSet) showCursor();
    }),
  ],
});

// The part that scrolls takes the keyboard too, not the text in it alone.
view.scrollDOM.tabIndex = 0;

const textNow = (): string => view.state.doc.toString();

function goTo(start: number, end: number): void {
  view.dispatch({ selection: { anchor: start, head: Math.min(end, view.state.doc.length) }, scrollIntoView: true });
  view.focus();
}

const picture = makePicture(
  {
    pane: byId('towers'),
    tools: byId('tools'),
    size: byId<HTMLOutputElement>('zoom'),
    fold: byId<HTMLButtonElement>('fold'),
    buttons: { nearer: byId('nearer'), farther: byId('farther'), fit: byId('fit') },
  },
  ({ at }) => {
    if (at?.source.name === fileName) goTo(at.start, at.end);
  },
);

const graphPicture = makePicture(
  {
    pane: byId('graph-picture'),
    tools: byId('graph-tools'),
    size: byId<HTMLOutputElement>('graph-zoom'),
    fold: byId<HTMLButtonElement>('graph-fold'),
    buttons: { nearer: byId('graph-nearer'), farther: byId('graph-farther'), fit: byId('graph-fit') },
  },
  // A block of the graph has no place of its own in the text.
  () => {},
);

function show(): void {
  const facts = factsOf(view.state.doc);
  const { diagnostics, model } = facts.checked;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const said = [
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ];
  byId('state').textContent = said.join(', ') || 'no errors';
  byId('state').className = errors > 0 ? 'bad' : warnings > 0 ? 'fair' : 'good';
  const actions = actionsFor(diagnostics, fileName, 0, view.state.doc.length);
  showProblems(byId('problems'), textNow(), diagnostics, actions, { goTo, apply: (edits) => apply(view, edits) });
  picture.show(model?.name ?? 'in the editor', drawingIn(facts));
  lowered = model && !hasErrors(diagnostics) ? lower(model).output : undefined;
  showExample();
  showCursor();
  showSizes();
  showGraph();
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Which example the text is, and what a reader may go back to. */
function showExample(): void {
  const text = textNow();
  const found = exampleModels.find((each) => each.text === text);
  examples.value = found?.path ?? '';
  byId('about').textContent = found?.sentence ?? '';
  const before = keptText('before');
  back.hidden = before === undefined || before === text;
}

/** What is at the cursor: what it means, with its formula. */
function showCursor(): void {
  const { head } = view.state.selection.main;
  const found = explanationAt(factsOf(view.state.doc), textNow(), head);
  byId('explanation').replaceChildren(found ? markdown(found.text) : element('p', 'soft', howTo));
  picture.mark(head);
}

const howTo =
  'Put the cursor on a word to read what it means, or click a box of the picture. The mark in a box folds it. Escape, then Tab, leaves the text.';

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
  byId('weights').hidden = table.childElementCount === 0;
}

/** As it is handed to tfjs: the same nodes, as text. */
function showGraph(): void {
  const all = new Map(lowered?.plan.towers.map((one) => [one.name, one.embedded.graph]));
  if (lowered) all.set('training step', lowered.plan.step.graph);
  const chosen = all.has(graphs.value) ? graphs.value : [...all.keys()][0];
  graphs.replaceChildren(...[...all.keys()].map((name) => new Option(name, name, false, name === chosen)));
  const graph = chosen === undefined ? undefined : all.get(chosen);
  for (const id of ['graph-choice', 'graph-picture', 'graph-text']) byId(id).hidden = graph === undefined;
  byId('no-graph').hidden = graph !== undefined;
  const { plan } = lowered ?? {};
  const drawing =
    graph && plan
      ? drawingOfGraph(
          graph,
          plan.towers.map(({ name }) => name),
        )
      : { towers: [], tasks: [] };
  const title = `The graph ${chosen} of the model ${plan?.model}, a box for each block`;
  graphPicture.show(plan?.model ?? '', drawing, title);
  byId('graph').textContent = graph ? printGraph(graph) : '';
}

/** Puts another text in the place of the one in the editor, which can be had back unless it is an example as it was. */
function replaceText(text: string): void {
  const before = textNow();
  if (before !== text && !exampleModels.some((each) => each.text === before)) keep('before', before);
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } });
}

function say(words: string): void {
  byId('said').textContent = words;
}

async function openLink(): Promise<void> {
  if (!location.hash.startsWith('#text=')) return;
  const text = await textOfLink(location.hash);
  // Edits follow: on reload they must come back, not the text of the link.
  window.history.replaceState(null, '', location.pathname + location.search);
  if (text === undefined) say('The link holds no text of a model.');
  else replaceText(text);
}

graphs.addEventListener('change', showGraph);
examples.addEventListener('change', () => {
  const chosen = exampleModels.find(({ path }) => path === examples.value);
  if (chosen) replaceText(chosen.text);
});
back.addEventListener('click', () => {
  const before = keptText('before');
  if (before !== undefined) replaceText(before);
});
byId('format').addEventListener('click', () => formatText(view));
byId('share').addEventListener('click', async () => {
  const link = await linkTo(textNow());
  // Where a page may not write to the clipboard, the address holds the link.
  const isCopied = await (navigator.clipboard?.writeText(link) ?? Promise.reject()).then(
    () => true,
    () => false,
  );
  if (!isCopied) window.history.replaceState(null, '', link);
  say(isCopied ? 'The link is copied. It holds the text itself.' : 'The address of this page now holds the text.');
});
window.addEventListener('hashchange', openLink);
void openLink();
show();
