/** What notes say at a second place, worded here as messages are. */
export const notes = {
  declared: (what: string, name: string): string => `${what} \`${name}\` is declared here`,
  first: (name: string): string => `\`${name}\` stands here already`,
  also: (name: string): string => `\`${name}\` stands here too`,
  brings: (group: string, feature: string): string => `group \`${group}\` holds \`${feature}\``,
  read: (tower: string, name: string): string => `tower \`${tower}\` lets \`${name}\` in here`,
  order: (asks: string, answers: string): string => `here \`${asks}\` asks and \`${answers}\` is retrieved`,
  used: (path: string): string => `"${path}" is used here`,
  channels: (tower: string): string => `the channels of tower \`${tower}\``,
} as const;
