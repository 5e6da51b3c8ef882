/** Codes of tracking servers. */
import { row } from '../code_row.ts';

export const tracking = {
  'track-address': row<{ given: string; reason: string }>({
    severity: 'error',
    message: ({ given, reason }) => `\`${given}\` is no address of a tracking server: ${reason}`,
    hint: () => 'write `mlflow:http://host:5000`, or `mlflow:http://host:5000#experiment`',
    means:
      'The address of a tracking server begins with `mlflow:`. The address of the server follows, and after a `#` the name of an experiment. Names, passwords and tokens come from environment variables alone.',
    remedy: 'Write an address such as `mlflow:http://host:5000#films`. `mlflow` alone takes MLFLOW_TRACKING_URI.',
  }),

  'track-behind': row<{ url: string; reason: string; study?: boolean }>({
    severity: 'warning',
    message: ({ url, reason, study }) =>
      `the tracking server at ${url} does not have all of this ${study ? 'study' : 'run'}: ${reason}`,
    hint: ({ study }) =>
      study
        ? 'send what is missing afterwards, with the same command and `--resume`; the study goes on'
        : 'send what is missing afterwards, with `tower runs RUN --track mlflow:…`; training goes on',
    means:
      'A tracking server did not take what a training sent: it is down or slow, or it refused. The training goes on without it, and the run is complete on the disk.',
    remedy:
      'Send what is missing with `tower runs RUN --track mlflow:http://host:5000` once the server answers; of a study with `tower tune … --resume --track`. Nothing is lost.',
  }),

  'track-failed': row<{ url: string; reason: string }>({
    severity: 'error',
    message: ({ url, reason }) => `the tracking server at ${url} did not take the run: ${reason}`,
    hint: () => 'check the address and the token, and send the run again',
    means:
      'A tracking server did not answer, or it refused what a run sends. What the server has taken stays, and the same command sends the rest.',
    remedy:
      'Check that the server runs. If it asks for a password or a token, set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.',
  }),
};
