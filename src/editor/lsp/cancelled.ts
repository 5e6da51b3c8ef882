/** Requests that are cancelled before their turn: they are answered without work, so a burst of keystrokes leaves no queue of answers that nobody wants. */
import { type ConnectionOptions, LSPErrorCodes } from 'vscode-languageserver';

export const answerCancelled: ConnectionOptions = {
  connectionStrategy: {
    // The connection fills in the number of the request.
    cancelUndispatched: ({ jsonrpc }) => ({
      ...{ jsonrpc, id: null },
      error: { code: LSPErrorCodes.RequestCancelled, message: 'the request was cancelled' },
    }),
  },
};
