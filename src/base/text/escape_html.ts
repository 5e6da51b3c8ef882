const characters: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As text or as the value of an attribute; characters that no page may hold become U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replace(/(?![\n\t\r])\p{Cc}/gu, '\ufffd').replace(/[&<>"']/g, (each) => characters[each]!);
}
