/** `tower-lang/browser`: recommendations in a page, without a server. */
export { type Opened, type OpenOptions, open } from './browser/open.ts';
export type { PageRecommendRequest as RecommendRequest, SimilarRequest } from './browser/requests.ts';
export type { Diagnostic } from './diagnostics/diagnostic.ts';
export { Failure } from './diagnostics/failure.ts';
export type { DescribedFeature, QueryDescription } from './serve/describe.ts';
export type { Item } from './serve/prepare.ts';
export type { AnsweredItem, RecommendAnswer, SimilarAnswer } from './server/schemas.ts';
