/** The live model of the first page: an airport, a day and an hour are a query, and the answer is where flights go from there. */
import type { open as openModel } from '../src/runtime.ts';
import { element } from './markdown.ts';

type Model = Awaited<ReturnType<typeof openModel>>;

interface Airport {
  readonly key: string;
  readonly name: string;
  readonly place: string;
  readonly x: number;
  readonly y: number;
  readonly isOnMap: boolean;
}

const size = { width: 560, height: 330, margin: 14 };
const bounds = { west: -125.5, east: -66.5, north: 49.6, south: 24.3 };
const shown = 8;
/** As in the file of the model: with the correction for frequency, scores divided by it are logarithms of chances. */
const temperature = 0.05;
const space = 'http://www.w3.org/2000/svg';

export interface FlightPlaces {
  readonly map: SVGSVGElement;
  readonly origin: HTMLSelectElement;
  readonly weekday: HTMLSelectElement;
  readonly hour: HTMLInputElement;
  readonly hourText: HTMLElement;
  readonly answer: HTMLElement;
  readonly state: HTMLElement;
}

/** @param folder the address of the exported model */
export async function startFlights(places: FlightPlaces, folder: string): Promise<void> {
  const { map, origin, weekday, hour, hourText, answer, state } = places;
  const { open } = (await import(`${folder}/tower.js`)) as { open: typeof openModel };
  const model = await open(folder);
  const airports = await readAirports(model);
  const cities = [...airports.values()].sort((a, b) => (a.place < b.place ? -1 : 1));
  origin.replaceChildren(...cities.map(({ key, place }) => new Option(`${place} (${key})`, key)));
  origin.value = 'SEA';

  const dots = new Map<string, SVGCircleElement>();
  const lines = svgElement('g', { class: 'lines' });
  // The outline is there before the model.
  map.append(lines);
  for (const { key, name, x, y, isOnMap } of airports.values()) {
    if (!isOnMap) continue;
    const dot = svgElement('circle', { cx: x, cy: y, r: 2.6 });
    const title = svgElement('title', {});
    title.textContent = name;
    dot.append(title);
    dots.set(key, dot as SVGCircleElement);
    map.append(dot);
  }

  const label = svgElement('text', {});
  map.append(label);

  async function update(): Promise<void> {
    const from = airports.get(origin.value)!;
    hourText.textContent = `${hour.value.padStart(2, '0')}:00`;
    const values = { origin: from.key, hour: hour.value.padStart(2, '0'), weekday: weekday.value };
    const begun = performance.now();
    const { items } = await model.recommend({ values, k: model.count });
    const took = performance.now() - begun;
    const others = items.filter(({ key }) => key !== from.key);
    const total = others.reduce((sum, { score }) => sum + Math.exp(score / temperature), 0);
    const found = others
      .slice(0, shown)
      .map(({ key, score }) => ({ key, share: Math.exp(score / temperature) / total }));
    const best = found[0]?.share ?? 1;
    answer.replaceChildren(
      ...found.map(({ key, share }) => {
        const row = element('li');
        const bar = element('span', 'bar');
        bar.style.setProperty('inline-size', `${Math.max(3, (100 * share) / best)}%`);
        row.append(
          element('span', 'place', airports.get(key)!.place),
          element('span', 'score', `${(100 * share).toFixed(0)} %`),
          bar,
        );
        return row;
      }),
    );
    state.textContent = `${model.count} airports compared in ${took.toFixed(1)} ms, in this page`;
    draw(from, found);
  }

  function draw(from: Airport, found: readonly { readonly key: string }[]): void {
    const keys = new Set(found.map(({ key }) => key));
    for (const [key, dot] of dots) {
      dot.setAttribute('class', key === from.key ? 'from' : keys.has(key) ? 'to' : '');
      dot.setAttribute('r', key === from.key ? '6' : keys.has(key) ? '4.5' : '2.6');
    }
    const isWest = from.x < size.width / 2;
    label.textContent = from.isOnMap ? from.place : '';
    label.setAttribute('text-anchor', isWest ? 'start' : 'end');
    label.setAttribute('x', String(from.x + (isWest ? 9 : -9)));
    label.setAttribute('y', String(Math.max(12, from.y - 8)));
    lines.replaceChildren(
      ...found.flatMap(({ key }, at) => {
        const to = airports.get(key)!;
        if (!from.isOnMap || !to.isOnMap) return [];
        const [middleX, middleY] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
        // Routes bow to the north, as those on a globe do.
        const bow = Math.hypot(to.x - from.x, to.y - from.y) * 0.16;
        const d = `M${from.x} ${from.y}Q${middleX} ${middleY - bow} ${to.x} ${to.y}`;
        return [svgElement('path', { d, opacity: 1 - at * 0.09 })];
      }),
    );
  }

  map.addEventListener('click', (event) => {
    const { left, top, width } = map.getBoundingClientRect();
    const scale = size.width / width;
    const [x, y] = [(event.clientX - left) * scale, (event.clientY - top) * scale];
    const far = (airport: Airport): number => Math.hypot(airport.x - x, airport.y - y);
    const nearest = cities.filter(({ isOnMap }) => isOnMap).reduce((a, b) => (far(a) < far(b) ? a : b));
    origin.value = nearest.key;
    void update();
  });
  for (const input of [origin, weekday, hour]) {
    input.disabled = false;
    input.addEventListener('input', () => void update());
  }
  await update();
}

async function readAirports(model: Model): Promise<Map<string, Airport>> {
  const columns = ['name', 'city', 'state', 'latitude', 'longitude'];
  const { items } = await model.recommend({ values: {}, k: model.count, columns });
  const wide = (size.width - 2 * size.margin) / (bounds.east - bounds.west);
  const high = (size.height - 2 * size.margin) / (bounds.north - bounds.south);
  return new Map(
    items.map(({ key, columns: row }) => {
      const [latitude, longitude] = [Number(row?.latitude), Number(row?.longitude)];
      const airport = {
        key,
        name: `${row?.name}, ${row?.city}`,
        place: `${row?.city}, ${row?.state}`,
        x: Math.round(size.margin + (longitude - bounds.west) * wide),
        y: Math.round(size.margin + (bounds.north - latitude) * high),
        isOnMap: longitude > bounds.west && longitude < bounds.east && latitude > bounds.south,
      };
      return [key, airport];
    }),
  );
}

function svgElement(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
