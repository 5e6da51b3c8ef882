/** The little Markdown that hover and completion write, as elements. Text goes in as text: nothing of it is HTML. */
export function markdown(text: string): HTMLElement {
  const box = element('div', 'doc');
  for (const part of text.split(/^(```\w*\n[\s\S]*?\n```)$/m)) {
    const code = /^```\w*\n([\s\S]*)\n```$/.exec(part);
    if (code) box.append(element('pre', '', code[1]!));
    else for (const paragraph of part.split(/\n\n+/)) if (paragraph.trim() !== '') box.append(block(paragraph.trim()));
  }
  return box;
}

function block(text: string): HTMLElement {
  const box = element('p');
  for (const line of text.split('\n')) {
    const row = element('div');
    row.append(...inline(line.replace(/^- /, '• ')));
    box.append(row);
  }
  return box;
}

function inline(text: string): (HTMLElement | string)[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/).map((part) => {
    if (/^`.+`$/.test(part)) return element('code', '', part.slice(1, -1));
    if (/^\*\*.+\*\*$/.test(part)) return element('b', '', part.slice(2, -2));
    return /^\*.+\*$/.test(part) ? element('i', '', part.slice(1, -1)) : part;
  });
}

export function element(name: string, className = '', text?: string): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
