/** The picture of the drawing program as an element of the page. */
import { drawModel, type Picture } from '../src/editor/drawing/drawing.ts';
import type { Drawing } from '../src/editor/drawing/drawn.ts';

/** As an element; its text went through the escape of the drawing program, and nothing in it runs. */
export function pictureElement(name: string, drawing: Drawing, options: Parameters<typeof drawModel>[2]) {
  const picture: Picture = drawModel(name, drawing, options);
  const { width, height, svg } = picture;
  const text = `<svg xmlns="http://www.w3.org/2000/svg" class="model" viewBox="0 0 ${width} ${height}" role="group">${svg}</svg>`;
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  const element = document.importNode(parsed, true) as unknown as SVGSVGElement;
  element.setAttribute('aria-label', picture.title);
  return { element, width, height };
}
