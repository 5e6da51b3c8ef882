/** Tab leaves a text that the keyboard came to by Tab: who only passes must not indent it. After a click or a letter Tab indents. */
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

let isClicked = false;

export const tabPasses: Extension = [
  EditorView.domEventHandlers({
    pointerdown(_, view) {
      isClicked = true;
      view.setTabFocusMode(false);
    },
    focus(_, view) {
      view.setTabFocusMode(!isClicked);
    },
    blur() {
      isClicked = false;
    },
  }),
  EditorView.updateListener.of(({ docChanged, view }) => {
    if (docChanged && view.hasFocus) view.setTabFocusMode(false);
  }),
];
