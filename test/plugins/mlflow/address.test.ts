import { describe, expect, it } from 'vitest';
import { destinationOf } from '../../../src/app/api/track.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { authorizationOf } from '../../../src/plugins/mlflow/client.ts';

describe('an address', () => {
  it.each([
    ['mlflow:http://host:5000', {}, { url: 'http://host:5000' }],
    ['mlflow:http://host:5000/#films', {}, { url: 'http://host:5000', experiment: 'films' }],
    [
      'mlflow:https://host/under/a/path/#two%20words',
      {},
      { url: 'https://host/under/a/path', experiment: 'two words' },
    ],
    ['mlflow', { MLFLOW_TRACKING_URI: 'http://other:1' }, { url: 'http://other:1' }],
    ['mlflow:http://host', { MLFLOW_EXPERIMENT_NAME: 'usual' }, { url: 'http://host', experiment: 'usual' }],
    ['mlflow:http://host#own', { MLFLOW_EXPERIMENT_NAME: 'usual' }, { url: 'http://host', experiment: 'own' }],
  ])('%s with %j', (text, environment, destination) => {
    expect(destinationOf(text, environment)).toEqual(destination);
  });

  it.each([
    ['wandb:http://host', 'does not begin with `mlflow:`'],
    ['mlflow', 'MLFLOW_TRACKING_URI is not set'],
    ['mlflow:', 'names no server'],
    ['mlflow:host:5000', 'begins with `http://`'],
    ['mlflow:file:///tmp/mlruns', 'begins with `http://`'],
    ['mlflow:http://host?x=1', 'has a `?`'],
    ['mlflow:http://host/#/experiments/3', 'no `/`'],
  ])('%s is refused', (text, reason) => {
    const refused = (() => {
      try {
        return destinationOf(text, {});
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(Failure);
    expect((refused as Failure).diagnostics[0]?.code).toBe('track-address');
    expect((refused as Failure).message).toContain(reason);
  });

  it('with a password is refused, and the message does not repeat the password', () => {
    expect(() => destinationOf('mlflow:https://me:secret@host', {})).toThrow(/MLFLOW_TRACKING_PASSWORD/);
    expect(() => destinationOf('mlflow:https://me:secret@host', {})).not.toThrow(/secret/);
  });
});

it('a name with a password comes before a token, and neither is needed', () => {
  const [MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN] = ['me', 'pass', 'token'];
  expect(authorizationOf({})).toBeUndefined();
  expect(authorizationOf({ MLFLOW_TRACKING_TOKEN })).toBe('Bearer token');
  expect(authorizationOf({ MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_TOKEN })).toBe('Bearer token');
  expect(authorizationOf({ MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN })).toBe(
    'Basic bWU6cGFzcw==',
  );
});
