import type { SelectionRange } from 'vscode-languageserver';
import { defined } from '../../../base/util/defined.ts';
import { selectionsAt } from '../../language/selection.ts';
import { toOffset, toRange } from '../convert.ts';
import { factsOf, type Provider } from '../provider.ts';

export const selection: Provider = {
  capabilities: { selectionRangeProvider: true },
  register(connection, session) {
    connection.onSelectionRanges((params) => {
      const facts = factsOf(session, params);
      if (!facts) return null;
      const { checked, source } = facts;
      return params.positions.map((position) => {
        const around = selectionsAt(checked.file, toOffset(source, position));
        const grown = around.reduceRight<SelectionRange | undefined>(
          (parent, span) => ({ range: toRange(span), ...defined({ parent }) }),
          undefined,
        );
        return grown ?? { range: { start: position, end: position } };
      });
    });
  },
};
