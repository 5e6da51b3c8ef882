/** Links from the pages of `docs` to the paragraphs of the specification. */

/** The sections of the specification; the place in the list, from 1, is the number of the section. */
export const specSections = [
  'Lexis',
  'Grammar',
  'Files, names and scopes',
  'Values and their shapes',
  'Features, labels and groups',
  'Flows and blocks',
  'Towers',
  'Scores',
  'Tasks and losses',
  'Objective and retrieval',
  'Training',
  'Data',
  'Determinism',
  'Evaluation',
  'Artifacts',
  'Versions',
] as const;

/** From a page in a folder of `docs`: `[Specification, 9.3: Tasks and losses](../spec.md#9-tasks-and-losses)`. */
export function specLink(paragraph: string): string {
  const number = Number.parseInt(paragraph, 10);
  const title = specSections[number - 1]!;
  return `[Specification, ${paragraph}: ${title}](../spec.md#${anchorOf(`${number} ${title}`)})`;
}

/** The anchor that GitHub gives a heading. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
