import * as tf from '@tensorflow/tfjs';

/** A graph model, as a browser would fetch its files: model.json, and next to it the weights it names. */
export function loadFetched(files: Readonly<Record<string, Uint8Array>>): Promise<tf.GraphModel> {
  const fetchFunc = async (url: RequestInfo | URL): Promise<Response> => {
    const bytes = files[String(url).replace('http://host/', '')];
    return bytes ? new Response(bytes as BodyInit) : new Response(null, { status: 404 });
  };
  return tf.loadGraphModel('http://host/model.json', { fetchFunc: fetchFunc as typeof fetch });
}
