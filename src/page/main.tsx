import { render } from 'preact';
import { App } from './app.tsx';
import { makeClient } from './client.ts';

render(<App client={makeClient()} />, document.getElementById('page')!);
