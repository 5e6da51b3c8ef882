/** Why figures are what they are: kept beside the set and the model that they are about, and printed under its table. */
export const notes: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
