/** The texts of notes, which mark a second place. They follow the rules of messages. */
export const notes = {
  declared: (what: string, name: string): string => `${what} \`${name}\` is declared here`,
  first: (name: string): string => `\`${name}\` is here already`,
  also: (name: string): string => `\`${name}\` is here too`,
  brings: (group: string, feature: string): string => `group \`${group}\` contains \`${feature}\``,
  parameter: (block: string, name: string): string => `block \`${block}\` uses its parameter \`${name}\` here`,
  values: (block: string, values: string): string => `block \`${block}\` is used with ${values} here`,
  read: (tower: string, name: string): string => `\`${name}\` is an input of tower \`${tower}\` here`,
  order: (query: string): string => `\`${query}\` is the query tower here`,
  used: (path: string): string => `"${path}" is used here`,
  loss: (task: string): string => `the loss of task \`${task}\` is here`,
  cosine: (): string => 'the cosine is here',
  channels: (tower: string): string => `the channels of tower \`${tower}\``,
} as const;
