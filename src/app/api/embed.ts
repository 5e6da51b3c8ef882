/** The contract of vectors of texts, by an endpoint that speaks OpenAI's protocol or by a model on this machine. */
import { plugins } from '../../plugins.ts';

export interface TextModelRequest {
  /** The name of the model at the endpoint or on the hub, or the folder of a model on this machine. */
  readonly model: string;
  /** The address of an endpoint with OpenAI's protocol, such as `http://localhost:11434/v1`. Absent: the model runs on this machine. */
  readonly url?: string;
  /** The secret of the endpoint. Default: the variable `TOWER_EMBED_KEY`, for api.openai.com also `OPENAI_API_KEY`. */
  readonly secret?: string;
  /** Numbers of a vector, for endpoints that can shorten them. */
  readonly dimensions?: number;
  /** Words before each text, such as `passage: `, if the model was trained with some. */
  readonly prefix?: string;
  /** How a model on this machine makes one vector of those of its tokens. Default: `mean`. */
  readonly pooling?: 'mean' | 'cls' | 'last_token';
  /** Seconds that a request may take. Default: 60. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

export interface TextModel {
  /** Returns a vector for each text. @throws Failure `embed-failed`; the reason of the signal */
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
}

export interface EmbedRequest extends TextModelRequest {
  readonly file: string;
  /** Their values, one a line, are the text of a row. */
  readonly columns: readonly string[];
  /** A `.npy` file of the vectors, or a `.parquet` file of the rows with the vectors. */
  readonly out: string;
  /** The column that identifies a row. With `.npy` its values become the lines of `OUT.keys.txt`; in a `.parquet` file it stays a text. */
  readonly key?: string;
  /** The column of the vectors in a `.parquet` file. Default: `embedding`. */
  readonly as?: string;
  /** Texts of a request. Default: 64. */
  readonly batch?: number;
  /** The folder of the cache. Default: `OUT.cache`. */
  readonly cache?: string;
  readonly onProgress?: (done: number, texts: number) => void;
}

export interface Embedded {
  readonly out: string;
  readonly record: string;
  readonly keys?: string;
  readonly rows: number;
  readonly width: number;
  /** Rows without a text, whose vectors are zeros. */
  readonly empty: number;
  /** Different texts, and how many of them the cache did not have. */
  readonly texts: number;
  readonly computed: number;
}

export interface TextEmbedder {
  embed(request: EmbedRequest): Promise<Embedded>;
  openTextModel(request: TextModelRequest): Promise<TextModel>;
}

/** @throws Failure `embed-failed`, `embed-key`, `no-transformers`, `unknown-name`, `run-in-use`, an error of a file; the reason of the signal */
export const embed: TextEmbedder['embed'] = async (request) => (await plugins.embed()).embed(request);

/** Opens a model, such as for the text of an item that is new while a server runs. @throws Failure `embed-failed`, `no-transformers` */
export const openTextModel: TextEmbedder['openTextModel'] = async (request) =>
  (await plugins.embed()).openTextModel(request);
