/** Prints predictions of tasks for single events as rows of text, for the terminal and for a report. */
import type { TaskFigures } from './task_figures.ts';

export interface TaskTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Each task, and the constant under it. A figure that a task does not have is a dash. */
export function taskTable(tasks: readonly TaskFigures[]): TaskTable {
  const names = [...new Set(tasks.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = (figures: Readonly<Record<string, number>>): string[] =>
    names.map((name) => figures[name]?.toFixed(4) ?? '–');
  return {
    head: ['label of each event', ...names, 'events'],
    rows: tasks.flatMap(({ task, label, events, figures, constant }) => [
      [`${task}: ${label}`, ...cells(figures), events.toLocaleString('en')],
      ...(constant ? [[`  constant ${Number(constant.value.toPrecision(4))}`, ...cells(constant.figures), '']] : []),
    ]),
  };
}
