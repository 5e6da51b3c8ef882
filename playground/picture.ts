/** The picture in its pane: it fits by itself, zooms, is moved by dragging, and folds. */
import type { Box, Drawing } from '../src/drawing/drawn.ts';
import { pictureElement } from './drawing.ts';

const least = 0.25;
const most = 4;
/** A phone shows two columns. */
const narrowest = 330;

export interface PictureView {
  show(name: string, drawing: Drawing): void;
  /** Marks the box that the cursor is in. */
  mark(offset: number): void;
}

export interface PictureParts {
  readonly pane: HTMLElement;
  readonly size: HTMLOutputElement;
  readonly fold: HTMLButtonElement;
  readonly buttons: Readonly<Record<'nearer' | 'farther' | 'fit', HTMLButtonElement>>;
}

/** @param goTo is called with the box that is clicked */
export function makePicture({ pane, size, fold, buttons }: PictureParts, goTo: (box: Box) => void): PictureView {
  let now: { name: string; drawing: Drawing } | undefined;
  let drawn: ReturnType<typeof pictureElement> | undefined;
  let zoom = 1;
  let isFolded = false;
  let marked: number | undefined;

  const boxes = (): readonly Box[] =>
    now ? [...now.drawing.towers.flatMap((tower) => tower.boxes), ...now.drawing.tasks] : [];
  const draw = (): void => {
    if (!now) return;
    const folded = new Set(isFolded ? boxes().map(({ id }) => id) : []);
    drawn = pictureElement(now.name, now.drawing, { width: Math.max(narrowest, pane.clientWidth), folded });
    pane.replaceChildren(drawn.element);
    resize();
    markBox();
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
  const elementOf = (id: string): Element | undefined =>
    [...pane.querySelectorAll<SVGElement>('[data-box]')].find(({ dataset }) => dataset.box === id);

  buttons.nearer.addEventListener('click', () => zoomTo(zoom * 1.25));
  buttons.farther.addEventListener('click', () => zoomTo(zoom / 1.25));
  buttons.fit.addEventListener('click', () => zoomTo(1));
  fold.addEventListener('click', () => {
    isFolded = !isFolded;
    fold.setAttribute('aria-pressed', String(isFolded));
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
  listenToDragging(pane, (target) => {
    const id = target.closest<SVGElement>('[data-box]')?.dataset.box;
    const box = boxes().find((each) => each.id === id);
    if (box) goTo(box);
  });
  let lastWidth = 0;
  new ResizeObserver(() => {
    if (pane.clientWidth === lastWidth) return;
    lastWidth = pane.clientWidth;
    draw();
  }).observe(pane);
  return {
    show(name, drawing) {
      now = { name, drawing };
      draw();
    },
    mark(offset) {
      marked = offset;
      markBox();
    },
  };
}

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
