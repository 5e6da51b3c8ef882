export { systemReason } from '../diagnostics/system_reason.ts';
