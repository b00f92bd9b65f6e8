// A picture for those who have none: their initials on a colour of their own.
const colours = ['#1b5e20', '#0d47a1', '#4a148c', '#880e4f', '#b71c1c', '#7a3b00', '#004d40', '#37474f'];

export function initialsAvatar(name: string): string {
  const initials = name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .join('')
    .slice(0, 2)
    .toUpperCase()
    .replace(/[<>&"']/g, '');
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)!) % 9973;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="${colours[hash % colours.length]}"/>` +
    `<text x="20" y="26" font-family="sans-serif" font-size="16" fill="#fff" text-anchor="middle">${initials}</text></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
