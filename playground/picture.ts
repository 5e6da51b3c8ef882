/** The picture in its pane: it fits by itself, zooms, is moved by dragging, and folds. */
import type { Box, Drawing } from '../src/editor/drawing/drawn.ts';
import { pictureElement } from './drawing.ts';
import { element } from './markdown.ts';

const least = 0.25;
const most = 4;
/** A phone shows two columns. */
const narrowest = 330;

export interface PictureView {
  /** @param title what it is a picture of; default: of the model */
  show(name: string, drawing: Drawing, title?: string): void;
  /** Marks the box that the cursor is in. */
  mark(offset: number): void;
}

export interface PictureParts {
  readonly pane: HTMLElement;
  /** What holds the buttons: hidden while there is nothing to see. */
  readonly tools: HTMLElement;
  readonly size: HTMLOutputElement;
  readonly fold: HTMLButtonElement;
  readonly buttons: Readonly<Record<'nearer' | 'farther' | 'fit', HTMLButtonElement>>;
}

/**
 * A box folds by the mark before its name, or by the space bar; all fold by the button. A click elsewhere in a box, or Enter, goes to its text.
 * @param goTo is called with that box
 */
export function makePicture({ pane, tools, size, fold, buttons }: PictureParts, goTo: (box: Box) => void): PictureView {
  let now: { name: string; drawing: Drawing; title: string | undefined } | undefined;
  let drawn: ReturnType<typeof pictureElement> | undefined;
  let zoom = 1;
  /** Ids: they stay folded while the text changes. */
  const folded = new Set<string>();
  let marked: number | undefined;

  const boxes = (): readonly Box[] =>
    now ? [...now.drawing.towers.flatMap((tower) => tower.boxes), ...now.drawing.tasks] : [];
  const draw = (): void => {
    if (!now) return;
    tools.hidden = boxes().length === 0;
    if (tools.hidden) {
      drawn = undefined;
      pane.replaceChildren(element('p', 'soft', 'The picture begins with the first tower.'));
      return;
    }
    const focused = pane.contains(document.activeElement) ? boxIdOf(document.activeElement) : undefined;
    const width = Math.max(narrowest, pane.clientWidth);
    drawn = pictureElement(now.name, now.drawing, { width, folded, canFold: true, title: now.title });
    pane.replaceChildren(drawn.element);
    resize();
    markBox();
    fold.setAttribute('aria-pressed', String(foldable().length > 0 && foldable().every((id) => folded.has(id))));
    // The keyboard stays where it was.
    if (focused !== undefined) elementOf(focused)?.focus({ preventScroll: true });
  };
  /** Tasks have little to fold: the button leaves them open. */
  const foldable = (): string[] => boxes().flatMap(({ id, kind }) => (kind === 'task' ? [] : [id]));
  const foldOne = (id: string): void => {
    if (!folded.delete(id)) folded.add(id);
    draw();
  };
  /** 1: as large as it is drawn, or as the pane has room for. */
  const resize = (): void => {
    if (!drawn) return;
    const fit = Math.min(1, pane.clientWidth / drawn.width);
    drawn.element.style.width = `${drawn.width * fit * zoom}px`;
    drawn.element.style.height = `${drawn.height * fit * zoom}px`;
    pane.classList.toggle('zoomed', zoom > 1);
    size.textContent = `${Math.round(fit * zoom * 100)} %`;
  };
  const zoomTo = (value: number, at?: { x: number; y: number }): void => {
    const before = zoom;
    zoom = Math.min(most, Math.max(least, value));
    const { left, top, width, height } = pane.getBoundingClientRect();
    const [x, y] = at ? [at.x - left, at.y - top] : [width / 2, height / 2];
    const [fromX, fromY] = [pane.scrollLeft + x, pane.scrollTop + y];
    resize();
    // What was under the pointer stays there.
    pane.scrollTo((fromX * zoom) / before - x, (fromY * zoom) / before - y);
  };
  const markBox = (): void => {
    for (const one of pane.querySelectorAll('.here')) one.classList.remove('here');
    if (marked === undefined) return;
    const here = boxes().filter(({ at }) => at && at.start <= marked! && marked! <= at.end);
    // The narrowest: a source lies within the flow that reads it.
    const box = here.toSorted((a, b) => a.at!.end - a.at!.start - (b.at!.end - b.at!.start))[0];
    if (box) elementOf(box.id)?.classList.add('here');
  };
  const elementOf = (id: string): SVGElement | undefined =>
    [...pane.querySelectorAll<SVGElement>('[data-box]')].find(({ dataset }) => dataset.box === id);

  buttons.nearer.addEventListener('click', () => zoomTo(zoom * 1.25));
  buttons.farther.addEventListener('click', () => zoomTo(zoom / 1.25));
  buttons.fit.addEventListener('click', () => zoomTo(1));
  fold.addEventListener('click', () => {
    const open = foldable().filter((id) => !folded.has(id));
    if (open.length > 0) for (const id of open) folded.add(id);
    else folded.clear();
    draw();
  });
  pane.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoomTo(zoom * Math.exp(-event.deltaY / 300), event);
    },
    { passive: false },
  );
  const go = (id: string | undefined): void => {
    const box = boxes().find((each) => each.id === id);
    if (box) goTo(box);
  };
  listenToDragging(pane, (target) => {
    const id = boxIdOf(target);
    if (id !== undefined && target.closest('[data-fold]')) foldOne(id);
    else go(id);
  });
  pane.addEventListener('keydown', (event) => {
    const id = event.target === pane ? undefined : boxIdOf(event.target as Element);
    if (id === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === ' ') foldOne(id);
    else if (event.key === 'Enter') go(id);
    else return;
    // The space bar would scroll the pane.
    event.preventDefault();
  });
  let lastWidth = 0;
  new ResizeObserver(() => {
    if (pane.clientWidth === lastWidth) return;
    lastWidth = pane.clientWidth;
    draw();
  }).observe(pane);
  return {
    show(name, drawing, title) {
      now = { name, drawing, title };
      draw();
    },
    mark(offset) {
      marked = offset;
      markBox();
    },
  };
}

const boxIdOf = (target: Element | null): string | undefined => target?.closest<SVGElement>('[data-box]')?.dataset.box;

/** A mouse moves the picture by dragging, as a finger does anyway; a press that does not move is a click. */
function listenToDragging(pane: HTMLElement, click: (target: Element) => void): void {
  let from: { x: number; y: number; left: number; top: number; moved: boolean } | undefined;
  pane.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = { x: event.clientX, y: event.clientY, left: pane.scrollLeft, top: pane.scrollTop, moved: false };
  });
  pane.addEventListener('pointermove', (event) => {
    if (!from || event.pointerType !== 'mouse' || event.buttons === 0) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.hypot(x, y) > 4) from.moved = true;
    if (from.moved) pane.scrollTo(from.left - x, from.top - y);
  });
  pane.addEventListener('pointerup', (event) => {
    const isClick = from && !from.moved;
    from = undefined;
    if (isClick && event.target instanceof Element) click(event.target);
  });
}
