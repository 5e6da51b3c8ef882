/** What is wrong with the look of a page. The function runs in the page, so it uses nothing outside of itself. */

export interface Wanted {
  /** Colour of the page, as the design writes it. */
  readonly paper: string;
  /** Width of the window. A page that is wider makes the window of a phone wider too. */
  readonly width: number;
}

/** Returns a line for each fault: a page wider than its window, another colour than the design's, words that are cut or lie on each other. */
export function faultsOf({ paper, width: own }: Wanted): string[] {
  const faults: string[] = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > own) faults.push(`the page is ${scrollWidth} pixels wide, in a window of ${own}`);

  const clear = 'rgba(0, 0, 0, 0)';
  const colours = [document.body, document.documentElement].map((one) => getComputedStyle(one).backgroundColor);
  const sample = document.createElement('i');
  sample.style.backgroundColor = paper;
  document.body.append(sample);
  const wanted = getComputedStyle(sample).backgroundColor;
  sample.remove();
  const behind = colours.find((colour) => colour !== clear) ?? clear;
  if (behind !== wanted) faults.push(`the page is ${behind}, and the design's paper ${wanted}`);

  interface Words {
    readonly node: Text;
    readonly text: string;
    readonly box: DOMRect;
    /** The part of it that its boxes let through. */
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  }
  const isSeen = (element: Element): boolean =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  const all: Words[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode() as Text | null; node !== null; node = walker.nextNode() as Text | null) {
    const parent = node.parentElement!;
    if (node.data.trim() === '' || !isSeen(parent) || parent.closest('script, style, noscript, option, title'))
      continue;
    const text = node.data.trim().replaceAll(/\s+/g, ' ').slice(0, 40);
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter(({ width, height }) => width > 1 && height > 1);
    let [left, right, top, bottom] = [-1e6, 1e6, -1e6, 1e6];
    let isFixed = false;
    let isSpoken = false;
    let cuts: DOMRect | undefined;
    for (let at: Element | null = parent; at !== null && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      // What is kept for screen readers alone.
      if (box.width <= 1 || box.height <= 1 || style.clipPath.startsWith('inset(50')) isSpoken = true;
      if (style.position === 'fixed') isFixed = true;
      if (
        style.overflowX !== 'visible' &&
        style.display !== 'inline' &&
        !(at instanceof SVGGraphicsElement && at.ownerSVGElement)
      ) {
        [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
        [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
        // What scrolls shows the rest by scrolling.
        if (/hidden|clip/.test(style.overflowX) && !/scroll|auto/.test(style.overflowY)) cuts ??= box;
        else if (cuts === undefined) break;
      }
    }
    if (isSpoken || isFixed) continue;
    for (const box of boxes) {
      if (
        cuts &&
        (box.left < cuts.left - 2 ||
          box.right > cuts.right + 2 ||
          box.bottom > cuts.bottom + 3 ||
          box.top < cuts.top - 3)
      )
        faults.push(`cut: ${text}`);
      const seen = {
        left: Math.max(left, box.left),
        right: Math.min(right, box.right),
        top: Math.max(top, box.top),
        bottom: Math.min(bottom, box.bottom),
      };
      if (seen.left < seen.right && seen.top < seen.bottom) all.push({ node, text, box, ...seen });
    }
  }
  // As shown: what scales a drawing scales its letters.
  const leastLetters = 10.9;
  for (const { node, text } of all) {
    const parent = node.parentElement!;
    const scale = parent instanceof SVGGraphicsElement ? parent.getScreenCTM()!.a : 1;
    const letters = Number.parseFloat(getComputedStyle(parent).fontSize) * scale;
    if (parent instanceof SVGElement && letters < leastLetters)
      faults.push(`letters of ${letters.toFixed(1)} pixels: ${text}`);
  }
  for (const image of document.querySelectorAll<HTMLImageElement>('img[src*="/gallery/"]')) {
    // Our drawings have letters of 12 pixels.
    const letters = (12 * image.getBoundingClientRect().width) / image.naturalWidth;
    if (isSeen(image) && letters < leastLetters) faults.push(`letters of ${letters.toFixed(1)} pixels: ${image.src}`);
  }
  for (const drawing of document.querySelectorAll('svg.model, .model-picture svg')) {
    const box = drawing.parentElement!;
    if (isSeen(drawing) && box.scrollWidth > box.clientWidth + 2) faults.push(`cut: the drawing ${drawing.ariaLabel}`);
  }
  for (const code of document.querySelectorAll('pre, .cm-line')) {
    if (isSeen(code) && !/^(pre|nowrap)$/.test(getComputedStyle(code).whiteSpace))
      faults.push(`code wraps: ${code.textContent!.trim().slice(0, 40)}`);
  }
  // Boxes of letters are higher than the letters, so lines that are set closely share some pixels.
  const share = 0.4;
  all.sort((a, b) => a.top - b.top);
  for (const [at, one] of all.entries()) {
    for (let next = at + 1; next < all.length && all[next]!.top < one.bottom; next++) {
      const other = all[next]!;
      if (other.node === one.node) continue;
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - other.top;
      if (width > 3 && height > share * Math.min(one.box.height, other.box.height))
        faults.push(`on each other: ${one.text} | ${other.text}`);
    }
  }
  return [...new Set(faults)].slice(0, 20);
}
