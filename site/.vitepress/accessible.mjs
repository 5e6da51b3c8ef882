/**
 * What pages of VitePress 1.6.4 lack for readers who hear them or use a keyboard. Its parts cannot be set to this, so their sources are changed while the
 * site is built. A part that is no longer what it was stops the build.
 */

/** File of the theme → each text in it that is replaced, and by what. */
const changes = {
  // A group that folds is a button within a button, and a group that does not fold is a button too. Neither says whether it is open.
  'VPSidebarItem.vue': [
    ["isLink.value ? undefined : 'button'", "!isLink.value && collapsible.value ? 'button' : undefined"],
    [
      "if ('key' in e && e.key !== 'Enter') {\n    return\n  }",
      "if ('key' in e) {\n    if (e.key !== 'Enter' && e.key !== ' ') return\n    e.preventDefault()\n  }",
    ],
    [':tabindex="item.items && 0"', ':tabindex="itemRole && 0" :aria-expanded="itemRole && !collapsed"'],
    [
      'role="button"\n        aria-label="toggle section"',
      `:role="isLink ? 'button' : undefined" :aria-label="isLink ? 'toggle section' : undefined"`,
    ],
    ['tabindex="0"', ':tabindex="isLink ? 0 : undefined"'],
  ],
  // The first page has no landmark for its content.
  'VPContent.vue': [['id="VPContent"', `id="VPContent" :role="frontmatter.layout === 'home' ? 'main' : undefined"`]],
};

export const accessible = {
  name: 'tower-accessible',
  enforce: 'pre',
  transform(source, id) {
    const name = Object.keys(changes).find((each) => id.endsWith(`/theme-default/components/${each}`));
    if (!name) return undefined;
    return changes[name].reduce((text, [from, to]) => {
      if (text.split(from).length !== 2) throw new Error(`${name} of VitePress is not what it was: ${from}`);
      return text.replace(from, () => to);
    }, source);
  },
};
