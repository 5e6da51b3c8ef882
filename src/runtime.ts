/** `tower-lang/runtime`, also `tower-lang/browser`: recommendations in pages, workers and Node.js, from an export alone. */

export type { Diagnostic } from './base/diagnostics/diagnostic.ts';
export { Failure } from './base/diagnostics/diagnostic.ts';
export type { DescribedFeature, QueryDescription } from './retrieval/prepare.ts';
export type { Item } from './retrieval/top_request.ts';
export type { PageRecommendRequest as RecommendRequest, SimilarRequest } from './serving/runtime/open.ts';
export { type Opened, type OpenedForUser, type OpenOptions, open } from './serving/runtime/open.ts';
export type { PageEvent } from './serving/runtime/page_events.ts';
export type { AnsweredItem, RecommendAnswer, SimilarAnswer } from './serving/server/schemas.ts';
