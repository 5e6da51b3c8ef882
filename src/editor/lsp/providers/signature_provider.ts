import { signatureAt } from '../../language/callee.ts';
import { aboutPosition, type Provider } from '../provider.ts';

export const signature: Provider = {
  capabilities: { signatureHelpProvider: { triggerCharacters: ['(', ','], retriggerCharacters: [':'] } },
  register(connection, session) {
    connection.onSignatureHelp(
      aboutPosition(session, (facts, offset) => {
        const call = signatureAt(facts, offset);
        if (!call) return null;
        const parameters = call.parameters.map(({ start, end, doc }) => ({
          label: [start, end] as [number, number],
          documentation: doc,
        }));
        return {
          activeSignature: 0,
          activeParameter: call.active,
          signatures: [{ label: call.text, documentation: { kind: 'markdown' as const, value: call.doc }, parameters }],
        };
      }),
    );
  },
};
