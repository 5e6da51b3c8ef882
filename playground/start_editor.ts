/** The model on the first page: a text area over its coloured text, its picture beside it, its mistakes below. The compiler runs in a worker. */
import { highlight } from './highlight.ts';
import { element } from './markdown.ts';
import { words } from './problems.ts';
import type { StartAnswer, StartProblem } from './start_worker.ts';

export interface StartPlaces {
  readonly area: HTMLTextAreaElement;
  readonly coloured: HTMLElement;
  readonly picture: HTMLElement;
  readonly problems: HTMLElement;
  readonly verdict: HTMLElement;
  /** Buttons that make a mistake: `data-from` is replaced by `data-to`. */
  readonly breaks: readonly HTMLButtonElement[];
}

/** @param pageOf the address of the page of a message */
export function startEditor(places: StartPlaces, worker: Worker, pageOf: (code: string) => string): () => void {
  const { area, coloured, picture, problems, verdict, breaks } = places;
  const first = area.value;
  let isWarm = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const put = (text: string): void => {
    area.value = text;
    changed();
  };
  const ask = (): void => {
    worker.postMessage({ text: area.value, width: Math.max(330, picture.clientWidth - 32) });
  };
  function changed(): void {
    coloured.innerHTML = `${highlight(area.value)}\n`;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 60);
  }

  function show(answer: StartAnswer): void {
    // A later text is on its way.
    if (answer.text !== area.value) return;
    const marks = answer.problems.map(({ start, end, severity }) => ({ start, end, kind: severity }));
    coloured.innerHTML = `${highlight(answer.text, marks)}\n`;
    const count = answer.problems.length;
    verdict.textContent =
      count === 0
        ? // The first check also compiles the compiler.
          isWarm
          ? `no errors, checked in ${answer.milliseconds.toFixed(1)} ms`
          : 'no errors'
        : `${count} ${count === 1 ? 'message' : 'messages'}`;
    verdict.className = `start-state ${count === 0 ? 'good' : 'bad'}`;
    isWarm = true;
    const shown = answer.problems.slice(0, 3).map((problem) => problemElement(problem, answer.text));
    const back = element('button', 'start-back', 'Back to the first text') as HTMLButtonElement;
    back.type = 'button';
    back.addEventListener('click', () => put(first));
    problems.replaceChildren(...shown, ...(answer.text === first ? [] : [back]));
    if (answer.picture === undefined) return;
    const { svg, width, height } = answer.picture;
    // Text of the model went through the escape of the drawing program.
    picture.innerHTML = `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${svg}</svg>`;
  }

  function problemElement({ start, severity, message, hint, code, fixes }: StartProblem, text: string): HTMLElement {
    const before = text.slice(0, start).split('\n');
    const item = element('div', `start-problem ${severity}`);
    const head = element('p');
    head.append(`line ${before.length}: `, ...words(message));
    item.append(head);
    if (hint !== undefined) {
      const line = element('p', 'hint');
      line.append(...words(hint));
      item.append(line);
    }
    const actions = element('p', 'actions');
    for (const fix of fixes.slice(0, 2)) {
      const button = element('button', '', fix.title.replaceAll('`', '')) as HTMLButtonElement;
      button.type = 'button';
      button.addEventListener('click', () => put(fix.text));
      actions.append(button);
    }
    const link = element('a', '', code) as HTMLAnchorElement;
    link.href = pageOf(code);
    actions.append(link);
    item.append(actions);
    return item;
  }

  const isAlive = new AbortController();
  const { signal } = isAlive;
  area.addEventListener('input', changed, { signal });
  worker.addEventListener('message', ({ data }: MessageEvent<StartAnswer>) => show(data), { signal });
  for (const button of breaks)
    button.addEventListener(
      'click',
      () => {
        const { from = '', to = '' } = button.dataset;
        // One mistake at a time, in the text that has the place.
        put((area.value.includes(from) ? area.value : first).replace(from, () => to));
      },
      { signal },
    );
  ask();
  return () => {
    isAlive.abort();
    worker.terminate();
  };
}
