import { defined } from '../../../base/util/defined.ts';
import { signatureAt } from '../../language/callee.ts';
import { type Provider, placeOf } from '../provider.ts';

export const signature: Provider = {
  capabilities: { signatureHelpProvider: { triggerCharacters: ['(', ','], retriggerCharacters: [':'] } },
  register(connection, session) {
    connection.onSignatureHelp((params) => {
      const place = placeOf(session, params);
      const found = place && signatureAt(place.facts, place.offset);
      if (!found) return null;
      const { text, doc, parameters, active } = found;
      return {
        activeSignature: 0,
        ...defined({ activeParameter: active }),
        signatures: [
          {
            label: text,
            documentation: { kind: 'markdown', value: doc },
            parameters: parameters.map(({ start, end, doc }) => ({ label: [start, end], documentation: doc })),
          },
        ],
      };
    });
  },
};
