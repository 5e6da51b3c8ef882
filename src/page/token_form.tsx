/** Asks for the token of the server. It stays in memory: nothing stores it, and no address has it. */
import { useState } from 'preact/hooks';

export interface TokenFormProps {
  readonly refused: boolean;
  onToken(token: string): void;
}

export function TokenForm({ refused, onToken }: TokenFormProps) {
  const [token, setToken] = useState('');
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '') onToken(token.trim());
      }}
    >
      <label for="token">Token</label>
      <p class="soft" id="token-help">
        This server answers only with its bearer token. The page keeps the token until you close or reload it.
      </p>
      <div class="row">
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={token}
          aria-describedby="token-help token-mistake"
          aria-invalid={refused}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <button type="submit" class="main">
          Open
        </button>
      </div>
      <p class="mistake" id="token-mistake" role="alert">
        {refused ? 'The server refuses this token.' : ''}
      </p>
    </form>
  );
}
