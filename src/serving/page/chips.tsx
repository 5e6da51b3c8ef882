/** Things that were chosen. A click removes one. */
export interface Chip {
  readonly id: string;
  readonly text: string;
  /** For a screen reader. */
  readonly action: string;
  remove(): void;
}

export function Chips({ chips, label }: { readonly chips: readonly Chip[]; readonly label: string }) {
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label={label}>
      {chips.map(({ id, text, action, remove }) => (
        <li key={id}>
          <button type="button" class="chip" aria-label={action} onClick={remove}>
            <bdi>{text}</bdi> <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
