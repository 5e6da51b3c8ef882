/** Names of metrics and parameters as MLflow takes them: letters, digits and `_-. /`. Windows refuses colons, so none is kept. */

/** `validation/recall@50` → `validation/recall_at_50`, as MLflow names its own; `step/loss:like` → `step/loss.like`. */
export const keyOf = (name: string): string =>
  name
    .replaceAll('@', '_at_')
    .replaceAll(':', '.')
    .replace(/[^\w\-./ ]/g, '_')
    .slice(0, 250);

/** The longest value of a parameter. A tag takes more, and is cut to the same. */
const mostOfValue = 6000;

export const withinLimit = (text: string): string =>
  text.length <= mostOfValue ? text : `${text.slice(0, mostOfValue - 1)}…`;
