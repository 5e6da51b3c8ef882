/** A slider for each task of `retrieve`: how much its score counts. */
import type { About } from '../server/about.ts';
import type { Mistake } from '../server/schemas.ts';
import { figure } from './figure.ts';
import { MistakeText } from './mistakes.tsx';
import type { Question } from './question.ts';

export interface WeightsProps {
  readonly objectives: About['objectives'];
  readonly weights: Question['weights'];
  readonly mistakes: readonly Mistake[];
  onWeights(weights: Question['weights']): void;
}

export function Weights({ objectives, weights, mistakes, onWeights }: WeightsProps) {
  const most = rangeOf(objectives.map(({ factor }) => factor));
  const least = objectives.some(({ factor }) => factor < 0) ? -most : 0;
  const isMoved = Object.keys(weights).length > 0;
  return (
    <section aria-labelledby="weights">
      <div class="heading">
        <h2 id="weights">Weights</h2>
        <button type="button" class="quiet" disabled={!isMoved} onClick={() => onWeights({})}>
          as trained
        </button>
      </div>
      {objectives.map(({ name, factor }, at) => (
        <div class="weight" key={name}>
          <label for={`weight-${at}`}>
            <span class={`dot c${at % 6}`} aria-hidden="true" /> {name}
          </label>
          <output for={`weight-${at}`}>{figure(weights[name] ?? factor)}</output>
          <input
            id={`weight-${at}`}
            class={`c${at % 6}`}
            type="range"
            min={least}
            max={most}
            step={most / 100}
            value={weights[name] ?? factor}
            onInput={({ currentTarget }) => onWeights(movedTo(weights, name, currentTarget.valueAsNumber))}
          />
        </div>
      ))}
      <MistakeText id="weights-mistake" mistakes={mistakes} />
    </section>
  );
}

const movedTo = (weights: Question['weights'], name: string, weight: number): Question['weights'] =>
  Object.fromEntries([...Object.entries(weights).filter(([other]) => other !== name), [name, weight]]);

/** Twice the largest factor, rounded up to 1, 2 or 5 times a power of ten. */
function rangeOf(factors: readonly number[]): number {
  const wanted = 2 * Math.max(...factors.map(Math.abs));
  const power = 10 ** Math.floor(Math.log10(wanted));
  return power * ([1, 2, 5, 10].find((step) => step * power >= wanted) ?? 10);
}
