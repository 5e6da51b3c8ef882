import { notes } from '../../../base/diagnostics/notes.ts';
import { defined } from '../../../base/util/defined.ts';
import type { ExpressionNode } from '../../syntax/ast.ts';
import { wordOf } from '../calls.ts';
import type { Rule } from './rule.ts';

/** A name that represents two things: which of them a line means depends on where it is. */
export const shadowedName: Rule = {
  name: 'name that hides another',
  check({ file, library, scope, towers }, report) {
    for (const { features, inputs, steps, node } of towers) {
      const groups = new Set(inputs.flatMap((input) => input.groups));
      for (const { name, span, channel } of steps) {
        const what =
          scope.features.has(name) && features.includes(name) ? 'feature' : groups.has(name) ? 'group' : undefined;
        // An input of the tower of this name is an error.
        if (what === undefined || node.inputs.some((input) => input.name === name)) continue;
        const at = (scope.features.get(name) ?? scope.groups.get(name))?.name.span;
        const facts = { what: channel ? 'channel' : 'step', name, hides: `the ${what} of that name` };
        report('shadowed-name', span, facts, defined({ notes: at && [{ message: notes.declared(what, name), at }] }));
      }
    }
    const constants = new Map(scope.lets.map(({ name }) => [name.name, name.span]));
    for (const [name, { name: at, flow, span, parameters }] of scope.blocks) {
      for (const { name: parameter } of span.source === file.span.source ? parameters : []) {
        const constant = constants.get(parameter.name);
        if (!constant) continue;
        const facts = { what: 'parameter', name: parameter.name, hides: 'the constant of that name' };
        const note = { message: notes.declared('constant', parameter.name), at: constant };
        report('shadowed-name', parameter.span, facts, { notes: [note] });
      }
      // A block that is made of the library's is a setting of it, and hides nothing.
      if (span.source !== file.span.source || !Object.hasOwn(library.blocks, name) || isMadeOf(name, flow)) continue;
      report('shadowed-name', at.span, { what: 'block', name, hides: "the library's block of that name" });
    }
  },
};

function isMadeOf(name: string, flow: ExpressionNode): boolean {
  return (flow.kind === 'Flow' ? flow.steps : [flow]).some((step) => wordOf(step) === name);
}
