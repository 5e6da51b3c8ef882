/** Whether a model beats the baselines next to it, in a sentence: differences that the events cannot decide are no victory. */

export interface Row {
  readonly name: string;
  readonly figure: number;
}

/** @param rankings how many rankings the figures are means of */
export function verdictOf(metric: string, model: Row, baselines: readonly Row[], rankings: number): string {
  const beaten: string[] = [];
  const level: string[] = [];
  const better: string[] = [];
  for (const { name, figure } of baselines) {
    const words = `${name} (${figure.toFixed(4)})`;
    const difference = model.figure - figure;
    // Twice the standard error of a difference of two shares; pairs of one event make the true one smaller.
    const noise = 2 * Math.sqrt((variance(model.figure) + variance(figure)) / Math.max(1, rankings));
    if (Math.abs(difference) <= noise) level.push(words);
    else if (difference > 0) beaten.push(words);
    else better.push(words);
  }
  const parts = [
    ...(beaten.length > 0 ? [`beats ${list(beaten)}`] : []),
    ...(better.length > 0 ? [`does not beat ${list(better)}`] : []),
    ...(level.length > 0
      ? [`cannot be distinguished from ${list(level)} by ${rankings.toLocaleString('en')} test rankings`]
      : []),
  ];
  return `The model ${list(parts)}: its ${metric} is ${model.figure.toFixed(4)}.`;
}

const variance = (share: number): number => Math.max(0, share * (1 - share));

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
