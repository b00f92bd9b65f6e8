// Dark or light: as chosen here, else as the system is.
export type Theme = 'auto' | 'light' | 'dark';

const store = 'dramatis.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');

export function readTheme(): Theme {
  try {
    const chosen = localStorage.getItem(store);
    return chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
  } catch {
    return 'auto';
  }
}

export function writeTheme(theme: Theme) {
  try {
    localStorage.setItem(store, theme);
  } catch {
    // For as long as the page is open, then.
  }
  apply(theme);
}

export function applyTheme() {
  apply(readTheme());
  system.addEventListener('change', () => apply(readTheme()));
}

function apply(theme: Theme) {
  const dark = theme === 'dark' || (theme === 'auto' && system.matches);
  document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
}
