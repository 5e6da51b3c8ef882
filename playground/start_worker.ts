/** The compiler beside the first page: it gets a text, and answers with its mistakes and its picture. */
import { models } from 'tower:models';
import { makeSource, type Source } from '../src/base/text/source.ts';
import { checkSource } from '../src/compiler/pipeline.ts';
import { drawModel } from '../src/editor/drawing/drawing.ts';
import { boxesOf, drawingIn } from '../src/editor/drawing/file_drawing.ts';
import { FileAnalysis } from '../src/editor/language/file_analysis.ts';
import { actionsFor } from '../src/editor/language/offers.ts';

const fileName = 'models/start.tower';

export interface StartProblem {
  readonly start: number;
  readonly end: number;
  readonly severity: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly code: string;
  readonly fixes: readonly { readonly title: string; readonly text: string }[];
}

export interface StartAnswer {
  readonly text: string;
  readonly problems: readonly StartProblem[];
  readonly picture: { readonly svg: string; readonly width: number; readonly height: number } | undefined;
  readonly milliseconds: number;
}

const load = (path: string): Source | undefined =>
  Object.hasOwn(models, path) ? makeSource(path, models[path]!) : undefined;

function answerTo(text: string, width: number): StartAnswer {
  const begun = performance.now();
  const checked = checkSource(makeSource(fileName, text), { load });
  const milliseconds = performance.now() - begun;
  const { diagnostics, model } = checked;
  const drawing = drawingIn(new FileAnalysis(checked));
  const isDrawn = boxesOf(drawing).length > 0;
  return {
    text,
    milliseconds,
    picture: isDrawn ? drawModel(model?.name ?? 'in the editor', drawing, { width }) : undefined,
    problems: diagnostics.map((diagnostic) => {
      const { at, severity, message, hint, code } = diagnostic;
      const span = at?.source.name === fileName ? at : { start: 0, end: 0 };
      return {
        ...{ start: span.start, end: Math.min(text.length, Math.max(span.start + 1, span.end)) },
        ...{ severity, message, hint, code },
        fixes: actionsFor(diagnostics, fileName, 0, text.length)
          .filter((action) => action.diagnostic === diagnostic && !action.title.includes('tower-ignore'))
          .map(({ title, edits }) => ({
            title,
            text: edits
              .filter((edit) => edit.at.source.name === fileName)
              .toSorted((a, b) => b.at.start - a.at.start)
              .reduce((now, edit) => now.slice(0, edit.at.start) + edit.text + now.slice(edit.at.end), text),
          })),
      };
    }),
  };
}

addEventListener('message', ({ data }: MessageEvent<{ readonly text: string; readonly width: number }>) => {
  postMessage(answerTo(data.text, data.width));
});
