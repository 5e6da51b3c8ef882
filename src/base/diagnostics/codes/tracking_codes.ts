/** Codes of tracking servers. */
import { row } from '../wording.ts';

export const tracking = {
  'track-address': row<{ given: string; reason: string }>({
    message: ({ given, reason }) => `\`${given}\` is no address of a tracking server: ${reason}`,
    hint: 'write `mlflow:http://host:5000`, or `mlflow:http://host:5000#experiment`',
  }),

  'track-behind': row<{ url: string; reason: string }>({
    severity: 'warning',
    message: ({ url, reason }) => `the tracking server at ${url} does not have all of this run: ${reason}`,
    hint: 'send what is missing afterwards, with `tower runs RUN --track mlflow:…`; training goes on',
  }),

  'track-failed': row<{ url: string; reason: string }>({
    message: ({ url, reason }) => `the tracking server at ${url} did not take the run: ${reason}`,
    hint: 'check the address and the token, and send the run again',
  }),
};
