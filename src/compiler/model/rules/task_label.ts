import { notes } from '../../../base/diagnostics/notes.ts';
import { insertion, removal } from '../edits.ts';
import { needsOf } from '../needs.ts';
import type { Rule } from './rule.ts';

/** A task has the label that its loss needs, of the type that the loss needs, and no label that has no effect. */
export const taskLabel: Rule = {
  name: 'label of a task',
  check({ tasks, labels, library }, report) {
    for (const { name, span, loss, label, saysLabel, node } of tasks) {
      if (!loss) continue;
      const needs = needsOf(library, loss).label;
      // 0 and 1 are numbers too.
      const fits = (type: string): boolean => needs === 'number' || type === needs;
      if (needs === 'none') {
        const entry = label && node.entries.find(({ value }) => value.span.start === label.span.start);
        if (!label || !entry) continue;
        const alternatives = node.entries.some((other) => other.name.name === 'weight')
          ? [[removal(entry.span)]]
          : [[removal(entry.span)], [{ at: entry.name.span, text: 'weight' }]];
        report('label-not-read', label.span, { loss: loss.kind, label: label.name }, { fixes: alternatives });
      } else if (!saysLabel) {
        const fitting = [...labels.values()].filter(({ type }) => fits(type));
        const nearest =
          fitting.length === 1 ? fitting[0]!.name : fitting.find((candidate) => candidate.name === name)?.name;
        const last = node.entries.at(-1)!.span;
        const fix = nearest && insertion(last.source, last.end, `, label = ${nearest}`);
        report(
          'label-needed',
          span,
          { task: name, loss: loss.kind, type: needs, nearest },
          fix ? { fixes: [[fix]] } : {},
        );
      } else {
        const declared = label && labels.get(label.name);
        if (!label || !declared || fits(declared.type)) continue;
        const note = { message: notes.declared('label', label.name), at: declared.span };
        const facts = { loss: loss.kind, label: label.name, needs, type: declared.type };
        report('label-type', label.span, facts, { notes: [note] });
      }
    }
  },
};
