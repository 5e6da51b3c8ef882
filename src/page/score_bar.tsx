/** A score as a stacked bar of its tasks' shares, with the same numbers as text. */
import { fixed } from './figure.ts';
import { type Parts, type Span, segmentsOf, zeroOf } from './shares.ts';

export interface ScoreBarProps {
  readonly score: number;
  readonly parts: Parts;
  readonly names: readonly string[];
  readonly span: Span;
  /** Behind the point, of all numbers. */
  readonly digits: number;
}

export function ScoreBar({ score, parts, names, span, digits }: ScoreBarProps) {
  const segments = segmentsOf(parts, span, names);
  // One score alone is no task's.
  const colour = (at: number): string => (names.length > 1 ? `c${at % 6}` : 'plain');
  return (
    <div class="score">
      <span class="number">
        <span class="spoken">score </span>
        {fixed(score, digits)}
      </span>
      <div class="bar" aria-hidden="true">
        {segments.map(({ name, at, left, width, value }) => (
          <span
            key={name}
            class={colour(at)}
            title={`${name}: ${fixed(value, digits)}`}
            style={{ left: `${left}%`, width: `${width}%` }}
          />
        ))}
        {span.low < 0 && <span class="zero" style={{ left: `${zeroOf(span)}%` }} />}
      </div>
      {names.length > 1 && (
        <ul class="shares">
          {segments.map(({ name, at, value }) => (
            <li key={name} class="share">
              <span class={`dot c${at % 6}`} aria-hidden="true" />
              <span class="spoken">{name} </span>
              {fixed(value, digits)}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
