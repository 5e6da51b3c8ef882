/** The editor as light or dark as the reader's system asks for; the colours themselves are in style.css. */
import { Compartment, type Extension } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';

const system = matchMedia('(prefers-color-scheme: dark)');
const compartment = new Compartment();
const chosen = (): Extension => EditorView.theme({}, { dark: system.matches });

export const theme: Extension = [
  compartment.of(chosen()),
  ViewPlugin.define((view) => {
    const change = (): void => view.dispatch({ effects: compartment.reconfigure(chosen()) });
    system.addEventListener('change', change);
    return { destroy: () => system.removeEventListener('change', change) };
  }),
];
