/** Milliseconds that a question waits while a person types it. */
export const typing = 250;
