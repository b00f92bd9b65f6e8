// Browsers offer the clipboard to pages over HTTPS and on this machine only; elsewhere the older way
// still copies.
export function provideClipboard() {
  if (navigator.clipboard) return;
  Object.defineProperty(navigator, 'clipboard', { value: { writeText: copyByHand } });
}

async function copyByHand(text: string) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'pf-v6-u-screen-reader';
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
}
