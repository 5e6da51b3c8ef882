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
  // The keys of the shortcut are no part of the name of the button: the style shows the letter, as it does the other key.
  'VPNavBarSearchButton.vue': [
    ['<kbd class="DocSearch-Button-Key">K</kbd>', '<kbd class="DocSearch-Button-Key letter-k"></kbd>'],
  ],
  // The window of the search is said to be a button, and each option holds a link that takes the keyboard.
  'VPLocalSearchBox.vue': [
    [
      `role="button"
      :aria-owns="results?.length ? 'localsearch-list' : undefined"
      aria-expanded="true"
      aria-haspopup="listbox"`,
      'role="dialog"\n      aria-modal="true"',
    ],
    ['aria-autocomplete="both"', 'role="combobox" :aria-expanded="results?.length > 0" aria-autocomplete="list"'],
    [
      `:id="'localsearch-item-' + index"
            :aria-selected="selectedIndex === index ? 'true' : 'false'"
            role="option"`,
      'role="presentation"',
    ],
    [
      `:aria-label="[...p.titles, p.title].join(' > ')"`,
      `:id="'localsearch-item-' + index" :aria-selected="selectedIndex === index" role="option" tabindex="-1"`,
    ],
    ...['navigateUp', 'navigateDown', 'select', 'close'].map((key) => [
      `<kbd :aria-label="translate('modal.footer.${key}KeyAriaLabel')">`,
      `<kbd role="img" :aria-label="translate('modal.footer.${key}KeyAriaLabel')">`,
    ]),
    ['<span class="title-icon">#</span>', '<span class="title-icon" aria-hidden="true">#</span>'],
  ],
  // The first page, and the page of an address that is none, have no landmark for their content.
  'VPContent.vue': [
    ['id="VPContent"', `id="VPContent" :role="frontmatter.layout === 'home' || page.isNotFound ? 'main' : undefined"`],
  ],
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
