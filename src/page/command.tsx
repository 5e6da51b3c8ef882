/** The present question as a command for a shell. */
import { useState } from 'preact/hooks';
import { type Asked, curlOf } from './question.ts';

export function Command({ asked, hasToken }: { readonly asked: Asked; readonly hasToken: boolean }) {
  const [said, setSaid] = useState('');
  const command = curlOf(asked, location.origin, hasToken);
  const copy = async (): Promise<void> => {
    const isCopied = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    );
    setSaid(isCopied ? 'Copied.' : 'The browser does not allow copying here: select the text.');
    setTimeout(() => setSaid(''), 3000);
  };
  return (
    <details class="command">
      <summary>This question as a command</summary>
      <div class="row">
        <button type="button" class="quiet" onClick={copy}>
          Copy
        </button>
        <span role="status" class="soft">
          {said}
        </span>
      </div>
      <pre>{command}</pre>
    </details>
  );
}
